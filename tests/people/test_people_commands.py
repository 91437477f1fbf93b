"""The command line makes the first administrator, who must then choose a password."""

import pytest
from typer.testing import CliRunner

from breakwater.custody.models import AuditEntry
from breakwater.people.commands import app
from breakwater.people.models import User

pytestmark = pytest.mark.django_db


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_the_first_administrator_comes_from_the_command_line():
    answer = run("add-administrator", "ada", "--agency", "Police of Testland")
    assert answer.exit_code == 0
    person = User.objects.get(username="ada")
    assert person.role == "administrator"
    password = answer.output.replace("\n", " ").split("password: ")[1].strip()
    assert person.check_password(password)
    assert person.first_password_until is not None
    assert AuditEntry.objects.filter(verb="people.person.added", target="person ada").exists()


def test_an_agency_is_found_in_another_spelling(police):
    assert run("add-administrator", "ada", "--agency", f" {police.name.upper()} ").exit_code == 0
    assert User.objects.get(username="ada").agency == police


def test_a_taken_name_and_a_wrong_kind_end_with_one():
    run("add-administrator", "ada", "--agency", "Police of Testland")
    assert run("add-administrator", "ada", "--agency", "Police of Testland").exit_code == 1
    wrong = run("add-administrator", "bea", "--agency", "Court", "--kind", "judiciary")
    assert wrong.exit_code == 1
    assert not User.objects.filter(username="bea").exists()


def test_people_are_listed_with_role_and_agency(officer):
    assert "officer" in run("list").output
