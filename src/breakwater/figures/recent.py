"""The desk's counts of the last twelve months, counted at most once a minute.

Dashboards are looked at far more often than counts change; every page says when they were
taken.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache

from breakwater.reports.queries import tallies

MONTHS = 12
DAYS = 30
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Recent:
    since: date
    taken_at: datetime
    counts: tallies.Overview
    last_days: tallies.Counts


def recent(now: datetime) -> Recent:
    since = first_month(now.date())
    key = f"figures-recent-{since:%Y-%m}"
    known = cache.get(key)
    if isinstance(known, Recent):
        return known
    counts = tallies.overview(since=since)
    last = counts.since(now.date() - timedelta(days=DAYS - 1))
    found = Recent(since, now, counts, last)
    cache.set(key, found, KEPT_SECONDS)
    return found


def first_month(today: date) -> date:
    """The first day of the month that begins the span."""
    months = today.year * 12 + today.month - 1 - (MONTHS - 1)
    return date(months // 12, months % 12 + 1, 1)
