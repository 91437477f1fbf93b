"""What the list comes to, in counts: for those who oversee it. No name of the list is read.

Counted at most once a minute; the page says when.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from django.core.cache import cache
from django.db.models import Count, Min, Sum
from django.db.models.functions import TruncDay, TruncMonth

from breakwater.worstof.models import Appeal, Entry, Publication, Step, StopCount

MONTHS = 12
DAYS = 30
KEPT_SECONDS = 60
_DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Month:
    """`days_to_list`: of the domains first listed in it, the median days since the nomination."""

    added: int = 0
    removed: int = 0
    listed: int = 0
    days_to_list: float | None = None


@dataclass(frozen=True, slots=True)
class Appeals:
    open: int
    overdue: int
    overdue_since: datetime | None  # of the oldest
    upheld: int
    rejected: int
    unlisted: int  # no list had the domain
    days_to_answer: float | None  # median


@dataclass(frozen=True, slots=True)
class Lapsed:
    """How many domains left the list on one day (UTC) because nobody verified them in time."""

    day: datetime
    domains: int
    listed: int  # before, as far as is known


@dataclass(frozen=True, slots=True)
class Overview:
    taken_at: datetime
    by_state: dict[str, tuple[int, int]]  # on the international list, on national additions
    months: dict[date, Month]
    days_to_list: float | None
    verified_again: int  # of the last twelve months
    lapsed: int
    lapsed_most: Lapsed | None  # the day of the last seven on which most did
    due: int
    appeals: Appeals
    stopped: int  # visitors that the desk's own stop page was shown to in 30 days

    @property
    def in_time(self) -> float | None:
        """Of the domains whose freshness ended, the part that was verified again in time."""
        ended = self.verified_again + self.lapsed
        return self.verified_again / ended if ended else None


def overview(at: datetime) -> Overview:
    found = cache.get("worstof-overview")
    if isinstance(found, Overview):
        return found
    found = count(at)
    cache.set("worstof-overview", found, KEPT_SECONDS)
    return found


def count(at: datetime) -> Overview:
    since = _first_month(at.astimezone(UTC))
    waits = _days_to_list(since)
    by_state = _by_state()
    steps = Step.objects.filter(at__gte=since).order_by().values_list("verb")
    verbs = dict(steps.annotate(n=Count("pk")))
    return Overview(
        taken_at=at,
        by_state=by_state,
        months=_months(since, at, waits),
        days_to_list=_median(days for found in waits.values() for days in found),
        verified_again=verbs.get("worstof.entry.verified_again", 0),
        lapsed=verbs.get("worstof.entry.lapsed", 0),
        lapsed_most=_lapsed_most(at, by_state),
        due=sum(by_state.get(Entry.State.DUE, (0, 0))),
        appeals=_appeals(since, at),
        stopped=_stopped(at),
    )


def _first_month(at: datetime) -> datetime:
    months = at.year * 12 + at.month - 1 - (MONTHS - 1)
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _by_state() -> dict[str, tuple[int, int]]:
    rows = Entry.objects.order_by().values_list("state", "block_list__country")
    found: dict[str, tuple[int, int]] = {}
    for state, country, n in rows.annotate(n=Count("pk")):
        world, national = found.get(state, (0, 0))
        found[state] = (world, national + n) if country else (world + n, national)
    return found


def _days_to_list(since: datetime) -> dict[date, list[float]]:
    """By month, the days from nomination to first listing of each domain listed in it."""
    first = Step.objects.filter(verb="worstof.entry.listed").order_by().values_list("entry_id")
    rows = first.annotate(first=Min("at")).filter(first__gte=since)
    found: dict[date, list[float]] = {}
    for _entry, created, listed in rows.values_list("entry_id", "entry__created_at", "first"):
        month = listed.astimezone(UTC).date().replace(day=1)
        found.setdefault(month, []).append(max(0.0, (listed - created) / _DAY))
    return found


def _lapsed_most(at: datetime, by_state: dict[str, tuple[int, int]]) -> Lapsed | None:
    rows = Step.objects.filter(verb="worstof.entry.lapsed", at__gt=at - WEEK, at__lte=at)
    days = rows.order_by().annotate(day=TruncDay("at", tzinfo=UTC)).values_list("day")
    day, most = max(days.annotate(n=Count("pk")), key=lambda found: found[1], default=(at, 0))
    listed = sum(sum(by_state.get(state, (0, 0))) for state in Entry.PUBLISHED)
    return Lapsed(day, most, listed + most) if most else None


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return median(found) if found else None


def _months(since: datetime, at: datetime, waits: dict[date, list[float]]) -> dict[date, Month]:
    rows = Publication.objects.filter(at__gte=since).order_by()
    rows = rows.annotate(month=TruncMonth("at", tzinfo=UTC))
    sums = {
        row["month"].date(): (row["plus"], row["minus"])
        for row in rows.values("month").annotate(plus=Sum("added"), minus=Sum("removed"))
    }
    found = {}
    for number in range(MONTHS):
        index = since.year * 12 + since.month - 1 + number
        month = date(index // 12, index % 12 + 1, 1)
        wait = waits.get(month, [])
        found[month] = Month(*sums.get(month, (0, 0)), len(wait), _median(wait))
    return found


def _appeals(since: datetime, at: datetime) -> Appeals:
    State = Appeal.State
    rows = Appeal.objects.filter(received_at__gte=since)
    by_state = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    decided = rows.exclude(decided_at=None).values_list("received_at", "decided_at")
    spans = ((end - begin) / _DAY for begin, end in decided if end)
    waiting = Appeal.objects.filter(state=State.OPEN)  # however old
    overdue = waiting.filter(due_at__lt=at)
    return Appeals(
        open=waiting.count(),
        overdue=overdue.count(),
        overdue_since=overdue.aggregate(first=Min("due_at"))["first"],
        upheld=by_state.get(State.UPHELD, 0),
        rejected=by_state.get(State.REJECTED, 0),
        unlisted=by_state.get(State.UNLISTED, 0),
        days_to_answer=_median(spans),
    )


def _stopped(at: datetime) -> int:
    rows = StopCount.objects.filter(day__gt=at.astimezone(UTC).date() - timedelta(days=DAYS))
    return rows.aggregate(n=Sum("shown"))["n"] or 0
