"""When authorities have verified an entry, when they have not, and who never counts twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules.verdict import (
    CRITERIA,
    SEEN_WITHIN,
    Outcome,
    Rule,
    Said,
    Why,
    latest_of_agencies,
    verdict,
    would_help,
)

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
ANY_COUNTRY = Rule()
BY_AGENCY = Rule(group="agency")


def said(
    agency: int,
    country: str,
    person: str = "",
    *,
    hours: int = 0,
    seen: timedelta = timedelta(days=1),
    **answers: str,
) -> Said:
    at = AT - timedelta(hours=100 - hours)
    whole = dict.fromkeys(CRITERIA, "yes") | answers
    return Said(agency, country, person or f"person {agency}", whole, at - seen, at, hours)


def test_two_countries_verify_together():
    found = verdict([said(1, "JM"), said(2, "CW")], ANY_COUNTRY, at=AT)
    assert (found.outcome, found.counted, found.missing) == (Outcome.VERIFIED, (1, 2), 0)
    assert not found.reasons


def test_one_authority_is_not_enough_and_a_rule_of_one_does_not_make_it_so():
    found = verdict([said(1, "JM")], Rule(verifications=1), at=AT)
    assert (found.outcome, found.missing) == (Outcome.WAITING, 1)


def test_two_agencies_of_one_country_count_only_where_the_list_says_so():
    both = [said(1, "JM"), said(2, "JM")]
    waiting = verdict(both, ANY_COUNTRY, at=AT)
    assert waiting.outcome is Outcome.WAITING
    assert [r.why for r in waiting.reasons] == [Why.SAME_GROUP]
    assert verdict(both, BY_AGENCY, at=AT).outcome is Outcome.VERIFIED


def test_a_person_who_moves_to_another_country_does_not_count_twice():
    both = [said(1, "JM", "Olive"), said(2, "CW", "Olive", hours=1)]
    found = verdict(both, ANY_COUNTRY, at=AT)
    assert (found.outcome, len(found.counted)) == (Outcome.WAITING, 1)
    assert Why.SAME_PERSON in [r.why for r in found.reasons]


def test_a_person_who_moved_does_not_stand_in_the_way_of_a_colleague():
    three = [
        said(1, "JM", "Olive"),
        said(2, "CW", "Olive", hours=1),
        said(3, "JM", "Quentin", hours=2),
    ]
    assert verdict(three, ANY_COUNTRY, at=AT).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("criterion", CRITERIA)
def test_one_denial_of_one_criterion_outweighs_everybody(criterion):
    many = [said(n, f"C{n}") for n in range(1, 6)]
    found = verdict([*many, said(9, "XX", **{criterion: "no"})], ANY_COUNTRY, at=AT)
    assert found.outcome is Outcome.DENIED
    assert (Why.DENIED, 9, criterion) in {(r.why, r.agency, r.criterion) for r in found.reasons}


@pytest.mark.parametrize("criterion", CRITERIA)
def test_who_cannot_say_does_not_count(criterion):
    found = verdict([said(1, "JM"), said(2, "CW", **{criterion: "unsure"})], ANY_COUNTRY, at=AT)
    assert (found.outcome, found.counted) == (Outcome.WAITING, (1,))
    assert [(r.why, r.criterion) for r in found.reasons] == [(Why.UNSURE, criterion)]


def test_of_an_agency_the_latest_assessment_counts():
    changed = [said(1, "JM", severe="no"), said(1, "JM", "Omar", hours=1), said(2, "CW")]
    assert verdict(changed, ANY_COUNTRY, at=AT).outcome is Outcome.VERIFIED
    back = [said(1, "JM"), said(2, "CW"), said(1, "JM", "Omar", hours=1, severe="no")]
    assert verdict(back, ANY_COUNTRY, at=AT).outcome is Outcome.DENIED


@pytest.mark.parametrize(("days", "outcome"), [(87, "verified"), (88, "waiting")])
def test_online_needs_a_sight_within_three_months_of_the_verdict(days, outcome):
    # The first assessment is 100 hours old: 4 days and 4 hours.
    old = said(1, "JM", seen=timedelta(days=days))
    found = verdict([old, said(2, "CW", hours=99)], ANY_COUNTRY, at=AT)
    assert found.outcome == outcome


def test_a_sight_in_the_future_is_no_sight():
    odd = said(1, "JM", seen=timedelta(days=-10))
    found = verdict([odd, said(2, "CW")], ANY_COUNTRY, at=AT)
    assert [r.why for r in found.reasons] == [Why.STALE]


def test_an_overlay_of_one_country_asks_nobody_else():
    rule = Rule(group="agency", only_country="JM")
    found = verdict([said(1, "JM"), said(2, "CW")], rule, at=AT)
    assert (found.outcome, found.counted) == (Outcome.WAITING, (1,))
    assert not would_help(found, 3, "CW", rule)
    assert would_help(found, 3, "JM", rule)


def test_those_are_asked_whose_country_is_still_missing():
    found = verdict([said(1, "JM")], ANY_COUNTRY, at=AT)
    assert not would_help(found, 5, "JM", ANY_COUNTRY)
    assert would_help(found, 5, "CW", ANY_COUNTRY)


answers = st.fixed_dictionaries(
    dict.fromkeys(CRITERIA, st.sampled_from(["yes", "yes", "yes", "unsure", "no"]))
)
one = st.builds(
    Said,
    agency=st.integers(1, 5),
    country=st.just(""),
    person=st.sampled_from(["P", "Q", "R", "S"]),
    answers=answers,
    seen_online_at=st.timedeltas(timedelta(0), timedelta(days=120)).map(lambda d: AT - d),
    at=st.integers(0, 50).map(lambda h: AT - timedelta(hours=h)),
    order=st.integers(0, 1_000_000),
).map(lambda s: Said(s.agency, "ABC"[s.agency % 3], *_rest(s)))
many = st.lists(one, max_size=12, unique_by=lambda s: s.order)
rules = st.builds(
    Rule,
    verifications=st.integers(0, 4),
    group=st.sampled_from(["country", "agency"]),
    only_country=st.sampled_from(["", "", "A"]),
)


def _rest(s: Said) -> tuple:
    return (s.person, s.answers, s.seen_online_at, s.at, s.order)


@given(many, rules)
def test_whatever_was_said_nobody_counts_twice(found, rule):
    result = verdict(found, rule, at=AT)
    counted = [s for s in latest_of_agencies(found) if s.agency in result.counted]
    assert len({s.person for s in counted}) == len(counted) == len(result.counted)
    assert len(result.groups) == len(counted)
    for s in counted:
        assert set(s.answers.values()) == {"yes"}
        assert s.seen_online_at >= AT - SEEN_WITHIN
        assert rule.only_country in ("", s.country)


@given(many, rules)
def test_verified_means_enough_authorities_and_no_denial(found, rule):
    result = verdict(found, rule, at=AT)
    enough = len(result.counted) >= max(2, rule.verifications)
    standing = latest_of_agencies(found)
    denied = any(
        "no" in s.answers.values() for s in standing if rule.only_country in ("", s.country)
    )
    assert (result.outcome is Outcome.VERIFIED) == (enough and not denied)
    assert (result.outcome is Outcome.DENIED) == denied


@given(many, rules, st.randoms())
def test_the_order_of_reading_changes_nothing(found, rule, random):
    mixed = list(found)
    random.shuffle(mixed)
    first, second = verdict(found, rule, at=AT), verdict(mixed, rule, at=AT)
    assert first == second


def _most(edges, used=frozenset(), groups=frozenset()):
    """The slow way to the largest choice, to check the quick one against."""
    if not edges:
        return 0
    (person, group), rest = edges[0], edges[1:]
    best = _most(rest, used, groups)
    if person not in used and group not in groups:
        best = max(best, 1 + _most(rest, used | {person}, groups | {group}))
    return best


@given(st.lists(st.tuples(st.sampled_from("PQRS"), st.sampled_from("ABCD")), max_size=8))
def test_the_largest_possible_choice_is_counted(edges):
    found = [
        Said(n, country, person, dict.fromkeys(CRITERIA, "yes"), AT, AT, n)
        for n, (person, country) in enumerate(edges)
    ]
    assert len(verdict(found, ANY_COUNTRY, at=AT).counted) == _most(edges)
