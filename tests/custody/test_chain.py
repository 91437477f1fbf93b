"""Whatever is done to the chain is found and named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from breakwater.custody import rules
from breakwater.custody.rules import Entry, Fault, Head

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
WORDS = st.text(alphabet='abcdefé 0123456789\n"', max_size=12)


@st.composite
def chains(draw, least=1):
    count = draw(st.integers(least, 12))
    drafts = [
        Entry(
            seq=0,
            at=START + timedelta(microseconds=draw(st.integers(0, 10**9))),
            actor=draw(WORDS),
            agency=draw(WORDS),
            verb="custody.record.viewed",
            target=draw(WORDS),
            detail=rules.canonical({"n": n, "text": draw(WORDS)}),
            previous="",
        )
        for n in range(count)
    ]
    return list(rules.chained(Head(), drafts))


def end(chain):
    return Head(chain[-1].seq, chain[-1].hash)


def findings(chain, head):
    return list(rules.verify(chain, head))


@given(chains())
def test_a_chain_that_nobody_touched_is_unbroken(chain):
    assert findings(chain, end(chain)) == []


def test_an_empty_log_is_unbroken():
    assert findings([], Head()) == []


@given(chains(), st.data())
def test_an_altered_entry_is_named(chain, data):
    place = data.draw(st.integers(0, len(chain) - 1))
    name = data.draw(st.sampled_from(["actor", "agency", "verb", "target", "detail"]))
    altered = replace(chain[place], **{name: getattr(chain[place], name) + "x"})
    (found,) = findings([*chain[:place], altered, *chain[place + 1 :]], end(chain))
    assert (found.fault, found.seq) == (Fault.ALTERED, place + 1)


@given(chains(), st.data(), st.integers(1, 10**6))
def test_a_moved_moment_is_named(chain, data, microseconds):
    place = data.draw(st.integers(0, len(chain) - 1))
    moved = replace(chain[place], at=chain[place].at + timedelta(microseconds=microseconds))
    (found,) = findings([*chain[:place], moved, *chain[place + 1 :]], end(chain))
    assert (found.fault, found.seq) == (Fault.ALTERED, place + 1)


@given(chains(least=2), st.data())
def test_an_entry_altered_and_sealed_again_is_named(chain, data):
    place = data.draw(st.integers(0, len(chain) - 1))
    forged = rules.sealed(replace(chain[place], actor=chain[place].actor + "x"))
    (found,) = findings([*chain[:place], forged, *chain[place + 1 :]], end(chain))
    assert (found.fault, found.seq) == (Fault.ALTERED, place + 1)


@given(chains(least=2), st.data())
def test_removed_entries_are_named(chain, data):
    first = data.draw(st.integers(0, len(chain) - 1))
    last = data.draw(st.integers(first, len(chain) - 1))
    assume(last - first + 1 < len(chain))
    (found,) = findings(chain[:first] + chain[last + 1 :], end(chain))
    assert (found.fault, found.seq, found.last) == (Fault.REMOVED, first + 1, last + 1)


@given(chains(least=2), st.data())
def test_two_entries_that_changed_places_are_named(chain, data):
    a = data.draw(st.integers(0, len(chain) - 2))
    b = data.draw(st.integers(a + 1, len(chain) - 1))
    swapped = list(chain)
    swapped[a] = replace(chain[b], seq=a + 1)
    swapped[b] = replace(chain[a], seq=b + 1)
    named = {f.seq for f in findings(swapped, end(chain)) if f.fault == Fault.REORDERED}
    assert {a + 1, b + 1} <= named


@given(chains(), st.integers(1, 3))
def test_entries_added_by_other_means_are_named(chain, count):
    drafts = [replace(chain[-1], actor="forger")] * count
    longer = chain + list(rules.chained(end(chain), drafts))
    (found,) = findings(longer, end(chain))
    expected = (Fault.ADDED, len(chain) + 1, len(chain) + count)
    assert (found.fault, found.seq, found.last) == expected


@given(chains())
def test_a_head_that_is_gone_is_named(chain):
    (found,) = findings(chain, None)
    assert found.fault == Fault.REMOVED


@given(chains(least=2))
def test_a_log_rewritten_from_the_start_does_not_fit_its_noted_head(chain):
    forged = [replace(entry, actor="forger") for entry in chain]
    rewritten = list(rules.chained(Head(), forged))
    assume(rewritten != chain)
    assert findings(rewritten, end(rewritten)) == []
    assert findings(rewritten, end(chain)) != []
