"""The stop page says why somebody is there, in four languages, and keeps nothing of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from typer.testing import CliRunner

from breakwater.worstof.commands import app
from breakwater.worstof.models import BlockList, StopCount
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


def test_the_bundle_needs_no_server_but_its_own(tmp_path: Path) -> None:
    appeal = "https://desk.example/appeal/"
    command = ["stop-page", "--output", str(tmp_path), "--appeal", appeal]
    assert CliRunner().invoke(app, command).exit_code == 0
    names = {"en.html", "es.html", "fr.html", "nl.html", "index.html", "stop.css"}
    assert {p.name for p in tmp_path.iterdir()} == names
    for path in tmp_path.glob("*.html"):
        text = path.read_text("utf-8")
        assert text.replace(appeal, "").count("https:") == 0
        assert "<script" not in text
        assert "style=" not in text
