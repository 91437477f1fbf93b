"""Partners' files: foreseen line by line, taken once, through the same doors as on a page."""

from datetime import timedelta

import pytest

from breakwater.custody.models import AuditEntry
from breakwater.formats.assessment_table import BadTable, read_table
from breakwater.people.models import Agency, User
from breakwater.worstof.actions import importing, life
from breakwater.worstof.actions.importing import NotADraft, NotForYou, SameFile, Whose
from breakwater.worstof.models import (
    Assessment,
    BlockList,
    Entry,
    Nomination,
    PartnerFile,
    Recipient,
    Step,
    ZoneChange,
)
from breakwater.worstof.queries.incoming import agencies_for, visible_files

pytestmark = pytest.mark.django_db

HEADER = (
    "domain,evidence,seen,seen_at,real,under_13,severe,online,seen_online_at,confidence,note,"
    "assessor"
)
SIGHT = "E-1,Seen,2026-11-01T10:00Z"
YES = "yes,yes,yes,yes,2026-11-01T10:00Z,high,n"


def line(domain="bad.example", sight=SIGHT, said=YES, who="Ann Other"):
    return f"{domain},{sight or ',,'},{said or ',,,,,,'},{who}"


def file_of(*lines):
    return "\n".join((HEADER, *lines)).encode()


@pytest.fixture
def partner(db):
    return Agency.objects.create(
        name="Police of Farland", kind="police", country="AW", is_synthetic=True
    )


@pytest.fixture
def whose(world_list, partner):
    return Whose(world_list, partner)


@pytest.fixture
def take(whose, supervisor, at):
    """Bring a file in, look at what it would do, have it taken in; both must tell the same."""

    def taken(*lines, by=supervisor, when=at, of=whose):
        data = file_of(*lines)
        _, foreseen = importing.foresee(data, of, by=by, at=when)
        draft = importing.receive(data, "partner.csv", of, by=by, at=when)
        file = importing.confirm(draft, by=by, at=when)
        while file.state == PartnerFile.State.WAITING:
            file = importing.take_in(file, at=when, most=1)
        outcomes = [row.outcome for row in file.lines.order_by("number")]
        assert outcomes == [one.outcome for one in foreseen]
        return outcomes

    return taken


def test_a_partners_file_is_the_second_voice_that_lists_a_domain(
    nominated, judged, officer, supervisor, take
):
    judged(nominated(), officer)
    assert take(line(sight="")) == ["further"]
    entry = Entry.objects.get()
    assert entry.state == "listed"
    assert ZoneChange.objects.get().adds
    said = entry.assessments.get(door="file")
    assert (said.by, said.by_name, said.agency.country) == (None, "Ann Other", "AW")
    step = Step.objects.filter(verb="worstof.entry.assessed").last()
    assert (step.by_name, step.agency_name) == ("Ann Other", "Police of Farland")
    deed = AuditEntry.objects.filter(verb="worstof.entry.assessed").last()
    assert deed.actor == supervisor.audit_name


def test_a_partner_can_put_domains_forward(take):
    assert take(line(), line("https://two.example/x", said="")) == ["new", "new"]
    first, second = Nomination.objects.order_by("pk")
    assert (first.source, first.by, first.by_name) == ("partner", None, "Ann Other")
    assert (second.given, second.entry.assessments.count()) == ("https://two.example/x", 0)


def test_a_partner_that_writes_www_means_the_same_domain(nominated, judged, officer, take):
    judged(nominated(), officer)
    assert take(line("www.bad.example", sight=""), line("WWW.new.example"), line("new.example")) == [
        "further", "new", "same_line",
    ]  # fmt: skip
    assert dict(Entry.objects.values_list("name", "state")) == {
        "bad.example": "listed", "new.example": "nominated",
    }  # fmt: skip


def test_what_lies_above_a_stop_page_is_foreseen_as_refused(take, at):
    Recipient.objects.create(
        name="Net", key_name="net", stop_page="stop.isp.example", created_at=at
    )
    assert take(line("isp.example"), line("stop.isp.example"), line("other.isp.example")) == [
        "refused", "refused", "new",
    ]  # fmt: skip


def test_the_same_file_comes_in_once(take, whose, supervisor, at):
    take(line())
    with pytest.raises(SameFile) as told:
        importing.receive(file_of(line()), "other-name.csv", whose, by=supervisor, at=at)
    assert told.value.file == PartnerFile.objects.get()


def test_what_was_said_before_is_one_assessment(take, at):
    assert take(line(), line()) == ["new", "same_line"]
    assert take(line(), line(), line("two.example")) == ["known", "same_line", "new"]
    assert Assessment.objects.count() == Nomination.objects.count() == 2


def test_an_old_judgement_sent_again_verifies_nothing_anew(
    nominated, judged, officer, take, at, supervisor
):
    judged(nominated(), officer)
    take(line(sight=""))
    late = at + timedelta(days=91)
    assert life.move_clocks(late)
    assert take(line(sight=""), line("two.example"), when=late)[0] == "known"
    entry = Entry.objects.get(name="bad.example")
    assert (entry.state, entry.round, entry.assessments.filter(round=2).count()) == ("due", 2, 0)


def test_what_cannot_be_taken_says_why(nominated, take, officer, at):
    talked_about = nominated("talk.example")
    life.discuss(talked_about, by=officer, reason="Doubt", at=at)
    old = "yes,yes,yes,yes,2026-07-01T10:00Z,high,"
    future = "yes,yes,yes,yes,2026-12-01T10:00Z,high,"
    assert take(
        line("old.example", said=old),
        line("future.example", said=future),
        line("future.example", sight="E,Seen,2026-12-01T10:00Z", said=""),
        line("unknown.example", sight=""),
        line("talk.example"),
        line("blogspot.com"),
        line("blogspot.com", sight="E-2,Seen,2026-11-01T10:00Z"),
        line("talk.example", said=""),
    ) == [
        "not_seen", "to_come", "to_come", "no_evidence", "discussed", "refused", "refused",
        "nominated",
    ]  # fmt: skip
    assert not Assessment.objects.exists()
    assert Entry.objects.get(name="blogspot.com").state == "refused"


def test_a_no_in_a_file_takes_a_listed_domain_off(nominated, judged, officer, assessor, take):
    judged(judged(nominated(), officer), assessor)
    no = "no,yes,yes,yes,2026-11-01T10:00Z,high,"
    assert take(line(sight="", said=no), line(sight="", who="Bo Third")) == ["further", "discussed"]
    assert Entry.objects.get().state == "discussion"
    assert [change.adds for change in ZoneChange.objects.order_by("pk")] == [True, False]


def test_what_was_removed_begins_anew_only_with_new_evidence(nominated, officer, take, at):
    entry = nominated()
    life.remove(entry, by=officer, reason="Gone", at=at)
    assert take(line(sight=""), line()) == ["no_evidence", "again"]
    entry.refresh_from_db()
    assert (entry.state, entry.round) == ("nominated", 2)


def test_one_pair_of_hands_never_makes_two_authorities_agree(
    nominated, judged, officer, supervisor, take
):
    entry = judged(nominated(), supervisor)
    assert take(line(sight="")) == ["own_hands"]
    other = nominated("two.example")
    assert take(line("two.example", sight="")) == ["further"]
    with pytest.raises(life.BroughtIn):
        judged(other, supervisor)
    assert judged(other, officer).state == "listed"
    entry.refresh_from_db()
    assert entry.state == "nominated"


def test_one_person_with_the_files_of_two_authorities_lists_nothing(world_list, nominated, take):
    entry = nominated()
    third = Agency.objects.create(name="Third", kind="police", country="SX", is_synthetic=True)
    assert take(line(sight="")) == ["further"]
    forged = line(sight="", who="Bea Other")
    assert take(forged, of=Whose(world_list, third)) == ["own_hands"]
    entry.refresh_from_db()
    assert entry.state == "nominated"


def test_who_brought_a_file_in_is_no_other_authority_when_a_colleague_confirms_it(
    nominated, judged, officer, police, whose, supervisor, at
):
    """One supervisor's forged file, a colleague who only clicked, and the supervisor's own yes."""
    entry = nominated()
    colleague = User.objects.create_user("colleague", role="supervisor", agency=police)
    draft = importing.receive(file_of(line(sight="")), "x.csv", whose, by=supervisor, at=at)
    file = importing.take_in(importing.confirm(draft, by=colleague, at=at), at=at)
    assert [row.outcome for row in file.lines.all()] == ["further"]
    for person in (supervisor, colleague):
        with pytest.raises(life.BroughtIn):
            judged(entry, person)
    assert judged(entry, officer).state == "listed"


@pytest.mark.parametrize("part", ["judged", "brought another's"])
def test_a_colleagues_click_does_not_wash_the_hands_of_who_brought_a_file_in(
    nominated, judged, police, whose, world_list, supervisor, take, at, part
):
    entry = nominated()
    if part == "judged":
        judged(entry, supervisor)
    else:
        third = Agency.objects.create(name="Third", kind="police", country="SX", is_synthetic=True)
        take(line(sight="", who="Bea Other"), of=Whose(world_list, third))
    colleague = User.objects.create_user("colleague", role="supervisor", agency=police)
    draft = importing.receive(file_of(line(sight="")), "x.csv", whose, by=supervisor, at=at)
    file = importing.take_in(importing.confirm(draft, by=colleague, at=at), at=at)
    assert [row.outcome for row in file.lines.all()] == ["own_hands"]
    entry.refresh_from_db()
    assert entry.state == "nominated"


@pytest.fixture
def guarded(nominated, judged, officer, assessor):
    """A domain that two countries verified and whose look asks for two signatures."""
    return judged(judged(nominated("wwwbad.example"), officer), assessor)


@pytest.mark.parametrize("confirms", ["who brought it in", "a colleague"])
@pytest.mark.parametrize("part", ["judges", "brings"])
def test_who_speaks_between_the_two_steps_of_a_line_is_no_second_voice(
    nominated, judged, whose, police, supervisor, world_list, at, monkeypatch, part, confirms
):
    entry = nominated()
    draft = importing.receive(file_of(line(sight="")), "x.csv", whose, by=supervisor, at=at)
    colleague = User.objects.create_user("colleague", role="supervisor", agency=police)
    confirmed_by = colleague if confirms == "a colleague" else supervisor
    file, step = importing.confirm(draft, by=confirmed_by, at=at), importing._judge

    def meanwhile(*args):
        monkeypatch.setattr(importing, "_judge", step)
        if part == "judges":
            judged(entry, supervisor)
        else:
            third = Agency.objects.create(name="Third", kind="police", country="SX")
            of = Whose(world_list, third)
            data = file_of(line(sight="", who="Bea Other"))
            other = importing.receive(data, "y.csv", of, by=supervisor, at=at)
            importing.take_in(importing.confirm(other, by=supervisor, at=at), at=at)
        return step(*args)

    monkeypatch.setattr(importing, "_judge", meanwhile)
    file = importing.take_in(file, at=at)
    assert [row.outcome for row in file.lines.all()] == ["own_hands"]
    entry.refresh_from_db()
    assert (entry.state, entry.assessments.count()) == ("nominated", 1)


def test_who_brought_a_partners_judgement_in_does_not_sign(
    nominated, judged, officer, police, supervisor, take, at
):
    entry = judged(nominated("wwwbad.example"), officer)
    assert take(line("wwwbad.example", sight="")) == ["further"]
    with pytest.raises(life.BroughtIn):
        life.sign(entry, by=supervisor, reason="I know it", at=at)
    for name in ("one", "two"):
        other = User.objects.create_user(name, role="officer", agency=police)
        life.sign(entry, by=other, reason="Dedicated", at=at)
    entry.refresh_from_db()
    assert entry.state == "listed"


def test_who_signed_a_domain_brings_no_judgement_of_it_in(guarded, supervisor, take, at):
    life.sign(guarded, by=supervisor, reason="Dedicated", at=at)
    assert take(line("wwwbad.example", sight="")) == ["own_hands"]
    assert guarded.assessments.count() == 2


def test_a_partners_yes_to_what_its_people_can_read_is_left_out(
    nominated, judged, officer, assessor, take
):
    entry = judged(judged(nominated(), officer), assessor)
    unsure = "yes,yes,yes,unsure,2026-11-01T10:00Z,high,n"
    outcomes = take(line(sight=""), line(sight="", said=unsure), line(sight="", who="Bo Third"))
    assert outcomes == ["seen_others", "further", "seen_others"]
    assert entry.assessments.count() == 3


def test_the_second_yes_of_a_partner_counts_until_others_have_judged(
    nominated, judged, officer, take
):
    judged(nominated("two.example"), officer, real="unsure")
    more = (line("two.example", sight=""), line("two.example", sight="", who="Bo Third"))
    assert take(line(), line(sight="", who="Bo Third"), *more) == [
        "new", "further", "further", "seen_others",
    ]  # fmt: skip


def test_ones_own_authority_nominates_by_file_and_judges_on_the_page(
    world_list, officer, police, take
):
    own = Whose(world_list, police)
    assert take(line(said=""), line(), by=officer, of=own) == ["new", "own_answers"]
    made = Nomination.objects.get()
    assert (made.source, made.by, made.by_name) == ("file", officer, "Ann Other")


@pytest.mark.parametrize(
    ("kind", "country", "why"),
    [("ngo", "AW", "no_authority"), ("police", "JM", "same_country"), ("police", "AW", "")],
)
def test_whose_files_come_in(world_list, supervisor, officer, at, kind, country, why):
    agency = Agency.objects.create(name="X", kind=kind, country=country, is_synthetic=True)
    whose = Whose(world_list, agency)
    assert (agency in agencies_for(supervisor)) == (not why)
    assert agency not in agencies_for(officer)
    for person, problem in ((supervisor, why), (officer, why or "not_you")):
        if not problem:
            importing.receive(file_of(line()), "x.csv", whose, by=person, at=at)
            continue
        with pytest.raises(NotForYou) as told:
            importing.receive(file_of(line()), "x.csv", whose, by=person, at=at)
        assert told.value.why in (problem, "not_you")


def test_a_national_list_between_agencies_takes_its_own_country_only(db, supervisor, partner):
    here = BlockList.objects.create(
        name="Here", country="JM", legal_basis="Act 1", distinct="agency"
    )
    second = Agency.objects.create(name="Second police", kind="police", country="JM")
    assert importing.why_not(Whose(here, second), supervisor) == ""
    assert importing.why_not(Whose(here, partner), supervisor) == "not_of_list"


def test_who_sees_a_file(take, officer, supervisor, assessor):
    take(line())
    assert visible_files(supervisor).count() == 1
    assert not visible_files(officer).exists()
    assert not visible_files(assessor).exists()


def test_a_draft_is_confirmed_or_thrown_away_once(whose, supervisor, at):
    draft = importing.receive(file_of(line()), "x.csv", whose, by=supervisor, at=at)
    importing.confirm(draft, by=supervisor, at=at)
    for verb in (importing.confirm, importing.discard):
        with pytest.raises(NotADraft):
            verb(draft, by=supervisor, at=at)
    second = importing.receive(file_of(line("b.example")), "x", whose, by=supervisor, at=at)
    importing.discard(second, by=supervisor, at=at)
    assert [e.verb for e in AuditEntry.objects.order_by("seq")] == [
        "worstof.file.received", "worstof.file.confirmed", "worstof.file.received",
        "worstof.file.discarded",
    ]  # fmt: skip
    assert not Entry.objects.exists()


class Killed(BaseException):
    """What stops a process at any moment."""


@pytest.mark.parametrize("place", ["nominate", "assess"])
def test_a_worker_killed_inside_a_line_leaves_nothing_half_taken(
    whose, supervisor, at, monkeypatch, place
):
    data = file_of(*(line(f"d{n}.example") for n in range(4)))
    draft = importing.receive(data, "x.csv", whose, by=supervisor, at=at)
    importing.confirm(draft, by=supervisor, at=at)
    real, calls = getattr(life, place), []

    def deadly(*args, **more):
        calls.append(1)
        done = real(*args, **more)
        if len(calls) == 2:
            raise Killed
        return done

    monkeypatch.setattr(life, place, deadly)
    with pytest.raises(Killed):
        importing.work(at)
    monkeypatch.setattr(life, place, real)
    assert PartnerFile.objects.get().done == 1
    assert importing.work(at)
    file = PartnerFile.objects.get()
    assert (file.state, file.done) == ("done", 4)
    assert set(file.lines.values_list("outcome", flat=True)) == {"new"}
    assert Assessment.objects.count() == Nomination.objects.count() == 4
    assert not importing.work(at)
    assert AuditEntry.objects.filter(verb="worstof.file.imported").count() == 1


def test_a_file_that_fails_waits_and_others_go_on(whose, supervisor, at, monkeypatch):
    for name in ("a.example", "b.example"):
        draft = importing.receive(file_of(line(name)), "x", whose, by=supervisor, at=at)
        importing.confirm(draft, by=supervisor, at=at)
    first = PartnerFile.objects.order_by("pk").first()
    PartnerFile.objects.filter(pk=first.pk).update(content=b"\xff damaged")
    assert importing.work(at)
    assert importing.work(at)
    assert not importing.work(at)
    first.refresh_from_db()
    assert (first.state, first.tries, first.last_error) == ("waiting", 1, "BadTable")
    assert Entry.objects.get().name == "b.example"


def test_foreseeing_writes_nothing(whose, supervisor, at):
    importing.foresee(file_of(line()), whose, by=supervisor, at=at)
    assert not Entry.objects.exists()
    assert not PartnerFile.objects.exists()
    with pytest.raises(BadTable):
        importing.foresee(b"", whose, by=supervisor, at=at)


def test_foreseeing_asks_the_database_as_often_for_many_lines(
    whose, supervisor, at, django_assert_max_num_queries
):
    data = file_of(*(line(f"d{n}.example") for n in range(200)))
    with django_assert_max_num_queries(12):
        importing.foresee(data, whose, by=supervisor, at=at)
    assert len(read_table(data).lines) == 200


def test_another_desk_comes_in_by_the_same_way_and_its_voice_counts_like_a_files(
    world_list, nominated, judged, officer, partner, supervisor, at
):
    entry = judged(nominated(), officer)
    whose = Whose(world_list, partner, Assessment.Door.EXCHANGE)
    draft = importing.receive(file_of(line(sight="")), "envelope", whose, by=supervisor, at=at)
    importing.take_in(importing.confirm(draft, by=supervisor, at=at), at=at)
    assert Assessment.objects.latest("pk").door == "exchange"
    entry.refresh_from_db()
    assert entry.state == "listed"
    with pytest.raises(life.BroughtIn):
        judged(entry, supervisor)
