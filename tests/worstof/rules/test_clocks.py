"""When an entry falls due, when it lapses, and which one is looked at first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules.clocks import (
    BadTable,
    Facts,
    checked,
    fresh_until,
    lapses_at,
    next_state,
    risk,
    weights,
)

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
moments = st.integers(-2000, 2000).map(lambda days: AT + timedelta(days=days))


def test_freshness_ends_after_the_days_of_the_list_and_grace_follows():
    until = fresh_until(AT, 90)
    assert until == datetime(2027, 1, 31, 12, 0, tzinfo=UTC)
    assert lapses_at(until, 14) - until == timedelta(days=14)


def test_the_clock_moves_one_step_at_a_time():
    assert next_state("listed", AT, at=AT - timedelta(seconds=1)) == "listed"
    assert next_state("listed", AT, at=AT) == "due"
    assert next_state("due", AT, at=AT) == "lapsed"
    assert next_state("removed", AT, at=AT) == "removed"
    assert next_state("listed", None, at=AT) == "listed"


@given(st.sampled_from(["listed", "due", "lapsed", "removed"]), moments, moments)
def test_a_clock_that_was_set_back_moves_nothing_back(state, due, now):
    order = ["listed", "due", "lapsed", "removed"]
    moved = next_state(state, due, at=now)
    assert order.index(moved) - order.index(state) in (0, 1)
    assert moved == state or now >= due


facts = st.builds(
    Facts,
    confidence=st.sampled_from(["low", "medium", "high"]),
    seen_online_at=st.none() | st.timedeltas(timedelta(0), timedelta(days=400)).map(AT.__sub__),
    appeals=st.integers(0, 9),
    reports=st.integers(0, 99),
    guards=st.integers(0, 3),
)


@given(facts)
def test_a_risk_is_the_sum_of_the_reasons_it_names(found):
    result = risk(found, weights(), at=AT)
    assert result.points == sum(points for _, points in result.reasons)
    assert all(points > 0 for _, points in result.reasons)


@given(facts)
def test_an_appeal_never_makes_an_entry_less_urgent(found):
    more = Facts(
        found.confidence, found.seen_online_at, found.appeals + 1, found.reports, found.guards
    )
    assert risk(more, weights(), at=AT).points >= risk(found, weights(), at=AT).points


def test_doubt_and_an_old_sight_come_before_a_sure_and_fresh_one():
    doubtful = risk(Facts("low", AT - timedelta(days=89)), weights(), at=AT)
    sure = risk(Facts("high", AT - timedelta(days=3)), weights(), at=AT)
    assert doubtful.points > sure.points
    assert sure.reasons == ()
    assert dict(doubtful.reasons) == {"confidence_low": 30, "seen_month": 20}


def test_a_table_with_a_key_missing_is_refused_by_name():
    with pytest.raises(BadTable, match=r"points\.appeal"):
        checked({**weights(), "appeal": "many"})
