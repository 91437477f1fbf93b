"""Entries on the command line, always in the name of a person who may."""

import pytest
from typer.testing import CliRunner

from breakwater.worstof.life_commands import app
from breakwater.worstof.models import Entry

pytestmark = pytest.mark.django_db
SEEN = ("--evidence", "T-1", "--seen", "Seen", "--seen-at", "2026-01-02T12:00Z")


def run(*words):
    answer = CliRunner().invoke(app, list(words))
    return answer.exit_code, answer.output


def test_a_domain_is_put_forward_shown_and_removed(officer):
    code, told = run("nominate", "hxxps://Bad[.]example/x", *SEEN, "--as", "officer")
    assert (code, "bad.example" in told) == (0, True)
    number = f"W-{Entry.objects.get().pk}"
    assert number in run("list", "--as", "officer")[1]
    assert "bad.example" in run("show", number, "--as", "officer")[1]
    assert run("remove", number, "--reason", "Gone", "--as", "officer")[0] == 0
    assert Entry.objects.get().state == "removed"
    assert run("remove", number, "--reason", "Gone", "--as", "officer")[0] == 1


def test_who_may_not_does_not(officer, assessor, analyst):
    assert run("nominate", "bad.example", *SEEN, "--as", "analyst")[0] == 2
    assert run("nominate", "bad.example", *SEEN, "--as", "nobody")[0] == 2
    run("nominate", "bad.example", *SEEN, "--as", "assessor")
    number = f"W-{Entry.objects.get().pk}"
    assert run("remove", number, "--reason", "Gone", "--as", "assessor")[0] == 2


def test_what_is_no_domain_or_no_moment_is_said(officer):
    code, told = run("nominate", "192.0.2.1", *SEEN, "--as", "officer")
    assert (code, "IP address" in told) == (2, True)
    bad = (*SEEN[:-1], "2999-01-01T00:00Z", "--as", "officer")
    assert run("nominate", "bad.example", *bad)[0] == 2
