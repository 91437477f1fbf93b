"""The cast: one person per role, a fixed moment that tests call now, and reports to take in."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import pytest
from django.conf import settings as desk_settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker

from breakwater.formats import filing
from breakwater.people.models import Agency, User
from breakwater.reports import picture_index
from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Bundle, Delivery, Report

# How long drawing an example takes says something of the machine, not of the program.
settings.register_profile("breakwater", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("breakwater")
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


@pytest.fixture(autouse=True)
def fresh_picture_index() -> None:
    """What a test rolls back must not be found by the next one."""
    picture_index.forget()


@pytest.fixture(autouse=True)
def own_language_and_zone() -> None:
    """What the last request of another test spoke, and in which zone, is not this test's."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture
def at() -> datetime:
    return datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def police(db: None) -> Agency:
    return Agency.objects.create(
        name="Police of Testland", kind="police", country="JM", is_synthetic=True
    )


@cache
def _hashed(hasher: str) -> str:
    """The cast's password; hashing is slow on purpose, and these people may share one salt."""
    return make_password(PASSWORD)


def _person(username: str, role: str, agency: Agency) -> User:
    # A test may choose a quicker hash; what it made must not open anything in the next one.
    hasher = desk_settings.PASSWORD_HASHERS[0]
    return User.objects.create(
        username=username, password=_hashed(hasher), role=role, agency=agency
    )


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
def assessor(db: None) -> User:
    """An officer of another country's police, who judges domains of the Worst Of list."""
    abroad = Agency.objects.create(
        name="Police of Elsewhere", kind="police", country="CW", is_synthetic=True
    )
    return _person("assessor", "assessor", abroad)


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


XML = (
    "<report><incidentSummary><incidentType>{type}</incidentType>{escalate}"
    "<incidentDateTime>2026-10-30T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><personOrUserReportedPerson><email>{email}</email>"
    "</personOrUserReportedPerson><espIdentifier>{account}</espIdentifier>{profile}"
    "<ipCaptureEvent><ipAddress>203.0.113.9</ipAddress><eventName>Login</eventName>"
    "<dateTime>2026-10-30T13:00:00Z</dateTime><port>4711</port></ipCaptureEvent>"
    "</personOrUserReported></report>"
)


@pytest.fixture
def take_in(db: None, at: datetime) -> Callable[..., Report]:
    """Take one synthetic report in and read it; the same account joins the same bundle."""

    def take(
        number: str,
        account: str = "",
        *,
        urgent: bool = False,
        type: str = "Online Enticement of Children for Sexual Acts",
        email: str = "",
        profile: str = "",
    ) -> Report:
        escalate = (
            "<escalateToHighPriority>A child is in danger</escalateToHighPriority>"
            if urgent
            else ""
        )
        xml = XML.format(
            type=type,
            escalate=escalate,
            account=account or f"user-{number}",
            email=email or f"{number.lower()}@mail.example",
            profile=f"<profileUrl>{profile}</profileUrl>" if profile else "",
        )
        delivery = Delivery.objects.create(
            door="provider", name=number, sent_by="test", received_at=at, state="received"
        )
        package = filing.pack([filing.Part("report", xml.encode())])
        document = Document(f"{number}.filing", "filing", package, number, "Example Chat")
        accept_originals([document], delivery=delivery, at=at)
        unpack_waiting(at=at)
        return Report.objects.get(number=number)

    return take


@pytest.fixture
def bundle_of() -> Callable[[Report], Bundle]:
    return lambda report: Bundle.objects.get(memberships__report=report)
