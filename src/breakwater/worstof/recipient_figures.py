"""Draws what probes found, for a recipient's page and for the overview."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from breakwater.drawing.figure import Cell, Figure, Series
from breakwater.worstof.queries.proofs import Found

ONE_DAY = "j M"


def short(value: float) -> float:
    """One digit behind the point, and none if it is 0."""
    found = round(value, 1)
    return int(found) if found == int(found) else found


def per_cent(found: Found) -> Cell:
    return None if found.coverage is None else short(100 * found.coverage)


def seconds(found: Found) -> Cell:
    return None if found.delay is None else short(found.delay)


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
        series=(Series(_("Seconds"), tuple(seconds(found) for found in timed.values())),),
        kind="lines",
        note=_how_timed(),
    )


def _how_timed() -> str:
    return _(
        "The newest name is asked for about every second, for a minute after the decision. What is "
        "told is the most that the block can have taken; a name blocked later is not timed."
    )


def _days(days: Mapping[date, Found]) -> tuple[str, ...]:
    return tuple(date_format(day, ONE_DAY) for day in days)


def providers(rows: Sequence[tuple[str, Found]]) -> list[Figure]:
    """Coverage of the last day and delay of the last week, of each provider."""
    labels = tuple(name for name, _found in rows)
    every = [found for _name, found in rows]
    return [
        Figure(
            id="providers",
            title=_("Names blocked by each provider, of 100 asked in the last 24 hours"),
            origin="own",
            column=_("Provider"),
            labels=labels,
            series=(
                Series(_("Blocked, of 100"), tuple(per_cent(found) for found in every)),
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
            title=_("Seconds from decision to blocked at each provider, median of 7 days"),
            origin="own",
            column=_("Provider"),
            labels=labels,
            series=(Series(_("Seconds"), tuple(seconds(found) for found in every)),),
            kind="bars",
            note=_how_timed(),
        ),
    ]
