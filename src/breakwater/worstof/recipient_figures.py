"""Draws what probes found, for a recipient's page and for the overview."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isinf

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from breakwater.drawing.figure import Cell, Figure, Series
from breakwater.worstof.queries.proofs import Found

ONE_DAY = "j M"
TARGET = 2.0  # seconds from a decision to the block
WATCHED = 60  # seconds; see `actions.probing.FRESH`


def short(value: float) -> float:
    """One digit behind the point, and none if it is 0."""
    found = round(value, 1)
    return int(found) if found == int(found) else found


def per_cent(found: Found) -> Cell:
    return None if found.coverage is None else short(100 * found.coverage)


def seconds(delay: float | None) -> Cell:
    """As a table has it: «> 60» of names that were not blocked while they were watched."""
    if delay is None:
        return None
    return f"> {WATCHED}" if isinf(delay) else short(delay)


def coverage(days: Mapping[date, Found]) -> Figure:
    return Figure(
        id="coverage",
        title=_("Names blocked, of 100 asked"),
        origin="own",
        column=_("Day (UTC)"),
        labels=_days(days),
        series=(
            Series(_("Blocked, of 100"), tuple(per_cent(found) for found in days.values())),
            Series(_("Probes"), tuple(found.probes for found in days.values())),
            Series(_("Without answer"), tuple(found.silent for found in days.values())),
            Series(_("Refused or failed"), tuple(found.refused for found in days.values())),
            Series(_("Cannot tell"), tuple(found.unclear for found in days.values())),
        ),
        kind="lines",
        drawn=1,
    )


def delay(days: Mapping[date, Found]) -> Figure:
    timed = {day: found for day, found in days.items() if found.delay is not None}
    return Figure(
        id="delay",
        title=_("Seconds from decision to blocked, median"),
        origin="own",
        column=_("Day (UTC)"),
        labels=_days(timed),
        series=_delays(list(timed.values())),
        kind="lines",
        drawn=1,
        note=_how_timed(),
    )


def _delays(every: Sequence[Found]) -> tuple[Series, ...]:
    within = (found.within(TARGET) for found in every)
    return (
        Series(_("Median"), tuple(seconds(found.delay) for found in every)),
        Series(_("95 of 100 within"), tuple(seconds(found.delay_of(0.95)) for found in every)),
        Series(_("Longest"), tuple(seconds(found.delay_of(1)) for found in every)),
        Series(_("Not within 60 s, names"), tuple(found.late for found in every)),
        Series(
            _("Within 2 s, of 100"),
            tuple(None if part is None else short(100 * part) for part in within),
        ),
    )


def _how_timed() -> str:
    return _(
        "The target is 2 s for 95 of 100 names. A new name is asked for about every second, for a "
        "minute after the decision, one name a minute. What is told is the most that the block can "
        "have taken; a name that is not blocked then counts as “> 60”."
    )


def _days(days: Mapping[date, Found]) -> tuple[str, ...]:
    return tuple(date_format(day, ONE_DAY) for day in days)


@dataclass(frozen=True, slots=True)
class Provider:
    """`behind` is how long it has not taken what was published; None if it never took any."""

    name: str
    found: Found
    behind: timedelta | None = None


def providers(rows: Sequence[Provider]) -> list[Figure]:
    """Coverage of the last day and delay of the last week, of each provider."""
    labels = tuple(row.name for row in rows)
    every = [row.found for row in rows]
    behind = (row.behind for row in rows)
    return [
        Figure(
            id="providers",
            title=_("Names blocked by each provider, of 100 asked in the last 24 hours"),
            origin="own",
            column=_("Provider"),
            labels=labels,
            series=(
                Series(_("Blocked, of 100"), tuple(per_cent(found) for found in every)),
                Series(
                    _("Hours its list is behind"),
                    tuple(None if x is None else short(x / timedelta(hours=1)) for x in behind),
                ),
                Series(_("Probes"), tuple(found.probes for found in every)),
                Series(_("Without answer"), tuple(found.silent for found in every)),
                Series(_("Refused or failed"), tuple(found.refused for found in every)),
                Series(_("Cannot tell"), tuple(found.unclear for found in every)),
            ),
            kind="bars",
            drawn=1,
        ),
        Figure(
            id="delays",
            title=_("Seconds from decision to blocked at each provider, in 7 days"),
            origin="own",
            column=_("Provider"),
            labels=labels,
            series=_delays(every),
            kind="bars",
            drawn=2,
            note=_how_timed(),
        ),
    ]
