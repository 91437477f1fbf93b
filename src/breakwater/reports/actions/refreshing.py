"""Sets the facts, counts and times of bundles from the reports that they hold now."""

from collections.abc import Iterable

from django.db.models import Count, F, Max, Min, Window
from django.db.models.functions import RowNumber

from breakwater.reports.models import Bundle, Membership
from breakwater.storage import bulk

# Far below the number of parameters that a database takes.
AT_ONCE = 2_000
# Of the gravest report; each bundle has a copy.
_FACTS = (
    "is_urgent", "score", "reasons", "incident_type", "provider", "is_batch", "is_informational",
    "has_generative_ai", "ip_grade",
)  # fmt: skip


def refresh_bundles_of(report_ids: Iterable[int]) -> None:
    """Refresh every bundle that one of the reports is in."""
    held = Membership.objects.filter(report_id__in=list(report_ids))
    refresh_bundles(held.values_list("bundle_id", flat=True).distinct())


def refresh_bundles(bundle_ids: Iterable[int]) -> None:
    """Copy the gravest report's facts onto each bundle, and count its reports anew."""
    wanted = sorted(set(bundle_ids))
    for first in range(0, len(wanted), AT_ONCE):
        _refresh(wanted[first : first + AT_ONCE])


def _refresh(bundle_ids: list[int]) -> None:
    by_bundle = F("bundle_id")
    gravest_first = ["-report__is_urgent", "-report__score", "report_id"]
    found = (
        Membership.objects.filter(bundle_id__in=bundle_ids)
        .annotate(
            place=Window(RowNumber(), order_by=gravest_first, partition_by=by_bundle),
            reports=Window(Count("id"), partition_by=by_bundle),
            earliest=Window(Min("report__received_at"), partition_by=by_bundle),
            latest=Window(Max("report__received_at"), partition_by=by_bundle),
        )
        .filter(place=1)
        .values_list(
            "bundle_id", "report_id", "country", "report__country", "reports", "earliest", "latest",
            *(f"report__{name}" for name in _FACTS),
        )
    )  # fmt: skip
    rows = [
        # A batch belongs to the countries of its parts, each in a bundle of its own.
        (top, part or ("" if facts[5] else country), count, earliest, latest, *facts, bundle)
        for bundle, top, part, country, count, earliest, latest, *facts in found
    ]
    fields = ("top_report", "country", "report_count", "opened_at", "last_report_at", *_FACTS)
    bulk.update(Bundle, fields, rows)
    empty = set(bundle_ids) - {row[-1] for row in rows}
    if empty:
        Bundle.objects.filter(pk__in=empty).update(report_count=0, score=0, is_urgent=False)
