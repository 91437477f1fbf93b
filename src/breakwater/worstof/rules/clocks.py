"""When an entry has to be verified again, when it leaves the list by itself, and which comes first.

A domain that nobody looked at again for three months is no longer known to fit the criteria
(INTERPOL, "online within the last three months"), so freshness ends by the clock, not by a wish.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

LISTED, DUE, LAPSED = "listed", "due", "lapsed"
LEAST_GRACE = 1  # days
IN_TIME = timedelta(hours=1)
DAY_MORE = timedelta(days=1)
"""What is found due late leaves the list a day later, if the time is still the same then."""


class BadTable(Exception):
    """data/risk.toml is wrong; the message names the key."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an entry that waits to be verified again."""

    confidence: str  # the lowest that an authority gave: low, medium, high
    seen_online_at: datetime | None  # the latest sight
    appeals: int = 0
    reports: int = 0
    guards: int = 0
    new_guards: int = 0  # that name it since it was verified


@dataclass(frozen=True, slots=True)
class Risk:
    """`points` order the queue; `reasons` are the keys of data/risk.toml with their points."""

    points: int
    reasons: tuple[tuple[str, int], ...]


def fresh_until(verified_at: datetime, fresh_days: int) -> datetime:
    return verified_at + timedelta(days=fresh_days)


def lapses_at(asked_at: datetime, grace_days: int) -> datetime:
    """When an entry leaves the list, if nobody verifies it after the authorities were asked."""
    return asked_at + grace(grace_days)


def grace(days: int) -> timedelta:
    """A list of earlier versions without a day of grace has one: nobody could verify in time."""
    return timedelta(days=max(days, LEAST_GRACE))


def is_late(due_at: datetime | None, *, at: datetime) -> bool:
    """Whether this moment comes so long after the due one that time has jumped, or nobody worked.

    A worker that runs acts within seconds, and within minutes when thousands are due at once.
    """
    return due_at is not None and at - due_at > IN_TIME


def next_state(state: str, due_at: datetime | None, *, at: datetime) -> str:
    """Where the clock moves an entry; a clock that was set back moves nothing back."""
    if due_at is None or at < due_at:
        return state
    return {LISTED: DUE, DUE: LAPSED}.get(state, state)


def stage(begun_at: datetime, due_at: datetime, *, at: datetime) -> str:
    """How far a clock has run: `running`, `last_quarter` or `over`."""
    if at >= due_at:
        return "over"
    return "last_quarter" if due_at - at <= (due_at - begun_at) / 4 else "running"


@cache
def weights() -> dict[str, int]:
    """The points of data/risk.toml.

    Raises:
        BadTable: a key is missing, or its value is not a whole number.
    """
    file = resources.files("breakwater.worstof") / "data" / "risk.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))["points"]
    return checked(table)


KEYS = (
    "confidence_low",
    "confidence_medium",
    "never_seen",
    "seen_month",
    "appeal",
    "most_appeals",
    "report",
    "most_reports",
    "guard",
    "new_guard",
)


def checked(table: Mapping[str, object]) -> dict[str, int]:
    """The table with each key there and each value a whole number that is not negative."""
    found: dict[str, int] = {}
    for key in KEYS:
        value = table.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadTable(f"worstof/data/risk.toml: points.{key}: expected a whole number")
        found[key] = value
    return found


def risk(facts: Facts, points: Mapping[str, int], *, at: datetime) -> Risk:
    """How much it matters that somebody looks again soon; more points come first.

    What speaks for a mistake counts (doubt, an old sight, appeals, guards), and what speaks for
    harm if it left the list unseen (reports that name it).
    """
    found = {
        f"confidence_{facts.confidence}": points.get(f"confidence_{facts.confidence}", 0),
        **_of_sight(facts.seen_online_at, points, at),
        "appeal": min(facts.appeals, points["most_appeals"]) * points["appeal"],
        "report": min(facts.reports, points["most_reports"]) * points["report"],
        "guard": points["guard"] if facts.guards else 0,
        "new_guard": points["new_guard"] if facts.new_guards else 0,
    }
    reasons = sorted(((k, n) for k, n in found.items() if n), key=lambda kn: (-kn[1], kn[0]))
    return Risk(sum(n for _, n in reasons), tuple(reasons))


def _of_sight(seen: datetime | None, points: Mapping[str, int], at: datetime) -> dict[str, int]:
    if seen is None:
        return {"never_seen": points["never_seen"]}
    months = max(0, (at - seen).days) // 30
    return {"seen_month": months * points["seen_month"]}
