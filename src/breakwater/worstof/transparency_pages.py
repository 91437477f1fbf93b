"""What the public reads of the list: how it is logged and checked, and a report by year."""

import csv
import io
import time
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from breakwater.drawing import exports
from breakwater.drawing.figure import Figure, Series
from breakwater.drawing.shown import show
from breakwater.hashlists.rules.throttle import Throttle
from breakwater.worstof import signing
from breakwater.worstof.models import Entry
from breakwater.worstof.queries import log, yearly
from breakwater.worstof.queries.yearly import Year

# All readers together, as at the log's addresses: who reads is not looked at.
_throttle = Throttle(limit=600, window=60)
COLUMNS = tuple(field.name for field in fields(Year))

View = Callable[[HttpRequest], HttpResponseBase]


def public(view: View) -> View:
    """Wrap a page that everybody may read, but not so often that the desk stands still."""

    @never_cache
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        now = time.monotonic()
        if wait := _throttle.wait("all", now):
            text = _("Too many ask at the moment. Please try again in a minute.")
            return HttpResponse(text, status=429, headers={"Retry-After": str(int(wait) + 1)})
        _throttle.count("all", now)
        return view(request)

    return answer


@public
def about(request: HttpRequest) -> HttpResponseBase:
    """What is logged, the last signed head, and how somebody outside checks it."""
    key, head = _key(), log.last_head()
    base = request.build_absolute_uri(reverse("transparency"))
    context = {
        "head": head,
        "is_ahead": head is not None and head.at > timezone.now(),
        "is_begun": log.size() > 0,
        "key": key.hex(),
        "fingerprint": signing.fingerprint(key) if key else "",
        "command": f"breakwater worstof audit --url {base} --head head.json --key KEY",
        "listed": Entry.objects.filter(state__in=Entry.PUBLISHED).count(),
        "years": yearly.years(),
    }
    return render(request, "worstof/transparency.html", context)


def _key() -> bytes:
    try:
        return signing.public_key()
    except signing.BadKey:
        return b""  # the page says that it cannot be shown


@public
def report(request: HttpRequest) -> HttpResponseBase:
    found = yearly.years()
    drawn = [decisions(found), appeals(found), showings(found)]
    wanted = request.GET.get("export")
    if wanted is not None:
        return exports.answer(request, wanted, drawn)
    figures = [show(figure, settings.DEMO) for figure in drawn]
    return render(request, "worstof/report.html", {"figures": figures, "years": found})


@public
def report_json(request: HttpRequest) -> HttpResponseBase:
    answer = JsonResponse({"years": [asdict(year) for year in yearly.years()]})
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@public
def report_csv(request: HttpRequest) -> HttpResponseBase:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(asdict(year) for year in yearly.years())
    name = 'attachment; filename="worst-of-report.csv"'
    return HttpResponse(
        out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": name},
    )


def _figure(id: str, title: str, found: list[Year], *series: Series, drawn: int = 0) -> Figure:
    return Figure(
        id=id, title=title, origin="own", column=_("Year (UTC)"), kind="columns", drawn=drawn,
        labels=tuple(str(x.year) for x in found), series=series,
    )  # fmt: skip


def decisions(found: list[Year]) -> Figure:
    return _figure(
        "decisions", _("Domains listed and taken off, by year"), found,
        Series(_("Listed"), tuple(x.listed for x in found)),
        Series(_("Removed"), tuple(x.removed for x in found)),
        Series(_("Lapsed"), tuple(x.lapsed for x in found)),
    )  # fmt: skip


def appeals(found: list[Year]) -> Figure:
    return _figure(
        "appeals", _("Appeals, by year"), found,
        Series(_("Received"), tuple(x.appeals_received for x in found)),
        Series(_("Upheld"), tuple(x.appeals_upheld for x in found)),
        Series(_("Nothing was taken off"), tuple(x.appeals_unchanged for x in found)),
        Series(_("Days to the answer, median"), tuple(x.days_to_answer for x in found)),
        drawn=3,
    )  # fmt: skip


def showings(found: list[Year]) -> Figure:
    return _figure(
        "stop_page", _("How often the stop page was shown, by year"), found,
        Series(_("Shown"), tuple(x.stop_page_shown for x in found)),
    )  # fmt: skip
