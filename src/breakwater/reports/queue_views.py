"""The queue: what comes next, search, and decisions about one or many bundles at once."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from breakwater.custody.actions import record_view
from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in, user_may
from breakwater.people.models import User
from breakwater.reports import texts
from breakwater.reports.actions import deciding, merging, undoing
from breakwater.reports.choices import archive_choices, colleagues, referral_agencies
from breakwater.reports.models import Bundle, Provider
from breakwater.reports.queries import queue

VIEW_WORDS = {
    "new": gettext_lazy("New"),
    "mine": gettext_lazy("Mine"),
    "open": gettext_lazy("In work"),
    "referred": gettext_lazy("Referred"),
    "archived": gettext_lazy("Archived"),
    "matched": gettext_lazy("New on a hash list"),
    "all": gettext_lazy("All"),
}


@require_GET
@needs("bundle.see")
def queue_page(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    if text := request.GET.get("q", "").strip():
        return _search(request, text, user)
    wanted = _wanted(request, user)
    page = queue.page(wanted, user)
    counts = queue.counts(user)
    urgent = queue.urgent_waiting(user)
    context = {
        "wanted": wanted,
        "page": page,
        "rows": _rows(page.bundles, page.unread),
        "views": _views(counts, wanted.view),
        "answer": _answer(urgent, counts["new"], user),
        "archived_matches": _archived_matches(queue.archived_matches(user)),
        "total_text": _count(counts.get(wanted.view, 0)),
        **_choices(user),
    }
    return render(request, "reports/queue.html", context)


def _wanted(request: HttpRequest, user: User) -> queue.Wanted:
    get = request.GET
    fallback = "new" if user_may(user, "queue.see") else "all"
    view = get.get("view", fallback)
    provider = get.get("provider", "")
    number = get.get("page", "1")
    return queue.Wanted(
        view=view if view in queue.VIEWS else fallback,
        country=get.get("country", "")[:2].upper(),
        incident_type=get.get("type", "")[:20],
        provider=whole_number(provider),
        urgent="urgent" in get,
        unread="unread" in get,
        attributable="attributable" in get,
        page=min(max(whole_number(number) or 1, 1), 200),
    )


def _rows(bundles: list[Bundle], unread: set[int]) -> list[dict[str, object]]:
    return [
        {
            "bundle": b,
            "why": texts.headline(b.reasons),
            "is_unread": b.pk in unread,
            "type": texts.SHORT_TYPES.get(b.incident_type, b.incident_type),
            "grade": texts.IP_GRADES[b.ip_grade],
        }
        for b in bundles
    ]


def _views(counts: dict[str, int], current: str) -> list[dict[str, object]]:
    return [
        {
            "key": key,
            "word": word,
            "count": _count(counts[key]) if key in counts else "",
            "is_here": key == current,
        }
        for key, word in VIEW_WORDS.items()
    ]


def _archived_matches(number: int) -> str:
    if not number:
        return ""
    text = ngettext(
        "%(n)s archived bundle now matches a hash list.",
        "%(n)s archived bundles now match a hash list.",
        number,
    )
    return text % {"n": _count(number)}


def _count(number: int) -> str:
    if number > queue.COUNT_UP_TO:
        return _("more than %(n)s") % {"n": queue.COUNT_UP_TO}
    return str(number)


def _answer(urgent: int, new: int, user: User) -> str:
    if not user_may(user, "queue.see"):
        return _("Bundles that were shared with your agency")
    if urgent:
        text = ngettext(
            "%(n)s urgent bundle waits. Open it first.",
            "%(n)s urgent bundles wait. Open the first one.",
            urgent,
        )
        return text % {"n": _count(urgent)}
    if new:
        text = ngettext("%(n)s new bundle waits.", "%(n)s new bundles wait.", new)
        return text % {"n": _count(new)}
    return _("Nothing new waits.")


def _choices(user: User) -> dict[str, object]:
    return {
        "providers": Provider.objects.exclude(name="").order_by("name")[:300],
        "types": [(k, v) for k, v in texts.INCIDENT_TYPES.items() if k],
        "archive_reasons": archive_choices(),
        "can_work": user_may(user, "bundle.work"),
        "can_supervise": user_may(user, "bundle.supervise"),
        "agencies": referral_agencies() if user_may(user, "bundle.work") else [],
    }


def _search(request: HttpRequest, text: str, user: User) -> HttpResponseBase:
    record_view(user, "search", timezone.now(), detail={"text": text[:200]})
    found = queue.search(text, user)
    if found.bundle:
        return redirect("bundle", found.bundle)
    if found.report:
        return redirect("report", found.report)
    n = len(found.bundles)
    answer = ngettext("%(n)s bundle names “%(text)s”", "%(n)s bundles name “%(text)s”", n) % {
        "n": f"{n}+" if found.has_more else n,
        "text": text[:80],
    }
    context = {
        "text": text,
        "answer": answer if n else _("Nothing names “%(text)s”") % {"text": text[:80]},
        "rows": _rows(found.bundles, found.unread),
        "selectors": [(texts.KINDS.get(s.kind, s.kind), s) for s in found.selectors],
        **_choices(user),
    }
    return render(request, "reports/search.html", context)


def _chosen(request: HttpRequest) -> list[int]:
    numbers = map(whole_number, request.POST.getlist("bundle"))
    return [number for number in numbers if number is not None]


@require_POST
@needs("bundle.work")
def preview(request: HttpRequest) -> HttpResponseBase:
    """Say what a bulk decision would change and what not, before it is made."""
    user = signed_in(request)
    verb = request.POST.get("verb", "")
    if verb not in _DECISIONS and verb != "merged":
        return HttpResponse(status=400)
    try:
        will, refused = deciding.preview(verb, _chosen(request), by=user)
    except deciding.TooMany:
        messages.error(request, _too_many())
        return redirect(_back(request))
    context = {
        "verb": verb,
        "word": texts.VERBS[verb],
        "will": will,
        "refused": [(pk, texts.REFUSALS[why]) for pk, why in refused],
        "back": _back(request),
        "reason": request.POST.get("reason", ""),
        "agency": request.POST.get("agency", ""),
        "to": request.POST.get("to", ""),
        **_choices(user),
        "colleagues": colleagues(),
    }
    return render(request, "reports/preview.html", context)


def _too_many() -> str:
    return _("Choose at most %(n)s bundles at once.") % {"n": deciding.MAX_AT_ONCE}


def _assign(request: HttpRequest, ids: list[int], user: User) -> deciding.Outcome:
    chosen = request.POST.get("to", "")
    number = whole_number(chosen) or 0
    to = User.objects.filter(pk=number, is_active=True).first() if chosen else user
    if to is None:
        raise deciding.NotAssignable(chosen)
    return deciding.assign(ids, to, by=user, at=timezone.now())


def _archive(request: HttpRequest, ids: list[int], user: User) -> deciding.Outcome:
    reason, note = request.POST.get("reason", ""), request.POST.get("note", "")
    return deciding.archive(ids, reason, note=note, by=user, at=timezone.now())


def _refer(request: HttpRequest, ids: list[int], user: User) -> deciding.Outcome:
    chosen = request.POST.get("agency", "")
    agency = next((a for a in referral_agencies() if str(a.pk) == chosen), None)
    if agency is None:
        raise deciding.UnknownReason("agency")
    return deciding.refer(
        ids, agency, note=request.POST.get("note", ""), by=user, at=timezone.now()
    )


def _release(request: HttpRequest, ids: list[int], user: User) -> deciding.Outcome:
    return deciding.release(ids, by=user, at=timezone.now())


def _reopen(request: HttpRequest, ids: list[int], user: User) -> deciding.Outcome:
    return deciding.reopen(ids, note=request.POST.get("note", ""), by=user, at=timezone.now())


_DECISIONS: dict[str, Callable[[HttpRequest, list[int], User], deciding.Outcome]] = {
    "assigned": _assign,
    "archived": _archive,
    "referred": _refer,
    "released": _release,
    "reopened": _reopen,
}


@require_POST
@needs("bundle.work")
def decide(request: HttpRequest, verb: str) -> HttpResponseBase:
    """Make one decision about the chosen bundles and say what happened to how many."""
    user, ids = signed_in(request), _chosen(request)
    back = _back(request)
    if verb not in _DECISIONS:
        return HttpResponse(status=404)
    if not ids:
        messages.error(request, _("Choose at least one bundle first."))
        return redirect(back)
    try:
        outcome = _DECISIONS[verb](request, ids, user)
    except deciding.TooMany:
        messages.error(request, _too_many())
    except deciding.NoteMissing:
        messages.error(
            request, _("Nothing was changed: this reason needs a note in your own words.")
        )
    except deciding.UnknownReason:
        messages.error(request, _("Nothing was changed: choose a reason or an agency first."))
    except deciding.NotAssignable:
        messages.error(request, _("Nothing was changed: this person may not work on bundles."))
    else:
        _tell(request, verb, outcome)
    return redirect(back)


@require_POST
@needs("bundle.supervise")
def merge(request: HttpRequest) -> HttpResponseBase:
    try:
        target, outcome = merging.merge(
            _chosen(request),
            by=signed_in(request),
            at=timezone.now(),
            note=request.POST.get("note", ""),
        )
    except merging.NothingToMerge:
        messages.error(
            request, _("Nothing was merged: choose two or more bundles that are in work.")
        )
        return redirect(_back(request))
    except deciding.TooMany:
        messages.error(request, _too_many())
        return redirect(_back(request))
    _tell(request, "merged", outcome)
    return redirect("bundle", target)


@require_POST
@needs("bundle.work")
def undo(request: HttpRequest) -> HttpResponseBase:
    bulk = request.POST.get("bulk", "") or request.session.get("last_decision", "")
    try:
        outcome = undoing.undo(bulk, by=signed_in(request), at=timezone.now())
    except undoing.NotUndoable:
        messages.error(request, _("There is nothing that you can take back now."))
        return redirect(_back(request))
    request.session.pop("last_decision", None)
    n = len(outcome.done)
    text = ngettext("Taken back for %(n)s bundle.", "Taken back for %(n)s bundles.", n) % {"n": n}
    messages.success(request, text + _refused_text(outcome))
    return redirect(_back(request))


def _tell(request: HttpRequest, verb: str, outcome: deciding.Outcome) -> None:
    """Every decision answers: what happened, to how many, what was refused and why."""
    n = len(outcome.done)
    if n:
        request.session["last_decision"] = outcome.bulk
    text = ngettext("%(what)s: %(n)s bundle.", "%(what)s: %(n)s bundles.", n) % {
        "what": texts.VERBS[verb],
        "n": n,
    }
    level = messages.SUCCESS if n else messages.ERROR
    messages.add_message(
        request, level, text + _refused_text(outcome), extra_tags="undo" if n else ""
    )


def _refused_text(outcome: deciding.Outcome) -> str:
    if not outcome.refused:
        return ""
    each = "; ".join(f"B-{pk}: {texts.REFUSALS[why]}" for pk, why in outcome.refused[:5])
    n = len(outcome.refused)
    return " " + ngettext("%(n)s not changed: %(each)s", "%(n)s not changed: %(each)s", n) % {
        "n": n,
        "each": each,
    }


def _back(request: HttpRequest) -> str:
    url = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(
        url, {request.get_host()}, require_https=request.is_secure()
    )
    return url if safe and url.startswith("/") else reverse("queue")
