"""The stop page says why somebody is there, in four languages, and keeps nothing of them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from breakwater.people.models import User
from breakwater.worstof import stop_page
from breakwater.worstof.actions.lists import international
from breakwater.worstof.commands import app
from breakwater.worstof.models import Appeal, BlockList, Publication, StopCount
from breakwater.worstof.queries import stop_texts
from breakwater.worstof.rules.stop_texts import BadStopTexts
from breakwater.worstof.stop_page import Counter

pytestmark = pytest.mark.django_db


def test_the_page_speaks_the_visitors_language_and_sets_no_cookie() -> None:
    BlockList.objects.create(name="Worst Of", legal_basis="Synthetic Act s. 1")
    for language, word in (("nl", "geblokkeerd"), ("es", "bloqueada"), ("fr", "bloquée")):
        answer = Client().get("/stop/", headers={"Accept-Language": language})
        text = answer.content.decode()
        assert word in text
        assert "Synthetic Act s. 1" in text
        assert "/appeal/" in text
        assert "<script" not in text
        assert not answer.cookies


def test_showings_are_counted_by_day_and_nothing_else_is_kept() -> None:
    counter, at = Counter(), datetime(2026, 11, 2, 23, 59, 55, tzinfo=UTC)
    for second in (0, 1, 2, 12):
        counter.count(at + timedelta(seconds=second))
    assert list(StopCount.objects.order_by("day").values_list("shown", flat=True)) == [3, 1]
    assert {f.name for f in StopCount._meta.get_fields()} == {"day", "shown"}


def test_a_count_that_cannot_be_written_down_waits_and_the_page_is_shown(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, at = Counter(), datetime(2026, 11, 2, 12, tzinfo=UTC)
    monkeypatch.setattr(stop_page, "counter", counter)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE worstof_stopcount RENAME TO away")
        assert client.get("/stop/").status_code == 200
        for second in (20, 40):
            counter.count(at + timedelta(seconds=second))
        cursor.execute("ALTER TABLE away RENAME TO worstof_stopcount")
    counter.count(at + timedelta(seconds=60))
    assert StopCount.objects.get(day=at.date()).shown == 3
    assert sum(StopCount.objects.values_list("shown", flat=True)) == 4


def test_a_clock_that_was_ahead_holds_back_no_count() -> None:
    counter, at = Counter(), datetime(2026, 11, 2, 12, tzinfo=UTC)
    counter.count(at + timedelta(days=1))
    counter.count(at)
    assert StopCount.objects.get(day=at.date()).shown == 1


def test_a_look_at_the_head_alone_is_not_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_page, "counter", Counter())
    assert client.head("/stop/").status_code == 200
    assert not StopCount.objects.exists()
    client.get("/stop/")
    assert StopCount.objects.get().shown == 1


def test_the_bundle_needs_no_server_but_its_own(tmp_path: Path) -> None:
    appeal = "https://desk.example/appeal/"
    command = ["stop-page", "--output", str(tmp_path), "--appeal", appeal]
    assert CliRunner().invoke(app, command).exit_code == 0
    names = {"en.html", "es.html", "fr.html", "nl.html", "stop.css"}
    pages = tmp_path / "breakwater-stop"
    assert {p.name for p in tmp_path.iterdir()} == {"breakwater-stop", "nginx.conf"}
    assert {p.name for p in pages.iterdir()} == names
    for path in pages.glob("*.html"):
        text = path.read_text("utf-8")
        assert text.replace(appeal, "").count("https:") == 0
        assert "<script" not in text
        assert "style=" not in text


def test_from_any_path_the_bundles_links_lead_to_its_own_files(tmp_path: Path) -> None:
    command = ["stop-page", "--output", str(tmp_path), "--appeal", "https://desk.example/appeal/"]
    assert CliRunner().invoke(app, command).exit_code == 0
    for path in tmp_path.glob("breakwater-stop/*.html"):
        for link in re.findall(r'href="([^"]+)"', path.read_text("utf-8")):
            if link not in ("data:,", "https://desk.example/appeal/"):
                found = urljoin("http://listed-site.example/gallery/1/picture.jpg", link)
                assert (tmp_path / urlsplit(found).path[1:]).is_file(), link


@pytest.mark.parametrize(
    "words", [[], ["--output", "x", "--serve", "127.0.0.1:80"], ["--serve", "stop.example"]]
)
def test_the_command_has_to_know_where_the_page_goes(words: list[str]) -> None:
    command = ["stop-page", "--appeal", "https://desk.example/appeal/", *words]
    assert CliRunner().invoke(app, command).exit_code == 2


TOML = """
appeal_days = 14
[law]
en = "Synthetic Act, section 1"
nl = "Synthetische wet, artikel 1"
[[contacts]]
kind = "child"
address = "tel:+15550100"
text.en = "Helpline 555 0100"
"""


@pytest.fixture
def operator_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "stop-page.toml"
    monkeypatch.setattr(stop_texts, "path", lambda: file)
    return file


def test_the_operator_names_law_contacts_and_the_days_of_an_appeal(operator_file: Path) -> None:
    BlockList.objects.create(name="Worst Of", legal_basis="Other Act")
    operator_file.write_text(TOML)
    dutch = Client().get("/stop/?language=nl").content.decode()
    assert "Synthetische wet, artikel 1" in dutch
    assert "Other Act" not in dutch
    assert '<a href="tel:+15550100">Helpline 555 0100</a>' in dutch
    assert "Synthetic Act, section 1" in Client().get("/stop/?language=fr").content.decode()
    assert "within 14 days" in Client().get("/stop/?language=en").content.decode()
    Client().post("/appeal/", {"domain": "a.example", "grounds": "Mistake"})
    appeal = Appeal.objects.get()
    assert appeal.due_at - appeal.received_at == timedelta(days=14)


def test_a_faulty_file_is_refused_by_the_command_and_leaves_the_visitor_a_page(
    operator_file: Path, tmp_path: Path
) -> None:
    operator_file.write_text("appeal_days = 0")
    assert "within 30 days" in Client().get("/stop/?language=en").content.decode()
    command = ["stop-page", "--output", str(tmp_path), "--appeal", "https://desk.example/appeal/"]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 2
    assert "appeal_days" in answer.output


def test_what_the_file_leaves_out_is_told_to_whoever_writes_the_page_and_on_blocking(
    operator_file: Path, tmp_path: Path, analyst: User, client_for: Callable[[User], Client]
) -> None:
    Publication.objects.create(
        serial=1, at=timezone.now(), names=1, added=1, removed=0, size=0, manifest="{}"
    )

    def blocking() -> str:
        return client_for(analyst).get("/blocking/").content.decode()

    def command() -> str:
        words = ["stop-page", "--output", str(tmp_path), "--appeal", "https://desk.example/appeal/"]
        return CliRunner().invoke(app, words).output

    assert "nothing on: law, report, child, worried." in command()
    assert "The stop page does not say: the law, where to report, who helps a child," in blocking()
    operator_file.write_text("law.en = 'Act'\n[[contacts]]\nkind = 'child'\ntext.en = '555 0100'\n")
    assert "nothing on: report, worried." in command()
    assert "does not say: where to report, who helps somebody worried" in blocking()
    operator_file.write_text("appeal_days = 0")
    assert "The file of the stop page has a fault and is not used" in blocking()


def test_criteria_are_not_shown_as_a_law() -> None:
    international()
    assert "By what law" not in Client().get("/stop/?language=en").content.decode()
    BlockList.objects.update(legal_basis="Communications Act, section 12")
    assert "Communications Act" in Client().get("/stop/?language=en").content.decode()


@pytest.mark.parametrize(
    "text",
    ["days = 1", "appeal_days = true", "law = 'x'", "law.de = 'x'", "law.en = ' '", "contacts = 1",
     "[[contacts]]\nkind = 'other'\ntext.en = 'x'", "[[contacts]]\nkind = 'child'",
     "[[contacts]]\nkind = 'child'\ntext.en = 'x'\naddress = 'javascript:x'", "no toml"],
)  # fmt: skip
def test_what_the_file_cannot_say_is_refused(text: str, operator_file: Path) -> None:
    operator_file.write_text(text)
    with pytest.raises(BadStopTexts):
        stop_texts.stop_texts()
