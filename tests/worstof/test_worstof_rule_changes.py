"""A list's rule is changed by two people, and a weaker rule alone lists nothing."""

import json
from dataclasses import replace
from datetime import datetime

import pytest

from breakwater.custody.models import AuditEntry
from breakwater.people.models import Agency, User
from breakwater.worstof.actions import rule_changes
from breakwater.worstof.actions.lists import BadTerms, Terms, create_list, terms_of
from breakwater.worstof.models import BlockList, Entry, RuleChange, ZoneChange
from breakwater.worstof.queries import board
from breakwater.worstof.rules.verdict import Rule, loosens

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(police: Agency) -> User:
    return User.objects.create_user("second", role="supervisor", agency=police)


@pytest.fixture
def prosecutor(db: None) -> User:
    office = Agency.objects.create(name="Prosecutor of Testland", kind="prosecutor", country="JM")
    return User.objects.create_user("prosecutor", role="assessor", agency=office)


def proposed(block_list: BlockList, by: User, at: datetime, **other: object) -> RuleChange:
    terms = replace(terms_of(block_list), **other)  # type: ignore[arg-type]
    return rule_changes.propose(block_list, terms, by=by, reason="Asked for", at=at)


def test_one_person_alone_changes_no_rule(world_list, supervisor, at) -> None:
    change = proposed(world_list, supervisor, at, fresh_days=60)
    with pytest.raises(rule_changes.MayNotConfirm):
        rule_changes.confirm(change, by=supervisor, at=at)
    world_list.refresh_from_db()
    assert world_list.fresh_days == 90


def test_the_same_person_with_a_second_account_confirms_nothing(
    world_list, supervisor, second, at
) -> None:
    for user, first_name in ((supervisor, "Ann"), (second, "ANN ")):
        user.first_name, user.last_name = first_name, "Example"
        user.save()
    change = proposed(world_list, supervisor, at, fresh_days=60)
    with pytest.raises(rule_changes.MayNotConfirm):
        rule_changes.confirm(change, by=second, at=at)


def test_another_supervisor_confirms_and_the_log_says_who_proposed_what(
    world_list, supervisor, second, officer, at
) -> None:
    change = proposed(world_list, supervisor, at, fresh_days=60)
    with pytest.raises(rule_changes.MayNotConfirm):
        rule_changes.confirm(change, by=officer, at=at)
    assert rule_changes.confirm(change, by=second, at=at).fresh_days == 60
    logged = json.loads(AuditEntry.objects.get(verb="worstof.list.changed").detail)
    assert logged["terms"] == {"fresh_days": [90, 60]}
    assert logged["proposed_by"] == supervisor.audit_name
    with pytest.raises(rule_changes.EndedAlready):
        rule_changes.confirm(change, by=second, at=at)


@pytest.mark.parametrize(
    "other",
    [{"distinct": "agency"}, {"verifications": 2}, {"fresh_days": 91}, {"grace_days": 15}],
)
def test_a_rule_that_asks_for_less_is_confirmed_from_another_country(
    world_list, supervisor, second, prosecutor, assessor, at, other
) -> None:
    BlockList.objects.update(verifications=3)
    world_list.refresh_from_db()
    change = proposed(world_list, supervisor, at, **other)
    for at_home in (second, prosecutor):
        with pytest.raises(rule_changes.MayNotConfirm):
            rule_changes.confirm(change, by=at_home, at=at)
    rule_changes.confirm(change, by=assessor, at=at)
    world_list.refresh_from_db()
    assert {name: getattr(world_list, name) for name in other} == other


def test_a_stricter_rule_is_no_business_of_an_assessor(
    world_list, supervisor, assessor, at
) -> None:
    change = proposed(world_list, supervisor, at, verifications=3)
    with pytest.raises(rule_changes.MayNotConfirm):
        rule_changes.confirm(change, by=assessor, at=at)


def test_a_national_list_asks_for_less_only_with_another_agency_of_that_country(
    supervisor, second, prosecutor, assessor, at
) -> None:
    own = create_list(Terms("Additions", "Act", "JM", 3, "agency"), by=supervisor, at=at)
    change = proposed(own, supervisor, at, verifications=2)
    for user in (second, assessor):
        with pytest.raises(rule_changes.MayNotConfirm):
            rule_changes.confirm(change, by=user, at=at)
    with pytest.raises(rule_changes.MayNotWithdraw):
        rule_changes.withdraw(change, by=assessor, at=at)
    assert rule_changes.confirm(change, by=prosecutor, at=at).verifications == 2


def test_a_change_waits_alone_and_can_be_withdrawn(world_list, supervisor, second, at) -> None:
    change = proposed(world_list, supervisor, at, fresh_days=60)
    with pytest.raises(rule_changes.AnotherWaits):
        proposed(world_list, second, at, fresh_days=70)
    rule_changes.withdraw(change, by=supervisor, at=at)
    with pytest.raises(rule_changes.EndedAlready):
        rule_changes.confirm(change, by=second, at=at)
    assert AuditEntry.objects.filter(verb="worstof.list.change_withdrawn").count() == 1
    assert proposed(world_list, second, at, fresh_days=70).state == "waiting"


def test_a_change_without_a_reason_a_difference_or_a_possible_term_is_not_proposed(
    world_list, supervisor, at
) -> None:
    terms = terms_of(world_list)
    with pytest.raises(rule_changes.NothingChanges):
        rule_changes.propose(world_list, terms, by=supervisor, reason="x", at=at)
    other = replace(terms, fresh_days=60)
    with pytest.raises(rule_changes.ReasonMissing):
        rule_changes.propose(world_list, other, by=supervisor, reason=" ", at=at)
    with pytest.raises(BadTerms, match="grace_days"):
        proposed(world_list, supervisor, at, grace_days=99)
    assert not RuleChange.objects.exists()


def test_a_weaker_rule_alone_lists_nothing_and_what_it_would_list_is_judged_anew(
    world_list, nominated, judged, officer, prosecutor, supervisor, assessor, at
) -> None:
    """Two agencies of one country agreed under the rule that asked for two countries."""
    both = judged(judged(nominated("both.example"), officer), prosecutor)
    one = judged(nominated("one.example"), officer)
    assert (both.state, one.state) == ("nominated", "nominated")
    change = proposed(world_list, supervisor, at, distinct="agency")
    rule_changes.confirm(change, by=assessor, at=at)
    for entry in (both, one):
        entry.refresh_from_db()
    assert not ZoneChange.objects.exists()
    assert (both.state, both.round, one.round) == ("nominated", 2, 1)
    assert both.steps.latest("pk").verb == "worstof.entry.begun_anew"
    assert (
        json.loads(AuditEntry.objects.get(verb="worstof.list.changed").detail)["judged_anew"] == 1
    )
    assert both in board.waiting_for(officer, at=at)
    assert judged(both, assessor, real="unsure").state == "nominated"
    assert not ZoneChange.objects.exists()
    assert judged(judged(both, officer), prosecutor).state == "listed"
    assert judged(one, prosecutor).state == "listed"


def test_what_is_due_stays_blocked_and_is_judged_anew_under_a_weaker_rule(
    world_list, nominated, judged, officer, prosecutor, supervisor, assessor, at
) -> None:
    entry = judged(judged(nominated(), officer), assessor)
    Entry.objects.update(state="due", round=2)
    entry.refresh_from_db()
    entry = judged(judged(entry, officer), prosecutor)
    assert entry.state == "due"
    change = proposed(world_list, supervisor, at, distinct="agency")
    rule_changes.confirm(change, by=assessor, at=at)
    entry.refresh_from_db()
    assert (entry.state, entry.round) == ("due", 3)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (Rule(2, "country"), Rule(2, "agency"), True),
        (Rule(2, "country"), Rule(9, "agency"), True),
        (Rule(3, "country"), Rule(2, "country"), True),
        (Rule(2, "agency"), Rule(2, "country"), False),
        (Rule(2, "agency"), Rule(3, "agency"), False),
        (Rule(3, "agency"), Rule(2, "country"), True),
    ],
)
def test_fewer_or_less_different_authorities_are_less(before, after, said) -> None:
    assert loosens(before, after) is said
