"""Decisions answer, are logged, and can be taken back."""

from datetime import timedelta

import pytest

from breakwater.custody.models import AuditEntry
from breakwater.people.models import Agency, User
from breakwater.reports.actions import deciding, merging, undoing
from breakwater.reports.models import Bundle, BundleChange, Membership

pytestmark = pytest.mark.django_db
State = Bundle.State


@pytest.fixture
def two(take_in, bundle_of):
    return [bundle_of(take_in("P-1")), bundle_of(take_in("P-2"))]


def state(bundle):
    return Bundle.objects.get(pk=bundle.pk).state


def colleague(police):
    return User.objects.create_user("colleague", role="officer", agency=police)


def test_assigning_makes_somebody_responsible_and_the_bundle_in_work(two, officer, at):
    deciding.assign([two[0].pk], officer, by=officer, at=at)
    bundle = Bundle.objects.get(pk=two[0].pk)
    assert (bundle.state, bundle.assigned_to) == (State.OPEN, officer)
    assert AuditEntry.objects.latest("seq").verb == "reports.bundle.assigned"


def test_an_officer_takes_no_bundle_from_a_colleague_but_a_supervisor_may(
    two, officer, supervisor, police, at
):
    ids = [two[0].pk]
    deciding.assign(ids, officer, by=officer, at=at)
    other = colleague(police)
    assert deciding.assign(ids, other, by=other, at=at).refused == [(two[0].pk, "not_yours")]
    assert deciding.assign(ids, other, by=supervisor, at=at).done == ids


def test_only_people_who_work_on_bundles_can_be_assigned_one(two, officer, analyst, at):
    with pytest.raises(deciding.NotAssignable):
        deciding.assign([two[0].pk], analyst, by=officer, at=at)


def test_archiving_needs_a_reason_of_the_table(two, officer, at):
    with pytest.raises(deciding.UnknownReason):
        deciding.archive([two[0].pk], "because", by=officer, at=at)
    with pytest.raises(deciding.NoteMissing):
        deciding.archive([two[0].pk], "other", note=" ", by=officer, at=at)
    assert state(two[0]) == State.NEW


def test_a_bulk_decision_does_what_it_can_and_names_what_it_could_not(two, officer, at):
    deciding.archive([two[0].pk], "spam", by=officer, at=at)
    outcome = deciding.assign([b.pk for b in two] + [999], officer, by=officer, at=at)
    assert outcome.done == [two[1].pk]
    assert outcome.refused == [(two[0].pk, "state"), (999, "not_found")]
    assert {c.bulk for c in BundleChange.objects.filter(verb="assigned")} == {outcome.bulk}


def test_more_bundles_than_anybody_can_have_looked_at_are_refused(officer, at):
    with pytest.raises(deciding.TooMany):
        deciding.archive(range(1, 1000), "spam", by=officer, at=at)


def test_a_decision_is_taken_back_within_ten_minutes(two, officer, at):
    outcome = deciding.archive([b.pk for b in two], "spam", by=officer, at=at)
    undoing.undo(outcome.bulk, by=officer, at=at + timedelta(minutes=10))
    assert [state(b) for b in two] == [State.NEW, State.NEW]
    assert Bundle.objects.get(pk=two[0].pk).archive_reason == ""


def test_after_ten_minutes_it_is_not(two, officer, at):
    outcome = deciding.archive([two[0].pk], "spam", by=officer, at=at)
    with pytest.raises(undoing.NotUndoable):
        undoing.undo(outcome.bulk, by=officer, at=at + timedelta(minutes=10, seconds=1))
    assert state(two[0]) == State.ARCHIVED


def test_nobody_takes_back_what_a_colleague_decided(two, officer, police, at):
    outcome = deciding.archive([two[0].pk], "spam", by=officer, at=at)
    with pytest.raises(undoing.NotUndoable):
        undoing.undo(outcome.bulk, by=colleague(police), at=at)


def test_what_was_changed_since_is_not_taken_back(two, officer, at):
    outcome = deciding.archive([two[0].pk], "spam", by=officer, at=at)
    deciding.reopen([two[0].pk], by=officer, at=at)
    again = undoing.undo(outcome.bulk, by=officer, at=at)
    assert again.refused == [(two[0].pk, "changed_since")]
    assert state(two[0]) == State.OPEN


def test_taking_a_referral_back_hides_the_bundle_from_the_agency(two, officer, reader, at):
    office = Agency.objects.get(kind="prosecutor")
    outcome = deciding.refer([two[0].pk], office, by=officer, at=at)
    assert two[0].shares.count() == 1
    undoing.undo(outcome.bulk, by=officer, at=at)
    assert two[0].shares.count() == 0
    assert state(two[0]) == State.NEW


def test_a_merge_moves_the_reports_and_can_be_taken_back_at_any_time(two, supervisor, at):
    target, outcome = merging.merge([b.pk for b in two], by=supervisor, at=at)
    assert target == two[0].pk
    assert outcome.done == [two[1].pk]
    merged = Bundle.objects.get(pk=two[1].pk)
    assert (merged.state, merged.merged_into_id) == (State.MERGED, target)
    assert Bundle.objects.get(pk=target).report_count == 2
    change = BundleChange.objects.get(verb="merged")
    undoing.take_apart(change, by=supervisor, at=at + timedelta(days=90))
    assert [Bundle.objects.get(pk=b.pk).report_count for b in two] == [1, 1]
    assert state(two[1]) == State.OPEN


def test_a_merge_is_taken_back_once(two, supervisor, at):
    merging.merge([b.pk for b in two], by=supervisor, at=at)
    change = BundleChange.objects.get(verb="merged")
    undoing.take_apart(change, by=supervisor, at=at)
    change.refresh_from_db()
    with pytest.raises(undoing.NotUndoable):
        undoing.take_apart(change, by=supervisor, at=at)


def test_one_bundle_alone_cannot_be_merged(two, supervisor, at):
    with pytest.raises(merging.NothingToMerge):
        merging.merge([two[0].pk], by=supervisor, at=at)


def test_a_split_gives_the_chosen_reports_a_bundle_of_their_own(take_in, bundle_of, supervisor, at):
    first, second = take_in("P-1", "same"), take_in("P-2", "same")
    bundle = bundle_of(first)
    fresh = merging.split(bundle, [second.pk], by=supervisor, at=at)
    assert bundle_of(second).pk == fresh.pk
    assert bundle_of(first).pk == bundle.pk
    later = take_in("P-3", "same")
    assert bundle_of(later).pk == bundle.pk
    change = BundleChange.objects.get(verb="split")
    undoing.take_apart(change, by=supervisor, at=at)
    assert Membership.objects.filter(bundle=bundle).count() == 3


def test_identifiers_that_only_the_split_reports_name_lead_to_the_new_bundle(
    take_in, bundle_of, supervisor, at
):
    first = take_in("P-1", "same", email="one@mail.example")
    second = take_in("P-2", "same", email="two@mail.example")
    fresh = merging.split(bundle_of(first), [second.pk], by=supervisor, at=at)
    later = take_in("P-3", "another", email="two@mail.example")
    assert bundle_of(later).pk == fresh.pk


def test_a_split_needs_some_but_not_all_of_the_reports(take_in, bundle_of, supervisor, at):
    report = take_in("P-1")
    for chosen in ([], [report.pk]):
        with pytest.raises(merging.NothingToSplit):
            merging.split(bundle_of(report), chosen, by=supervisor, at=at)


def test_a_new_report_brings_an_archived_bundle_back(take_in, bundle_of, officer, at):
    bundle = bundle_of(take_in("P-1", "same"))
    deciding.archive([bundle.pk], "too_little", by=officer, at=at)
    take_in("P-2", "same")
    assert state(bundle) == State.NEW


def test_decisions_answer_on_the_page_and_are_undone_by_a_button(two, officer, client_for):
    client = client_for(officer)
    data = {"bundle": [b.pk for b in two], "reason": "spam", "back": "/queue/"}
    page = client.post("/queue/decide/archived/", data, follow=True).content.decode()
    assert "Archived: 2 bundles." in page
    page = client.post("/queue/undo/", {"back": "/queue/"}, follow=True).content.decode()
    assert "Taken back for 2 bundles." in page


def test_a_preview_says_what_will_change_and_what_not(two, officer, client_for, at):
    deciding.archive([two[0].pk], "spam", by=officer, at=at)
    data = {"bundle": [b.pk for b in two], "verb": "assigned", "back": "/queue/"}
    page = client_for(officer).post("/queue/preview/", data).content.decode()
    assert "1 of the selected bundles will change" in page
    assert "its state does not allow it" in page


def test_the_way_back_never_leads_to_another_site(two, officer, client_for):
    data = {"bundle": two[0].pk, "back": "//evil.example/"}
    assert client_for(officer).post("/queue/decide/assigned/", data).url == "/queue/"
