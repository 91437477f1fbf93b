"""What is listed and not blocked, or blocked and not listed: shown with the held changes, put right."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in
from breakwater.people.models import User
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import apart as actions
from breakwater.worstof.actions import life
from breakwater.worstof.queries import apart, board

AT_ONCE = 100  # shown, and put right by one click


def shown(user: User) -> dict[str, Any]:
    """What the page of held changes shows of it, as far as this person may see names."""
    counts = apart.counts()
    unblocked = apart.unblocked() if counts.unblocked else apart.unblocked().none()
    unlisted = apart.unlisted_for(user) if counts.unlisted else apart.unlisted_for(user).none()
    return {
        "unblocked": unblocked.filter(block_list__country__in=board.lands(user))[:AT_ONCE],
        "unlisted": unlisted.values_list("name", flat=True)[:AT_ONCE],
    }


@require_POST
@needs("worstof.sign")
def queue_all(request: HttpRequest) -> HttpResponseBase:
    """Queue the listed domains again that the page showed; what a guard forbids stays as it is."""
    by, at, reason = signed_in(request), timezone.now(), request.POST.get("reason", "")[:500]
    asked = map(whole_number, request.POST.getlist("entry")[:AT_ONCE])
    numbers = [number for number in asked if number is not None]
    queued = 0
    for entry in board.visible(by).filter(pk__in=numbers).order_by("pk"):
        try:
            actions.queue_again(entry, by=by, reason=reason, at=at)
        except life.NoReason:
            messages.error(request, texts.word(texts.REFUSALS, "NoReason"))
            return redirect("worst-of-held")
        except (life.WrongState, life.Guarded):
            continue
        queued += 1
    said = ngettext("%(n)s domain is queued again.", "%(n)s domains are queued again.", queued)
    messages.info(request, said % {"n": queued})
    return redirect("worst-of-held")


@require_POST
@needs("worstof.sign")
def take_off(request: HttpRequest) -> HttpResponseBase:
    """Have the names opened that the page showed, and that no list has."""
    names = request.POST.getlist("name")[:AT_ONCE]
    by, reason = signed_in(request), request.POST.get("reason", "")[:500]
    try:
        done = len(actions.take_off(names, by=by, reason=reason, at=timezone.now()))
    except life.NoReason:
        messages.error(request, texts.word(texts.REFUSALS, "NoReason"))
    else:
        said = ngettext("%(n)s name leaves the zone.", "%(n)s names leave the zone.", done)
        messages.info(request, said % {"n": done})
    return redirect("worst-of-held")
