"""From the first nomination to the day a domain leaves the list."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.urls import reverse

from breakwater.custody.models import AuditEntry
from breakwater.formats.domain_name import BadName
from breakwater.people.models import Agency, User
from breakwater.worstof.actions.life import (
    AlreadyNominated,
    JudgedIt,
    NoReason,
    NotSeenLately,
    NotYours,
    SeenOthers,
    Sighting,
    SignedAlready,
    SignedIt,
    TooLate,
    WrongState,
    discuss,
    move_clocks,
    moves,
    nominate,
    remove,
    settle,
    sign,
    withdraw,
)
from breakwater.worstof.actions.lists import BadTerms, Terms, create_list, keep_terms, terms_of
from breakwater.worstof.models import Assessment, Entry, LogLeaf, Nomination, ZoneChange

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def zone():
    """What the decisions so far have told the publisher."""
    return [(c.name, c.adds) for c in ZoneChange.objects.order_by("pk")]


def leaves():
    return list(LogLeaf.objects.order_by("index").values_list("verb", flat=True))


def verbs(entry):
    return [s.verb.removeprefix("worstof.entry.") for s in entry.steps.order_by("pk")]


@pytest.fixture
def listed(nominated, judged, officer, assessor):
    entry = nominated()
    judged(entry, officer)
    return judged(entry, assessor)


@pytest.fixture
def guarded(nominated, judged, officer, assessor, monkeypatch):
    """An entry that a guard names, verified by both countries."""
    monkeypatch.setattr(moves, "guards_of", lambda name: ([["shared_hosts", name]], False))
    entry = nominated()
    judged(entry, officer)
    return judged(entry, assessor)


@pytest.fixture
def colleagues(police):
    return [
        User.objects.create_user(f"colleague{n}", role="officer", agency=police) for n in range(2)
    ]


def test_a_domain_is_listed_when_two_countries_have_verified_it(listed, at):
    assert listed.state == "listed"
    assert (listed.listed_at, listed.fresh_until) == (at, at + 90 * DAY)
    assert zone() == [("bad.example", True)]
    assert leaves() == ["listed"]
    assert verbs(listed) == ["nominated", "assessed", "assessed", "listed"]


def test_the_log_names_the_entry_by_number_and_never_by_name(listed):
    told = AuditEntry.objects.filter(verb__startswith="worstof.")
    assert {e.target for e in told} == {f"W-{listed.pk}"}
    assert not any("bad.example" in f"{e.detail} {e.target}" for e in told)


def test_one_country_alone_lists_nothing(nominated, judged, officer, colleagues):
    entry = nominated()
    for person in (officer, *colleagues):
        judged(entry, person)
    assert entry.state == "nominated"
    assert not zone()


def test_a_person_who_moved_to_another_country_does_not_verify_alone(
    nominated, judged, officer, assessor
):
    entry = nominated()
    judged(entry, officer)
    officer.agency = assessor.agency
    officer.save()
    assert judged(entry, officer).state == "nominated"


@pytest.fixture
def namesakes(officer, neighbour):
    """Two accounts in two countries, for what may be one human being."""
    for person, (first, last) in (
        (officer, ("Zoë", "Twice")),
        (neighbour, ("Zoe\u0308", " TWICE")),
    ):
        person.first_name, person.last_name = first, last
        person.save()
    return officer, neighbour


def test_two_accounts_of_one_name_do_not_verify_alone(nominated, judged, namesakes, assessor):
    here, abroad = namesakes
    entry = judged(judged(nominated(), here), abroad)
    assert (entry.state, zone()) == ("nominated", [])
    assert judged(entry, assessor).state == "listed"


def test_two_accounts_of_one_name_neither_judge_and_sign_nor_sign_twice(
    namesakes, guarded, colleagues, at
):
    _, abroad = namesakes
    with pytest.raises(JudgedIt):
        sign(guarded, by=abroad, reason="Mine too", at=at)
    for person in colleagues:
        person.first_name = "Bo Twice"
        person.save()
    sign(guarded, by=colleagues[0], reason="Dedicated", at=at)
    with pytest.raises(SignedAlready):
        sign(guarded, by=colleagues[1], reason="Dedicated", at=at)


def test_a_person_of_a_chain_of_names_and_accounts_counts_once(
    nominated, judged, officer, neighbour, assessor
):
    entry = judged(nominated(), officer)
    officer.first_name, officer.agency = "Married", neighbour.agency
    officer.save()
    judged(entry, officer)
    assessor.first_name = "married"
    assessor.save()
    assert judged(entry, assessor).state == "nominated"


def test_the_name_is_read_in_every_spelling_and_kept_once(nominated, world_list, assessor, at):
    first = nominated("https://BÜCHER.example./page?x=1")
    assert (first.name, first.shown) == ("xn--bcher-kva.example", "bücher.example")
    again = nominated("xn--bcher-kva.EXAMPLE", by=assessor)
    assert again.pk == first.pk
    assert first.nominations.count() == 2
    assert Nomination.objects.order_by("pk").first().given == "https://BÜCHER.example./page?x=1"


def test_a_site_with_and_without_www_is_one_entry_and_its_apex_is_blocked(
    nominated, judged, officer, assessor
):
    first = judged(nominated("https://www.bad.example/p"), officer)
    second = nominated("https://bad.example/p", by=assessor)
    assert first == second
    assert judged(second, assessor).state == "listed"
    assert zone() == [("bad.example", True)]
    given = {n.given for n in Nomination.objects.all()}
    assert given == {"https://www.bad.example/p", "https://bad.example/p"}


def test_the_log_keeps_hosting_facts_that_a_later_nomination_replaced(
    world_list, officer, assessor, at
):
    for user, provider in ((officer, "First host"), (assessor, "Second host")):
        hosting = {"provider": provider, "country": ""}
        sighting = Sighting("T-1", "Seen", at, hosting=hosting)
        entry = nominate(world_list, "bad.example", sighting, by=user, at=at)
    assert entry.hosting == {"provider": "Second host"}
    told = AuditEntry.objects.filter(verb="worstof.entry.nominated").order_by("seq")
    assert [json.loads(x.detail)["hosting"]["provider"] for x in told] == [
        "First host", "Second host",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["192.0.2.7", "http://[2001:db8::1]/", "www", "", "a..example"])
def test_what_no_resolver_could_block_is_refused(nominated, text):
    with pytest.raises(BadName):
        nominated(text)
    assert not Entry.objects.exists()


def test_the_same_evidence_is_not_put_forward_twice(nominated):
    nominated()
    with pytest.raises(AlreadyNominated):
        nominated()
    assert Nomination.objects.count() == 1


def test_a_denial_sends_it_to_discussion_and_a_new_round_begins_without_old_votes(
    nominated, judged, officer, assessor, neighbour, at
):
    entry = nominated()
    judged(entry, assessor)
    assert judged(entry, officer, severe="no").state == "discussion"
    with pytest.raises(WrongState):
        judged(entry, neighbour)
    settle(entry, by=officer, reason="Agreed on the second look", at=at)
    entry.refresh_from_db()
    assert (entry.state, entry.round) == ("nominated", 2)
    assert judged(entry, neighbour).state == "nominated"
    assert judged(entry, officer).state == "listed"


def test_a_denial_of_a_listed_domain_takes_it_off_at_once(listed, judged, neighbour):
    assert judged(listed, neighbour, real="no").state == "discussion"
    assert zone() == [("bad.example", True), ("bad.example", False)]
    assert leaves() == ["listed", "removed"]


def test_a_verifier_who_doubts_later_takes_it_off_the_list(listed, judged, assessor):
    assert judged(listed, assessor, DAY, real="unsure").state == "nominated"
    assert zone()[-1] == ("bad.example", False)


def test_a_doubt_of_a_third_leaves_two_verifications(listed, judged, neighbour):
    assert judged(listed, neighbour, 80 * DAY, real="unsure").state == "listed"


def test_a_yes_to_what_everybody_can_read_is_listed_counts_for_nothing(
    listed, judged, neighbour, assessor
):
    with pytest.raises(SeenOthers):
        judged(listed, neighbour)
    assert judged(listed, assessor, DAY, real="unsure").state == "nominated"
    assert listed.round == 2
    assert judged(listed, neighbour, DAY).state == "nominated"
    assert judged(listed, assessor, DAY).state == "listed"


def test_who_has_read_what_others_said_verifies_only_after_a_discussion(
    nominated, judged, officer, assessor, at
):
    entry = judged(nominated(), assessor, under_13="unsure")
    judged(entry, officer)
    judged(entry, officer, DAY, severe="unsure")
    with pytest.raises(SeenOthers):
        judged(entry, officer, DAY)
    assert judged(entry, assessor, DAY).state == "nominated"
    discuss(entry, by=officer, reason="I misread it", at=at + DAY)
    settle(entry, by=officer, reason="Agreed", at=at + DAY)
    judged(entry, officer, DAY)
    assert judged(entry, assessor, DAY).state == "listed"


def test_a_judgement_that_opened_what_others_said_is_not_taken_back(
    nominated, judged, officer, assessor, at
):
    entry = judged(nominated(), assessor, under_13="unsure")
    judged(entry, officer, real="unsure")
    withdraw(Assessment.objects.get(by=officer), by=officer, reason="A slip", at=at)
    judged(entry, officer)
    with pytest.raises(SeenOthers):
        withdraw(Assessment.objects.get(by=officer), by=officer, reason="A slip", at=at)


def test_a_third_authority_that_doubts_late_takes_nothing_off_the_list(listed, judged, neighbour):
    later = judged(listed, neighbour, 89 * DAY + 5 * DAY, online="unsure")
    assert later.state == Entry.State.LISTED
    assert zone() == [("bad.example", True)]


@pytest.mark.parametrize("days", [30, 365])
def test_other_days_of_a_list_take_nothing_off_that_a_third_authority_doubts(
    nominated, judged, officer, assessor, neighbour, world_list, days
):
    """Verified by sights that were two months old on that day."""
    entry = nominated()
    for user in (officer, assessor):
        judged(entry, user, seen_online_at=entry.created_at - 60 * DAY)
    keep_terms(world_list, replace(terms_of(world_list), fresh_days=days))
    entry = Entry.objects.select_related("block_list").get()
    assert judged(entry, neighbour, DAY, real="unsure").state == "listed"


def test_unsure_waits(nominated, judged, officer, assessor):
    entry = nominated()
    judged(entry, officer, under_13="unsure")
    assert judged(entry, assessor).state == "nominated"
    assert judged(entry, officer, DAY).state == "listed"


def test_online_is_not_said_of_an_old_sight_or_of_one_to_come(nominated, judged, officer, at):
    entry = nominated()
    with pytest.raises(NotSeenLately):
        judged(entry, officer, seen_online_at=at - 93 * DAY)
    with pytest.raises(NotSeenLately):
        judged(entry, officer, seen_online_at=at + DAY)
    assert judged(entry, officer, seen_online_at=at - 93 * DAY, online="no").state == "discussion"


def test_a_guarded_name_waits_for_two_who_did_not_judge(guarded, colleagues, officer, at):
    assert guarded.state == "guarded"
    assert not zone()
    with pytest.raises(JudgedIt):
        sign(guarded, by=officer, reason="Mine too", at=at)
    sign(guarded, by=colleagues[0], reason="Wholly dedicated to it", at=at)
    with pytest.raises(SignedAlready):
        sign(guarded, by=colleagues[0], reason="Twice", at=at)
    guarded.refresh_from_db()
    assert guarded.state == "guarded"
    sign(guarded, by=colleagues[1], reason="The host agrees", at=at)
    guarded.refresh_from_db()
    assert guarded.state == "listed"
    assert zone() == [("bad.example", True)]


def test_who_signed_does_not_judge_as_well(guarded, colleagues, judged, officer, at):
    sign(guarded, by=colleagues[0], reason="Dedicated", at=at)
    with pytest.raises(SignedIt):
        judged(guarded, colleagues[0])
    sign(guarded, by=colleagues[1], reason="The host agrees", at=at)
    with pytest.raises(SignedIt):
        judged(guarded, colleagues[1], severe="no")
    move_clocks(at + 90 * DAY)
    judged(guarded, colleagues[0], 91 * DAY)
    assert guarded.assessments.filter(round=2, by=colleagues[0]).exists()


def test_a_signature_needs_a_reason(guarded, colleagues, at):
    with pytest.raises(NoReason):
        sign(guarded, by=colleagues[0], reason="  ", at=at)


def test_what_became_too_old_while_it_waited_for_signatures_is_judged_again(
    guarded, colleagues, at
):
    late = at + 100 * DAY
    sign(guarded, by=colleagues[0], reason="a", at=late)
    sign(guarded, by=colleagues[1], reason="b", at=late)
    guarded.refresh_from_db()
    assert (guarded.state, guarded.round) == ("nominated", 2)
    assert not zone()


def test_a_name_that_may_never_be_blocked_comes_back_refused(
    nominated, monkeypatch, judged, officer
):
    monkeypatch.setattr(moves, "guards_of", lambda name: ([["public_suffix", "example"]], True))
    entry = nominated()
    assert (entry.state, entry.guards) == ("refused", [["public_suffix", "example"]])
    with pytest.raises(WrongState):
        judged(entry, officer)
    assert not zone()


def test_a_guard_that_came_while_it_was_judged_still_holds(
    nominated, judged, officer, assessor, monkeypatch
):
    entry = nominated()
    judged(entry, officer)
    monkeypatch.setattr(moves, "guards_of", lambda name: ([["top_sites", name]], True))
    assert judged(entry, assessor).state == "refused"
    assert not zone()


def test_freshness_ends_in_a_new_round_and_the_name_stays_blocked(listed, at):
    assert not move_clocks(at + 89 * DAY)
    assert move_clocks(at + 90 * DAY)
    listed.refresh_from_db()
    assert (listed.state, listed.round, listed.due_at) == ("due", 2, at + 104 * DAY)
    assert len(zone()) == 1


def test_what_is_verified_again_stays_without_leaving(listed, judged, officer, assessor, at):
    move_clocks(at + 90 * DAY)
    judged(listed, officer, 91 * DAY)
    assert judged(listed, assessor, 92 * DAY).state == "listed"
    assert listed.listed_at == at
    assert listed.fresh_until == at + 182 * DAY
    assert zone() == [("bad.example", True)]


def test_what_nobody_verifies_again_leaves_by_itself(listed, at):
    move_clocks(at + 90 * DAY)
    assert not move_clocks(at + 103 * DAY)
    assert move_clocks(at + 104 * DAY)
    listed.refresh_from_db()
    assert (listed.state, listed.ended_at) == ("lapsed", at + 104 * DAY)
    assert zone()[-1] == ("bad.example", False)
    assert leaves() == ["listed", "lapsed"]
    assert not move_clocks(at + 300 * DAY)


def test_a_clock_set_back_moves_nothing(listed, at):
    move_clocks(at + 90 * DAY)
    assert not move_clocks(at - 30 * DAY)
    listed.refresh_from_db()
    assert listed.state == "due"


def test_nothing_lapses_before_the_authorities_were_asked_for_all_days_of_grace(listed, at):
    late = at + 200 * DAY  # the worker was off
    for _ in range(3):
        move_clocks(late)
    listed.refresh_from_db()
    assert (listed.state, listed.due_at) == ("due", late + 14 * DAY)
    assert len(zone()) == 1


def test_a_clock_that_ran_ahead_for_an_hour_leaves_the_list_as_it_was(
    listed, nominated, judged, officer, assessor, at
):
    fresh = judged(judged(nominated("fresh.example"), officer, 10 * DAY), assessor, 10 * DAY)
    move_clocks(at + 90 * DAY)
    now = at + 95 * DAY
    for ahead in (now + 365 * DAY, now + 365 * DAY + timedelta(hours=1)):
        while move_clocks(ahead):
            pass
    assert {e.state for e in Entry.objects.all()} == {"due"}
    assert move_clocks(now)
    assert not move_clocks(now)
    for entry in (listed, fresh):
        entry.refresh_from_db()
    assert (fresh.state, fresh.round, fresh.due_at) == ("listed", 1, at + 100 * DAY)
    assert (listed.state, listed.round, listed.due_at) == ("due", 2, now + 14 * DAY)
    assert leaves() == ["listed", "listed"]


def test_what_was_judged_while_the_clock_was_ahead_stays_due_until_its_own_day(
    listed, judged, officer, at
):
    move_clocks(at + 200 * DAY)
    judged(listed, officer, later=200 * DAY)
    assert move_clocks(at + DAY)
    listed.refresh_from_db()
    assert (listed.state, listed.round, listed.due_at) == ("due", 2, at + 104 * DAY)
    assert not move_clocks(at + 2 * DAY)


def test_what_is_found_overdue_late_gets_a_day_more(listed, at):
    move_clocks(at + 90 * DAY)
    late = at + 110 * DAY
    assert move_clocks(late)
    assert not move_clocks(late + 0.9 * DAY)
    assert move_clocks(late + DAY)
    listed.refresh_from_db()
    assert listed.state == "lapsed"


def test_signatures_stand_while_a_guarded_name_stays_listed(
    guarded, colleagues, judged, officer, assessor, at
):
    for person in colleagues:
        sign(guarded, by=person, reason="Dedicated", at=at)
    move_clocks(at + 90 * DAY)
    judged(guarded, officer, 91 * DAY)
    assert judged(guarded, assessor, 91 * DAY).state == "listed"
    assert zone() == [("bad.example", True)]


def test_removed_content_takes_the_domain_off_and_a_new_sight_begins_anew(
    listed, world_list, officer, at, judged, assessor
):
    remove(listed, by=officer, reason="The content is gone", at=at + DAY)
    listed.refresh_from_db()
    assert (listed.state, listed.ended_at) == ("removed", at + DAY)
    assert zone()[-1] == ("bad.example", False)
    with pytest.raises(WrongState):
        remove(listed, by=officer, reason="Again", at=at + DAY)
    back = Sighting("T-2026-2", "Back", at + 2 * DAY)
    again = nominate(world_list, "bad.example", back, by=officer, at=at + 2 * DAY)
    assert (again.pk, again.state, again.round) == (listed.pk, "nominated", 2)
    judged(again, officer, 3 * DAY)
    assert judged(again, assessor, 3 * DAY).state == "listed"


def test_a_removal_says_why(listed, officer, at):
    with pytest.raises(NoReason):
        remove(listed, by=officer, reason=" ", at=at)


def test_doubt_by_words_takes_it_off_the_list_until_it_is_settled(listed, officer, at):
    discuss(listed, by=officer, reason="The owner wrote", at=at)
    listed.refresh_from_db()
    assert listed.state == "discussion"
    assert zone()[-1] == ("bad.example", False)
    settle(listed, by=officer, reason="Not for this list", at=at, refuse=True)
    listed.refresh_from_db()
    assert listed.state == "refused"


def test_an_assessment_is_taken_back_within_ten_minutes_if_nothing_followed(
    nominated, judged, officer, assessor, at
):
    entry = nominated()
    judged(entry, officer)
    mine = Assessment.objects.get()
    with pytest.raises(TooLate):
        withdraw(mine, by=assessor, reason="A slip", at=at)
    with pytest.raises(TooLate):
        withdraw(mine, by=officer, reason="A slip", at=at + timedelta(minutes=11))
    withdraw(mine, by=officer, reason="A slip", at=at + timedelta(minutes=9))
    assert not Assessment.objects.exists()
    assert verbs(entry)[-1] == "withdrawn"
    kept = AuditEntry.objects.get(verb="worstof.entry.withdrawn")
    assert '"severe":"yes"' in kept.detail
    assert judged(entry, assessor).state == "nominated"


def test_the_log_keeps_all_that_a_judgement_said_also_when_it_is_taken_back(
    nominated, judged, officer, at
):
    entry = judged(nominated(), officer, note="Seen at the second hop", confidence="low")
    made = entry.assessments.get()
    withdraw(made, by=officer, reason="A slip", at=at + timedelta(minutes=1))
    for verb in ("assessed", "withdrawn"):
        detail = json.loads(AuditEntry.objects.get(verb=f"worstof.entry.{verb}").detail)
        assert (detail["note"], detail["confidence"]) == ("Seen at the second hop", "low")
        assert detail["seen_online_at"] == made.seen_online_at.isoformat()
    assert not any("second hop" in step.reason for step in entry.steps.all())


def test_no_page_of_another_authority_shows_what_the_log_keeps_of_a_judgement(
    nominated, judged, officer, assessor, neighbour, client_for
):
    entry = judged(nominated(), officer, note="Seen at the second hop")
    for reader in (assessor, neighbour):
        client = client_for(reader)
        assert client.get(reverse("log")).status_code == 403
        for page in (reverse("worst-of"), reverse("worst-of-entry", args=[entry.pk])):
            assert "second hop" not in client.get(page).content.decode()


def test_an_assessment_that_listed_a_domain_is_not_taken_back(listed, assessor, at):
    with pytest.raises(TooLate):
        withdraw(Assessment.objects.get(by=assessor), by=assessor, reason="A slip", at=at)


def test_a_national_overlay_is_judged_by_its_own_country_only(
    supervisor, nominated, judged, officer, assessor, at
):
    terms = Terms("National additions", "Act s. 9", country="JM", distinct="agency")
    overlay = create_list(terms, by=supervisor, at=at)
    entry = nominated(on=overlay)
    with pytest.raises(NotYours):
        judged(entry, assessor)
    with pytest.raises(NotYours):
        nominated("other.example", on=overlay, by=assessor)
    judged(entry, officer)
    office = Agency.objects.create(name="Prosecutor of Testland", kind="prosecutor", country="JM")
    prosecutor = User.objects.create_user("prosecutor", role="assessor", agency=office)
    assert judged(entry, prosecutor).state == "listed"


def test_the_same_name_lives_on_two_lists_apart(supervisor, nominated, listed, at):
    overlay = create_list(
        Terms("National additions", "Act", "JM", distinct="agency"), by=supervisor, at=at
    )
    other = nominated(on=overlay)
    assert (other.pk != listed.pk, other.state) == (True, "nominated")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("legal_basis", ""), ("country", "XQ"), ("verifications", 1),
        ("fresh_days", 0), ("grace_days", 0), ("grace_days", 99), ("distinct", "person"),
    ],
)  # fmt: skip
def test_a_list_has_terms_that_hold(supervisor, at, field, value):
    terms = {"name": "N", "legal_basis": "Act", field: value}
    with pytest.raises(BadTerms) as told:
        create_list(Terms(**terms), by=supervisor, at=at)
    assert told.value.field == field


@pytest.mark.parametrize("name", ["co.uk", "github.io", "cloudfront.net", "bit.ly"])
def test_names_whose_block_would_hurt_others_are_refused_by_the_real_guards(nominated, name):
    entry = nominated(name)
    assert entry.state == "refused"
    assert entry.guards


def test_a_name_that_looks_mistyped_waits_for_two_signatures_by_the_real_guards(
    nominated, judged, officer, assessor
):
    entry = nominated("wwwbad.example")
    judged(entry, officer)
    assert judged(entry, assessor).state == "guarded"
    assert ["www_without_dot", "wwwbad"] in entry.guards
    assert not zone()


@pytest.mark.django_db(transaction=True)
def test_two_second_verifications_at_once_list_a_domain_once(
    nominated, judged, officer, assessor, neighbour
):
    if connection.vendor == "sqlite":
        pytest.skip("the tests' database in memory has no second writer; IMMEDIATE queues on disk")
    entry = nominated()
    judged(entry, officer)
    start = Barrier(2)

    def verify(person):
        try:
            start.wait()
            judged(Entry.objects.get(pk=entry.pk), person)
        except SeenOthers:
            return "too late"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(verify, [assessor, neighbour]), key=str) == [None, "too late"]
    entry.refresh_from_db()
    assert entry.state == "listed"
    assert zone() == [("bad.example", True)]
    assert leaves() == ["listed"]
