"""Whatever is done to a log, whoever holds a head that it signed finds it; and nothing else is found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules import merkle
from breakwater.worstof.rules.checking import Fault, check
from breakwater.worstof.rules.leaves import Head

DESK = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = DESK.public_key().public_bytes_raw()
BEGUN = datetime(2026, 11, 28, tzinfo=UTC)


def signed(leaves: Sequence[bytes], size: int) -> Head:
    """The desk's head over the first leaves; a larger one is signed later."""
    root = merkle.root_of([merkle.leaf_hash(leaf) for leaf in leaves[:size]])
    head = Head(size, root, BEGUN + timedelta(minutes=size))
    return replace(head, signature=DESK.sign(head.signed))


@dataclass
class Shown:
    """A log as its addresses show it; its own proofs are of the leaves that were signed."""

    every: list[bytes]
    signed_heads: list[Head]
    true: list[bytes]
    helps: bool = True  # gives proofs

    def head(self) -> Head:
        return self.signed_heads[-1]

    def heads(self) -> list[Head]:
        return self.signed_heads

    def leaves(self, size: int) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(self.every[:size])

    def proof(self, index: int, size: int) -> tuple[bytes, list[bytes]] | None:
        hashes = [merkle.leaf_hash(leaf) for leaf in self.true]
        if not self.helps or size > len(hashes):
            return None
        spans = merkle.inclusion_spans(index, size)
        return hashes[index], [merkle.root_of(hashes[a:b]) for a, b in spans]


@st.composite
def logs(draw: st.DrawFn) -> tuple[Shown, Head]:
    """A log with some signed heads, the last over all leaves, and one of them that is held."""
    count = draw(st.integers(1, 40))
    leaves = [bytes([n]) * 32 for n in range(count)]
    sizes = draw(st.sets(st.integers(1, count), max_size=4)) | {count}
    heads = [signed(leaves, size) for size in sorted(sizes)]
    shown = Shown(list(leaves), list(heads), leaves, draw(st.booleans()))
    return shown, draw(st.sampled_from(heads))


def faults(log: Shown, held: Head) -> set[Fault]:
    return {finding.fault for finding in check(log, KEY, [held]).findings}


@given(logs())
def test_nothing_is_found_in_a_log_that_nobody_touched(made: tuple[Shown, Head]) -> None:
    log, held = made
    checked = check(log, KEY, [held])
    assert not checked.findings
    assert checked.head == log.signed_heads[-1]


@given(logs(), st.data())
def test_a_leaf_that_was_edited_is_found_and_named_by_the_logs_own_proofs(
    made: tuple[Shown, Head], data: st.DataObject
) -> None:
    log, held = made
    at = data.draw(st.integers(0, len(log.every) - 1))
    log.every[at] = b"other" * 7
    found = check(log, KEY, [held]).findings
    assert found
    if log.helps:
        assert [(f.fault, f.text) for f in found] == [
            (Fault.EDITED, f"Leaf {at} is not the one that was signed.")
        ]


@given(logs(), st.data())
def test_leaves_that_changed_places_are_found(
    made: tuple[Shown, Head], data: st.DataObject
) -> None:
    log, held = made
    order = data.draw(st.permutations(log.every))
    is_other = order != log.every
    log.every = list(order)
    assert bool(faults(log, held)) == is_other


@given(logs(), st.data())
def test_a_leaf_that_was_taken_out_or_put_in_is_found(
    made: tuple[Shown, Head], data: st.DataObject
) -> None:
    log, held = made
    at = data.draw(st.integers(0, len(log.every) - 1))
    if data.draw(st.booleans()):
        log.every.insert(at, b"new" * 11)
    else:
        del log.every[at]
    assert faults(log, held)


@given(logs(), st.data())
def test_a_log_that_was_cut_and_signed_anew_is_found(
    made: tuple[Shown, Head], data: st.DataObject
) -> None:
    """The desk's own key helps nobody against a head that somebody holds."""
    log, held = made
    size = data.draw(st.integers(0, held.size - 1))
    log.every = log.every[:size]
    log.signed_heads = [signed(log.every, size)]
    assert Fault.TRUNCATED in faults(log, held)


@given(logs(), st.data())
def test_another_log_signed_by_the_same_key_is_found(
    made: tuple[Shown, Head], data: st.DataObject
) -> None:
    log, held = made
    at = data.draw(st.integers(0, held.size - 1))
    log.every[at] = b"other" * 7
    log.true = list(log.every)
    log.signed_heads = [signed(log.every, head.size) for head in log.signed_heads]
    assert Fault.SPLIT in faults(log, held)


@given(logs(), st.data())
def test_a_head_that_is_shown_no_more_or_signed_by_another_is_found(
    made: tuple[Shown, Head], data: st.DataObject
) -> None:
    log, held = made
    if data.draw(st.booleans()):
        other = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
        log.signed_heads[-1] = replace(held, signature=other.sign(held.signed))
        assert Fault.SIGNATURE in faults(log, held)
    elif len(log.signed_heads) > 1:
        log.signed_heads.remove(held)
        assert faults(log, held) & {Fault.WITHDRAWN, Fault.TRUNCATED}


@given(logs(), st.integers(1, 3))
def test_a_log_that_grew_is_good_and_gives_the_newer_head(
    made: tuple[Shown, Head], more: int
) -> None:
    log, held = made
    log.every += [bytes([200 + n]) * 32 for n in range(more)]
    log.true = log.every
    log.signed_heads.append(signed(log.every, len(log.every)))
    checked = check(log, KEY, [held])
    assert not checked.findings
    assert checked.head
    assert checked.head.size == len(log.every)
