"""The public report: how many decisions and appeals there were in each year. No name, no person."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, timedelta
from statistics import median

from django.db.models import Count, Sum
from django.db.models.functions import ExtractYear

from breakwater.worstof.models import Appeal, LogCount, StopCount


@dataclass(frozen=True, slots=True)
class Year:
    """Counts of one calendar year (UTC). Appeals are answered in the year of the answer.

    Rejected ones and those against names on no list are one number: two would tell a sender, who
    looks before and after the answer, whether the name is listed.
    """

    year: int
    listed: int
    removed: int
    lapsed: int
    appeals_received: int
    appeals_upheld: int
    appeals_unchanged: int  # answered, and nothing was taken off
    days_to_answer: float | None  # median, one decimal; None if nothing was answered
    stop_page_shown: int


def years() -> list[Year]:
    """Every year from the first with a number to the last, oldest first."""
    decisions = _decisions()
    received, upheld, unchanged, days = _appeals()
    shown = _shown()
    known = {year for year, _ in decisions} | set(received) | set(days) | set(shown)
    return [
        Year(
            year=year,
            listed=decisions[year, "listed"],
            removed=decisions[year, "removed"],
            lapsed=decisions[year, "lapsed"],
            appeals_received=received[year],
            appeals_upheld=upheld[year],
            appeals_unchanged=unchanged[year],
            days_to_answer=round(median(days[year]), 1) if year in days else None,
            stop_page_shown=shown[year],
        )
        for year in range(min(known, default=1), max(known, default=0) + 1)
    ]


def _decisions() -> Counter[tuple[int, str]]:
    rows = LogCount.objects.values_list("year", "verb", "leaves")
    return Counter({(year, verb): n for year, verb, n in rows})


def _appeals() -> tuple[Counter[int], Counter[int], Counter[int], dict[int, list[float]]]:
    """Received, upheld and not upheld by year, and the days that the answers took."""
    # What was handed on to another country is the same appeal, which its first answer counts.
    first = Appeal.objects.filter(part_of=None)
    by_year = first.annotate(year=ExtractYear("received_at", tzinfo=UTC))
    received = Counter(dict(by_year.values_list("year").order_by().annotate(n=Count("pk"))))
    upheld: Counter[int] = Counter()
    unchanged: Counter[int] = Counter()
    days: dict[int, list[float]] = {}
    rows = first.exclude(decided_at=None)
    for state, begun, decided in rows.values_list("state", "received_at", "decided_at").iterator():
        if decided:
            year = decided.astimezone(UTC).year
            (upheld if state == Appeal.State.UPHELD else unchanged)[year] += 1
            days.setdefault(year, []).append((decided - begun) / timedelta(days=1))
    return received, upheld, unchanged, days


def _shown() -> Counter[int]:
    rows = StopCount.objects.annotate(year=ExtractYear("day")).values_list("year").order_by()
    return Counter(dict(rows.annotate(n=Sum("shown"))))
