"""An appeal gets a code and a clock, and is decided with a reason by somebody who did not judge."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof import appeal_views
from breakwater.worstof.actions import appeals, importing, life, publishing, transparency
from breakwater.worstof.models import Appeal, BlockList, Entry, LogLeaf, ZoneChange, ZoneName
from breakwater.worstof.queries import board, incoming, log, stop_texts, yearly
from breakwater.worstof.rules.fairness import Fairness


@pytest.fixture
def listed(nominated, judged, officer: User, assessor: User) -> Entry:
    entry = judged(judged(nominated(), officer), assessor)
    assert entry.state == "listed"
    return entry


def appeal_for(given: str, at: datetime) -> Appeal:
    return appeals.receive(given, "It is a school's site.", language="en", at=at)[0]


def test_the_code_finds_its_appeal_however_it_is_typed_and_is_not_kept(db, at) -> None:
    appeal, code = appeals.receive("bad.example", "Mistake", language="en", at=at)
    assert appeals.find(code) == appeal
    assert appeals.find(code.lower().replace("-", " ")) == appeal
    assert appeals.find("ABCDE") is None
    plain = code.replace("-", "")
    assert plain not in str(list(Appeal.objects.values())).replace("-", "")
    assert appeal.due_at == at + timedelta(days=30)


def test_an_appeal_is_taken_in_whether_the_name_is_listed_or_not(listed, at) -> None:
    assert appeal_for("https://BAD.example/page", at).entry == listed
    assert appeal_for("other.example", at).entry is None
    assert appeal_for("no name at all", at).name == ""


def test_an_appeal_that_is_upheld_takes_the_domain_off_the_list(
    listed, supervisor: User, at
) -> None:
    appeal = appeals.uphold(
        appeal_for("bad.example", at), by=supervisor, answer="It was sold.", at=at
    )
    listed.refresh_from_db()
    assert (listed.state, appeal.state) == ("removed", "upheld")
    assert not ZoneChange.objects.latest("pk").adds
    verbs = LogLeaf.objects.order_by("index").values_list("verb", flat=True)
    assert list(verbs) == ["listed", "appeal-upheld", "removed"]
    assert AuditEntry.objects.filter(verb="worstof.appeal.upheld").count() == 1


def test_who_verified_the_entry_may_not_alone_reject_the_appeal(
    listed, officer: User, supervisor: User, at
) -> None:
    appeal = appeal_for("bad.example", at)
    with pytest.raises(appeals.JudgedTheEntry):
        appeals.reject(appeal, by=officer, answer="No.", at=at)
    appeals.reject(appeal, by=supervisor, answer="Seen again yesterday.", at=at)
    listed.refresh_from_db()
    assert listed.state == "listed"
    assert LogLeaf.objects.latest("index").verb == "appeal-rejected"


def test_a_second_account_of_who_verified_or_signed_may_not_reject_either(
    listed: Entry, officer: User, supervisor: User, administrator: User, at
) -> None:
    """Known by the name, in whatever round it was."""
    Entry.objects.filter(pk=listed.pk).update(round=listed.round + 1)
    listed.signatures.create(by=administrator, reason="Its own", at=at, round=listed.round)
    appeal = appeal_for("bad.example", at)
    for one in (officer, administrator):
        supervisor.first_name = str(one).upper()
        supervisor.save()
        with pytest.raises(appeals.JudgedTheEntry):
            appeals.reject(appeal, by=supervisor, answer="No.", at=at)
    supervisor.first_name = ""
    supervisor.save()
    appeals.reject(appeal, by=supervisor, answer="Seen again yesterday.", at=at)


GIVEN = ("bad.example", "never-heard.example", "no name at all")


@pytest.mark.parametrize("given", GIVEN)
def test_every_answer_adds_one_leaf_whether_the_name_is_known_or_not(
    given: str, listed, supervisor: User, at
) -> None:
    before = log.size()
    appeals.reject(appeal_for(given, at), by=supervisor, answer="Seen again.", at=at)
    assert log.size() == before + 1
    leaf = LogLeaf.objects.latest("index")
    assert len(bytes(leaf.commitment)) == 32
    decision = json.loads(leaf.decision)
    verb = "appeal-rejected" if given == "bad.example" else "appeal-unlisted"
    assert (decision["verb"], decision["name"]) == (verb, given)
    assert sorted(decision) == ["at", "list", "name", "verb"]


@pytest.mark.parametrize("given", GIVEN[1:])
def test_an_appeal_for_an_unknown_name_that_is_upheld_is_in_the_log_too(
    given: str, listed, supervisor: User, at
) -> None:
    before = log.size()
    appeals.uphold(appeal_for(given, at), by=supervisor, answer="It was never listed.", at=at)
    assert log.size() == before + 1


def test_answers_of_one_minute_are_signed_together(listed, supervisor: User, at) -> None:
    assert transparency.sign_when_due(at)
    for number, given in enumerate(GIVEN):
        when = at + timedelta(seconds=10 * number)
        appeals.reject(appeal_for(given, at), by=supervisor, answer="No.", at=when)
        assert not transparency.sign_when_due(when)
    assert transparency.sign_when_due(at + timedelta(minutes=1))
    assert [head.size for head in log.heads()] == [1, 4]


def test_an_appeal_is_decided_once_and_with_a_reason(listed, supervisor: User, at) -> None:
    appeal = appeal_for("bad.example", at)
    with pytest.raises(appeals.NoAnswer):
        appeals.uphold(appeal, by=supervisor, answer=" ", at=at)
    appeals.reject(appeal, by=supervisor, answer="Seen again.", at=at)
    with pytest.raises(appeals.DecidedAlready):
        appeals.uphold(appeal, by=supervisor, answer="Sold.", at=at)


@pytest.mark.parametrize("verb", ["uphold", "reject", "answer_unlisted"])
@pytest.mark.parametrize("is_known", [True, False])
def test_nothing_is_upheld_or_rejected_of_a_name_that_no_list_has(
    listed, officer: User, at, verb, is_known
) -> None:
    life.remove(listed, by=officer, reason="Gone", at=at)
    appeal = appeal_for("bad.example" if is_known else "new.example", at)
    decided = getattr(appeals, verb)(appeal, by=officer, answer="We looked at it.", at=at)
    assert decided.state == "unlisted"
    assert AuditEntry.objects.filter(verb="worstof.appeal.unlisted").count() == 1
    (year,) = yearly.years()
    assert (year.appeals_upheld, year.appeals_unchanged, year.removed) == (0, 1, 1)


def test_an_appeal_against_a_name_that_a_list_has_is_not_answered_as_if_none_had(
    listed, supervisor: User, at
) -> None:
    appeal = appeal_for("bad.example", at)
    with pytest.raises(appeals.OnAList):
        appeals.answer_unlisted(appeal, by=supervisor, answer="We looked at it.", at=at)
    appeal.refresh_from_db()
    assert appeal.state == "open"


def test_the_sender_cannot_tell_one_decision_from_another(
    listed, nominated, judged, officer: User, assessor: User, supervisor: User, at
) -> None:
    judged(judged(nominated("kept.example"), officer), assessor)
    pages = set()
    for name, verb in (
        ("kept.example", appeals.reject),
        ("new.example", appeals.answer_unlisted),
        ("bad.example", appeals.uphold),
    ):
        appeal, code = appeals.receive(name, "Mistake", language="en", at=at)
        verb(appeal, by=supervisor, answer="We looked at it.", at=at)
        page = Client().post("/appeal/status/", {"code": code}).content.decode()
        assert "We looked at it." in page
        pages.add(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page))
    assert len(pages) == 1


def sent(client: Client, domain: str) -> str:
    said = {"domain": domain, "grounds": "It was sold.", "contact": ""}
    answer = client.post("/appeal/", said)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_public_page_says_the_same_of_a_listed_and_an_unknown_name(listed) -> None:
    code = re.compile(r"[A-Z2-9]{5}(-[A-Z2-9]{5}){3}")
    moment = re.compile(r"<time.*?</time>")
    pages = {
        moment.sub("", code.sub("CODE", sent(Client(), name)))
        for name in ("bad.example", "new.example")
    }
    tokens = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert len({tokens.sub("", page) for page in pages}) == 1


def test_the_code_opens_the_answer_and_another_code_opens_nothing(db, supervisor, at) -> None:
    appeal, code = appeals.receive("new.example", "Mistake", language="en", at=at)
    answer = Client().post("/appeal/status/", {"code": code})
    assert "is being examined" in answer.content.decode()
    appeals.reject(appeal, by=supervisor, answer="Seen again.", at=at)
    assert "Seen again." in Client().post("/appeal/status/", {"code": code}).content.decode()
    assert Client().post("/appeal/status/", {"code": "AAAAA"}).status_code == 404


def send_from(address: str, **headers: str) -> HttpResponse:
    said = {"domain": "bad.example", "grounds": "It was sold.", "contact": ""}
    return Client().post("/appeal/", said, REMOTE_ADDR=address, **headers)


def test_one_sender_cannot_use_up_the_appeals_of_everybody(db) -> None:
    codes = [send_from("203.0.113.7").status_code for _ in range(8)]
    assert codes == [200] * 6 + [429] * 2
    codes = [send_from(f"2001:db8:0:1::{n}").status_code for n in range(8)]
    assert codes == [200] * 6 + [429] * 2
    assert send_from("198.51.100.7").status_code == 200
    assert Appeal.objects.count() == 13


def test_behind_our_proxy_senders_are_told_apart(db, monkeypatch) -> None:
    config = dataclasses.replace(settings.CONFIG, trusted_proxies=1)
    monkeypatch.setattr(settings, "CONFIG", config)
    for n in range(7):
        answer = send_from("192.0.2.1", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.7")
    assert answer.status_code == 429
    assert send_from("192.0.2.1", HTTP_X_FORWARDED_FOR="198.51.100.1").status_code == 200


def test_who_comes_too_often_keeps_the_words_and_reads_another_way(
    db, monkeypatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "stop-page.toml"
    file.write_text(
        '[[contacts]]\nkind = "appeal"\naddress = "mailto:appeals@desk.example"\n'
        'text.en = "By post: Desk, 1 Harbour Street"'
    )
    monkeypatch.setattr(stop_texts, "path", lambda: file)
    for _ in range(7):
        answer = send_from("203.0.113.7")
    page = answer.content.decode()
    assert answer.status_code == 429
    for words in ("Nothing was sent", "It was sold.", "1 Harbour Street", "appeals@desk.example"):
        assert words in page
    kept = [str(list(model.objects.values())) for model in (Appeal, AuditEntry)]
    assert "203.0.113" not in "".join(kept) + caplog.text


@pytest.fixture(autouse=True)
def fair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appeal_views, "_sent", Fairness(appeal_views._sent.limits))


def test_an_appeal_without_grounds_or_too_long_is_refused_and_kept_nowhere(db) -> None:
    for grounds in ("", "x" * 4001):
        answer = Client().post("/appeal/", {"domain": "a.example", "grounds": grounds})
        assert answer.status_code == 400
    assert not Appeal.objects.exists()


@pytest.mark.parametrize("length", [200, 254, 5000])
def test_a_pasted_address_is_taken_in_however_long_it_is(length: int, listed: Entry) -> None:
    sent(Client(), f"https://bad.example/?{'x' * length}")
    appeal = Appeal.objects.get()
    assert (appeal.name, appeal.entry) == ("bad.example", listed)
    sent(Client(), "x " * length)
    assert len(Appeal.objects.latest("pk").given) <= 253


def test_the_form_refuses_a_post_without_its_token(db) -> None:
    answer = Client(enforce_csrf_checks=True).post("/appeal/", {"domain": "a.example"})
    assert answer.status_code == 403


@pytest.fixture
def blocked(nominated, judged, officer: User, assessor: User, marks: Path, at: datetime):
    """List names and publish them; gives a look at what resolvers block."""

    def put(*names: str) -> Callable[[], set[str]]:
        for name in names:
            entry = nominated(name.replace("www.", "old."))
            # As domains were put forward before `www.` was left out.
            Entry.objects.filter(pk=entry.pk).update(name=name, shown=name)
            entry.refresh_from_db()
            judged(judged(entry, officer), assessor)
        publishing.publish_waiting(at)
        return lambda: set(ZoneName.objects.values_list("name", flat=True))

    return put


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (["bad.example"], "https://www.bad.example/x"),
        (["bad.example", "shop.bad.example"], "shop.bad.example"),
        (["bad.example", "www.bad.example"], "bad.example"),
        (["www.bad.example"], "bad.example"),
    ],
)
def test_an_upheld_appeal_opens_the_site_also_where_the_block_has_another_name(
    blocked, names: list[str], given: str, supervisor: User, client_for, at
) -> None:
    now = blocked(*names, "worse.example")
    appeal = appeal_for(given, at)
    page = client_for(supervisor).get(f"/worst-of/appeals/{appeal.pk}/").content.decode()
    assert all(f"/worst-of/entries/{e.pk}/" in page for e in Entry.objects.filter(name__in=names))
    with pytest.raises(appeals.OnAList):
        appeals.answer_unlisted(appeal, by=supervisor, answer="Not listed.", at=at)
    appeals.uphold(appeal, by=supervisor, answer="It was sold.", at=at)
    publishing.publish_waiting(at)
    assert now() == {"worse.example"}


def test_the_page_of_an_appeal_says_which_listed_name_covers_the_one_written(
    blocked, supervisor: User, client_for, at
) -> None:
    blocked("bad.example", "cellar.www.bad.example")
    appeal = appeal_for("https://www.bad.example/x", at)
    page = client_for(supervisor).get(f"/worst-of/appeals/{appeal.pk}/").content.decode()
    assert "bad.example is listed, and the block covers everything below it, also www.bad" in page
    assert "Below it, and not decided about here" in page
    below = Entry.objects.get(name="cellar.www.bad.example")
    assert f"/worst-of/entries/{below.pk}/" in page
    appeals.uphold(appeal, by=supervisor, answer="It was sold.", at=at)
    below.refresh_from_db()
    assert below.state == "listed"


def test_who_judged_an_entry_above_the_name_may_not_reject_the_appeal(
    listed: Entry, officer: User, supervisor: User, at
) -> None:
    appeal = appeal_for("shop.bad.example", at)
    with pytest.raises(appeals.JudgedTheEntry):
        appeals.reject(appeal, by=officer, answer="No.", at=at)
    assert appeals.reject(appeal, by=supervisor, answer="No.", at=at).entry == listed


def test_who_put_the_domain_forward_may_not_reject_the_appeal(
    nominated, judged, officer: User, assessor: User, supervisor: User, administrator: User, at
) -> None:
    judged(judged(nominated(by=supervisor), officer), assessor)
    appeal = appeal_for("bad.example", at)
    with pytest.raises(appeals.JudgedTheEntry):
        appeals.reject(appeal, by=supervisor, answer="No.", at=at)
    assert appeals.reject(appeal, by=administrator, answer="No.", at=at).state == "rejected"


def test_who_brought_in_the_file_that_verified_may_not_reject_in_a_later_round_either(
    world_list, nominated, judged, officer: User, assessor: User, supervisor: User,
    administrator: User, at,
) -> None:  # fmt: skip
    judged(nominated(), officer)
    yes = dict.fromkeys(("real", "under_13", "severe", "online"), "yes")
    said = {"domain": "bad.example", "assessor": "Ann Other", "confidence": "high", **yes}
    said |= {"seen_online_at": (at - timedelta(days=1)).isoformat()}
    whose = incoming.Whose(world_list, assessor.agency)
    data = json.dumps([said]).encode()
    file = importing.receive(data, "partner.json", whose, by=supervisor, at=at)
    importing.take_in(importing.confirm(file, by=supervisor, at=at), at=at)
    assert Entry.objects.get().state == "listed"
    Entry.objects.update(round=2)
    appeal = appeal_for("bad.example", at)
    with pytest.raises(appeals.JudgedTheEntry):
        appeals.reject(appeal, by=supervisor, answer="No.", at=at)
    assert appeals.reject(appeal, by=administrator, answer="No.", at=at).state == "rejected"


def test_an_entry_knows_every_appeal_that_is_about_it_whenever_and_by_whatever_name_it_came(
    nominated, judged, officer: User, assessor: User, supervisor: User, client_for, at
) -> None:
    early = appeal_for("https://www.bad.example/x", at)
    entry = judged(judged(nominated(), officer), assessor)
    national = BlockList.objects.create(
        name="Ours", country="JM", legal_basis="Act", distinct="agency"
    )
    ours = nominated(on=national)
    late = appeal_for("bad.example", at)
    appeal_for("other.example", at)
    client = client_for(officer)
    for each in (entry, ours):
        page = client.get(f"/worst-of/entries/{each.pk}/").content.decode()
        assert all(f"/worst-of/appeals/{appeal.pk}/" in page for appeal in (early, late))
        assert "<dt>Appeals</dt><dd>2 <strong>(2 open)" in page
    found = board.page(board.Wanted("all", appealed=True), officer, at=at).rows
    assert {row.entry: row.appeals for row in found} == {entry: 2, ours: 2}
    life.move_clocks(entry.due_at)
    entry.refresh_from_db()
    reasons = board.risks_of([entry], at=entry.due_at)[entry.pk].reasons
    assert "appeal" in dict(reasons)
    for appeal in (early, late):
        appeals.reject(appeal, by=supervisor, answer="Seen again.", at=at)
    assert not board.page(board.Wanted("all", appealed=True), officer, at=at).rows


@pytest.mark.parametrize("verb", ["upheld", "rejected", "unlisted"])
def test_every_answer_to_an_appeal_stands_in_the_history_of_its_entry(
    verb: str, listed: Entry, officer: User, supervisor: User, client_for, at
) -> None:
    if verb == "unlisted":
        life.remove(listed, by=officer, reason="Gone", at=at)
    answer = {"upheld": appeals.uphold, "rejected": appeals.reject}.get(verb, appeals.reject)
    answer(appeal_for("www.bad.example", at), by=supervisor, answer="We looked at it.", at=at)
    step = listed.steps.get(verb=f"worstof.appeal.{verb}")
    assert (step.reason, step.by_name) == ("We looked at it.", str(supervisor))
    page = client_for(officer).get(f"/worst-of/entries/{listed.pk}/").content.decode()
    assert "We looked at it." in page


def test_a_rejected_appeal_does_not_keep_a_slip_from_being_taken_back(
    listed: Entry, supervisor: User, marks: Path, at
) -> None:
    publishing.publish_waiting(at)
    appeals.reject(appeal_for("bad.example", at), by=supervisor, answer="Seen.", at=at)
    life.remove(listed, by=supervisor, reason="Wrong row", at=at)
    assert life.restore(listed, by=supervisor, reason="A slip", at=at).state == "listed"
