"""What probes found: which part of the names each recipient's resolvers block, and how soon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil, inf
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from breakwater.worstof.models import Probe, Recipient

DAYS = 30
LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Found:
    """Counts of some probes. A name that got no answer counts as not blocked."""

    probes: int = 0
    asked: int = 0
    blocked: int = 0
    unclear: int = 0  # names and canaries whose answer cannot tell; they are not in `asked`
    silent: int = 0  # probes in which a resolver left a question without answer
    refused: int = 0  # probes in which a resolver refused, or failed, in place of an answer
    delays_ms: tuple[int, ...] = ()
    late: int = 0  # new names that were not blocked as long as they were watched

    @property
    def coverage(self) -> float | None:
        """The part of the asked names that was blocked, 0 to 1."""
        return self.blocked / self.asked if self.asked else None

    @property
    def delay(self) -> float | None:
        """Median seconds from decision to blocked, as far as probes came soon enough to tell."""
        return self.delay_of(0.5)

    def delay_of(self, part: float) -> float | None:
        """Seconds in which that part of the new names was blocked (nearest rank).

        Infinite if so many were blocked only after they were watched, or never.
        """
        count = len(self.delays_ms) + self.late
        if not count:
            return None
        rank = max(1, ceil(part * count))
        known = sorted(self.delays_ms)
        return known[rank - 1] / 1000 if rank <= len(known) else inf

    def within(self, seconds: float) -> float | None:
        """The part of the new names that was blocked within these seconds."""
        count = len(self.delays_ms) + self.late
        return sum(ms <= seconds * 1000 for ms in self.delays_ms) / count if count else None


_TIMED = Q(delay_ms__isnull=False) | Q(is_late=True)
_COUNTS = {
    "n": Count("pk"),
    "asked_names": Sum("asked"),
    "blocked_names": Sum("blocked"),
    "asked_canaries": Sum("canaries_asked"),
    "blocked_canaries": Sum("canaries_blocked"),
    "unclear_names": Sum("unclear"),
    "silent": Count("pk", filter=Q(problem__in=Probe.SILENT)),
    "refused": Count("pk", filter=~Q(problem__in=["", *Probe.SILENT])),
}


def _found(row: Mapping[str, Any], delays: Sequence[int | None]) -> Found:
    """`delays` in milliseconds; None is a name that was not blocked while it was watched."""
    asked = row["asked_names"] + row["asked_canaries"]
    blocked = row["blocked_names"] + row["blocked_canaries"]
    silent, refused = row["silent"], row["refused"]
    timed = tuple(delay for delay in delays if delay is not None)
    return Found(
        row["n"], asked, blocked, row["unclear_names"], silent, refused, timed,
        len(delays) - len(timed),
    )  # fmt: skip


def by_day(recipient: Recipient, *, at: datetime) -> dict[date, Found]:
    """The last 30 days (UTC) that had probes, oldest first."""
    rows = _since(at - timedelta(days=DAYS)).filter(recipient=recipient)
    rows = rows.annotate(day=TruncDate("at", tzinfo=UTC))
    delays: dict[date, list[int | None]] = {}
    for day, delay in rows.filter(_TIMED).values_list("day", "delay_ms"):
        delays.setdefault(day, []).append(delay)
    found = rows.values("day").annotate(**_COUNTS).order_by("day")
    return {row["day"]: _found(row, delays.get(row["day"], [])) for row in found}


def lately(*, at: datetime, span: timedelta = LATELY) -> dict[int, Found]:
    """What the last day's probes found, by recipient."""
    rows = _since(at - span)
    delays: dict[int, list[int | None]] = {}
    # The newest name is rarely fresh enough to time: a day may have none, a week has some.
    timed = _since(at - 7 * span).filter(_TIMED)
    for pk, delay in timed.values_list("recipient_id", "delay_ms"):
        delays.setdefault(pk, []).append(delay)
    found = rows.values("recipient_id").annotate(**_COUNTS).order_by()
    return {row["recipient_id"]: _found(row, delays.get(row["recipient_id"], [])) for row in found}


def _since(when: datetime) -> QuerySet[Probe]:
    return Probe.objects.filter(at__gte=when)


def by_resolver(recipient: Recipient) -> list[Probe]:
    """The last probe of each resolver that is asked now."""
    rows = (recipient.probes.filter(resolver=place[:64]) for place in recipient.resolvers)
    last = (found.order_by("-at").first() for found in rows)
    return [probe for probe in last if probe]
