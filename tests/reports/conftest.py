"""A desk with a few synthetic bundles in its queue."""

from collections.abc import Callable
from datetime import datetime

import pytest

from breakwater.formats import filing
from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Bundle, Delivery, Report

XML = (
    "<report><incidentSummary><incidentType>{type}</incidentType>{escalate}"
    "<incidentDateTime>2026-10-30T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><personOrUserReportedPerson><email>{email}</email>"
    "</personOrUserReportedPerson><espIdentifier>{account}</espIdentifier>"
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
