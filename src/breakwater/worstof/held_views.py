"""The page of changes that the brake stopped: what, how many, since when, and two signatures."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in
from breakwater.people.models import User
from breakwater.worstof import apart_views
from breakwater.worstof.actions import brake
from breakwater.worstof.actions.accepting import COPY
from breakwater.worstof.models import HeldChange
from breakwater.worstof.queries import board, hands
from breakwater.worstof.rules.brake import DAY, HOUR

NAMES_SHOWN = 100
ENDED_SHOWN = 20
SIGNED = lazy("You or somebody of your name signed already; another person has to sign.")


@require_GET
@needs("worstof.sign")
def held_changes(request: HttpRequest) -> HttpResponseBase:
    return _page(request)


def _page(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    rows = _visible(user).annotate(waiting=Count("changes")).order_by("at", "id")
    waiting = [
        _row(held, held.waiting, user) for held in rows.filter(state=HeldChange.State.WAITING)
    ]
    ended = _visible(user).exclude(state=HeldChange.State.WAITING).order_by("-ended_at")
    context = {
        "waiting": waiting,
        "ended": ended[:ENDED_SHOWN],
        "answer": _answer(len(waiting)),
        "signed": SIGNED,
        **apart_views.shown(user),
    }
    return render(request, "worstof/held.html", context)


def _visible(user: User) -> QuerySet[HeldChange]:
    return HeldChange.objects.filter(country__in=board.lands(user))


def _answer(count: int) -> str:
    if not count:
        return _("No change of the list waits for signatures")
    said = ngettext(
        "%(n)s change of the list waits for two signatures",
        "%(n)s changes of the list wait for two signatures",
        count,
    )
    return said % {"n": count}


def _row(held: HeldChange, count: int, reader: User) -> dict[str, Any]:
    signatures = list(held.signatures.select_related("by").order_by("at"))
    # What was held before each country's list was held apart can have names of another's.
    seen = Q(entry=None) | Q(entry__block_list__country__in=board.lands(reader))
    rows = held.changes.filter(seen).order_by("id").values_list("name", "adds")[: NAMES_SHOWN + 1]
    names = _of_copy(held.copy) if held.copy else list(rows)
    return {
        "held": held,
        "count": count,
        "why": _why(held.reason),
        "signatures": signatures,
        "signed": hands.has_signed(reader, held.signatures.all()),
        "names": names[:NAMES_SHOWN],
        "has_more": len(names) > NAMES_SHOWN
        or (held.copy and len(names) < held.added + held.removed),
    }


def _of_copy(copy: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(name, key == "enters") for key in ("enters", "leaves") for name in copy[key]]


def _why(reason: str) -> str:
    if reason == COPY:
        return _(
            "The names kept are to be published as they are. With two signatures, whoever runs "
            "“accept-copy” can do so; the names are those that providers would get and lose."
        )
    if reason == brake.PROBE:
        return _("With these names, a name that must never be blocked did not resolve.")
    if reason == DAY.key:
        return _(
            "Too many names in 24 hours: more than 50, or more than 5 per cent of the list and more "
            "than %(least)s."
        ) % {"least": DAY.least}
    return _(
        "Too many names in an hour: more than 50, or more than 5 per cent of the list and more than "
        "%(least)s."
    ) % {"least": HOUR.least}


@require_POST
@needs("worstof.sign")
def decide_held(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Sign a held change or throw it away; what is refused is said in a sentence."""
    held = _visible(signed_in(request)).filter(pk=pk).first()
    if held is None:
        raise Http404
    if request.POST.get("verb") not in ("release", "discard"):
        # A signature is final: nothing that was not said clearly counts as one.
        messages.error(request, _("Nothing was decided: it was not said what to do."))
        response = _page(request)
        response.status_code = 400
        return response
    try:
        messages.success(request, _decided(request, held))
    except brake.NotHeld:
        messages.error(request, _("Somebody released this change or threw it away meanwhile."))
    except brake.SignedAlready:
        messages.error(request, SIGNED)
    except brake.HeldGrew:
        messages.error(request, _("More names joined the change meanwhile. Look again."))
    except brake.OnlyRemovals:
        messages.error(request, _("Removals are not thrown away: their names would stay blocked."))
    except brake.ReasonMissing:
        messages.error(request, _("Say why."))
    return redirect("worst-of-held")


def _decided(request: HttpRequest, held: HeldChange) -> str:
    by, at, reason = signed_in(request), timezone.now(), request.POST.get("reason", "")[:500]
    if request.POST.get("verb") == "discard":
        brake.discard(held, by=by, reason=reason, at=at)
        return _("The change is thrown away; nothing of it will be published.")
    seen = whole_number(request.POST.get("seen", ""))
    if brake.release(held, by=by, reason=reason, at=at, seen=-1 if seen is None else seen):
        if held.reason == COPY:
            return _("Signed by two people: “accept-copy” can be run now.")
        return _("The change is released and will be published now.")
    return _("You have signed. A second person has to sign before it is published.")
