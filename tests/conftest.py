"""The cast: one person per role, and a fixed moment that tests call now."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from breakwater.people.models import Agency, User

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests that commit empty their tables afterwards; the audit log refuses that.

    tests/custody puts these triggers back where it tests them.
    """
    on_table = " ON custody_auditentry" if connection.vendor == "postgresql" else ""
    name = {"sqlite": "audit_no_delete", "postgresql": "audit_no_truncate"}[connection.vendor]
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}{on_table}")


@pytest.fixture
def at() -> datetime:
    return datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def police(db: None) -> Agency:
    return Agency.objects.create(
        name="Police of Testland", kind="police", country="JM", is_synthetic=True
    )


def _person(username: str, role: str, agency: Agency) -> User:
    return User.objects.create_user(username, password=PASSWORD, role=role, agency=agency)


@pytest.fixture
def officer(police: Agency) -> User:
    return _person("officer", "officer", police)


@pytest.fixture
def supervisor(police: Agency) -> User:
    return _person("supervisor", "supervisor", police)


@pytest.fixture
def administrator(police: Agency) -> User:
    return _person("administrator", "administrator", police)


@pytest.fixture
def reader(db: None) -> User:
    """A prosecutor, who sees what was shared with the prosecutor's office."""
    office = Agency.objects.create(
        name="Prosecutor of Testland", kind="prosecutor", country="JM", is_synthetic=True
    )
    return _person("reader", "reader", office)


@pytest.fixture
def analyst(db: None) -> User:
    """A regulator's person, who sees figures and no personal data."""
    regulator = Agency.objects.create(
        name="Regulator of Testland", kind="regulator", country="JM", is_synthetic=True
    )
    return _person("analyst", "analyst", regulator)


@pytest.fixture
def auditor(db: None) -> User:
    ministry = Agency.objects.create(
        name="Ministry of Testland", kind="ministry", country="JM", is_synthetic=True
    )
    return _person("auditor", "auditor", ministry)


@pytest.fixture
def client_for() -> Callable[[User], Client]:
    """A browser of this person, signed in; failures come as pages, as people see them."""

    def signed_in(user: User) -> Client:
        client = Client(raise_request_exception=True)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in
