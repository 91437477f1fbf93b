"""The read API of bundles and reports. Every read of personal data is in the audit log."""

from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from breakwater.custody.actions import record_view
from breakwater.people.api_access import reader
from breakwater.reports import texts
from breakwater.reports.models import Bundle, Report
from breakwater.reports.queries import bundles as bundle_queries
from breakwater.reports.queries import queue, single

router = Router(tags=["reports"])


class Reason(Schema):
    """Why something has its score: `key` is stable, `sentence` is in the reader's language."""

    key: str
    points: int
    sentence: str


class BundleLine(Schema):
    id: int
    state: str
    is_urgent: bool
    score: int
    reasons: list[Reason]
    country: str = Field(description="ISO 3166-1 alpha-2, or empty")
    incident_type: str
    provider: str
    report_count: int
    opened_at: datetime
    last_report_at: datetime
    assigned_to: str


class BundlePage(Schema):
    page: int
    has_next: bool
    bundles: list[BundleLine]


class BundleWhole(BundleLine):
    reports: list[str] = Field(description="report numbers, at most 2000, gravest first")


class ReportWhole(Schema):
    number: str
    door: str
    provider: str
    received_at: datetime
    country: str
    country_reason: str
    is_urgent: bool
    score: int
    reasons: list[Reason]
    completeness: int = Field(description="per cent")
    original_sha256: str
    bundles: list[int]
    record: dict[str, Any] = Field(description="everything that was understood")


class Filters(Schema):
    view: str = Field("all", description=", ".join(queue.VIEWS))
    country: str = Field("", max_length=2)
    incident_type: str = Field("", max_length=20)
    urgent: bool = False
    page: int = Field(1, ge=1, le=200)


@router.get("/bundles", response=BundlePage, summary="Bundles, the most urgent first")
def bundles(request: HttpRequest, filters: Query[Filters]) -> BundlePage:
    user = reader(request, "bundle.see")
    if filters.view not in queue.VIEWS:
        raise HttpError(422, f"view is one of {', '.join(queue.VIEWS)}")
    wanted = queue.Wanted(
        view=filters.view,
        country=filters.country.upper(),
        incident_type=filters.incident_type,
        urgent=filters.urgent,
        page=filters.page,
    )
    found = queue.page(wanted, user)
    record_view(user, "bundles", timezone.now(), detail={"api": True, "page": filters.page})
    return BundlePage(
        page=found.number,
        has_next=found.has_next,
        bundles=[BundleLine(**_line(b)) for b in found.bundles],
    )


@router.get("/bundles/{pk}", response=BundleWhole, summary="One bundle and its reports")
def bundle(request: HttpRequest, pk: int) -> BundleWhole:
    user = reader(request, "bundle.see")
    found = bundle_queries.bundle(pk, user)
    if found is None:
        raise HttpError(404, f"no bundle {pk} that you may see")
    record_view(user, f"B-{pk}", timezone.now(), detail={"api": True})
    numbers = [m.report.number for m in bundle_queries.memberships(found, 2000)]
    return BundleWhole(**_line(found), reports=numbers)


@router.get("/reports/{number}", response=ReportWhole, summary="One report as understood")
def report(request: HttpRequest, number: str) -> ReportWhole:
    user = reader(request, "report.see")
    found = single.report(number, user)
    if found is None:
        raise HttpError(404, f"no report {number[:40]} that you may see")
    record_view(user, found.number, timezone.now(), detail={"api": True})
    return ReportWhole(
        **{name: getattr(found, name) for name in _SAME},
        provider=found.provider.name,
        reasons=_reasons(found),
        original_sha256=bytes(found.original.sha256).hex(),
        bundles=[b.pk for b in single.bundles(found, user)],
        record=msgspec.to_builtins(single.record(found)),
    )


_SAME = (
    "number", "door", "received_at", "country", "country_reason", "is_urgent", "score",
    "completeness",
)  # fmt: skip


def _line(found: Bundle) -> dict[str, Any]:
    return {
        "id": found.pk,
        "state": Bundle.State(found.state).name.lower(),
        "is_urgent": found.is_urgent,
        "score": found.score,
        "reasons": _reasons(found),
        "country": found.country,
        "incident_type": found.incident_type,
        "provider": found.provider.name,
        "report_count": found.report_count,
        "opened_at": found.opened_at,
        "last_report_at": found.last_report_at,
        "assigned_to": found.assigned_to.username if found.assigned_to else "",
    }


def _reasons(found: Bundle | Report) -> list[Reason]:
    return [
        Reason(key=key, points=points, sentence=texts.reason_sentence(key, shown))
        for key, points, shown in texts.stored_reasons(found.reasons)
    ]
