"""Draws the overview's counts: by state, by month, and how long listing took."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from breakwater.drawing.figure import Figure, Series
from breakwater.worstof.entry_texts import SHORT_STATES, word
from breakwater.worstof.models import Entry
from breakwater.worstof.queries.overview import Overview
from breakwater.worstof.recipient_figures import short


def every(found: Overview) -> list[Figure]:
    return [by_state(found), by_month(found), time_to_list(found)]


def by_state(found: Overview) -> Figure:
    states = [state for state in Entry.State if state in found.by_state]
    return Figure(
        id="states",
        title=_("Domains by state"),
        origin="own",
        column=_("State"),
        labels=tuple(word(SHORT_STATES, state) for state in states),
        series=(
            Series(_("International list"), tuple(found.by_state[s][0] for s in states)),
            Series(_("National additions"), tuple(found.by_state[s][1] for s in states)),
        ),
    )


def by_month(found: Overview) -> Figure:
    months = found.months.values()
    return Figure(
        id="months",
        title=_("Names that entered and left the list, by month"),
        origin="own",
        column=_("Month (UTC)"),
        labels=_months(found),
        series=(
            Series(_("Added"), tuple(month.added for month in months)),
            Series(_("Removed"), tuple(month.removed for month in months)),
        ),
        kind="columns",
    )


def time_to_list(found: Overview) -> Figure:
    months = found.months.values()
    days = (month.days_to_list for month in months)
    return Figure(
        id="listing",
        title=_("Days from nomination to listing, median by month"),
        origin="own",
        column=_("Month (UTC)"),
        labels=_months(found),
        series=(
            Series(_("Days"), tuple(None if x is None else short(x) for x in days)),
            Series(_("Domains listed"), tuple(month.listed for month in months)),
        ),
        kind="columns",
        drawn=1,
    )


def _months(found: Overview) -> tuple[str, ...]:
    return tuple(date_format(month, "M Y") for month in found.months)
