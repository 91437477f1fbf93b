"""One domain: put forward, read with all that was said of it, judged, signed, taken away."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.custody.actions import record_view
from breakwater.custody.verbs import in_words
from breakwater.formats.domain_name import BadName, read_name
from breakwater.people.access import needs, signed_in, user_may
from breakwater.people.models import User
from breakwater.reports.models import Report
from breakwater.reports.queries import single
from breakwater.reports.rules.identify import web_addresses
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import apart, life
from breakwater.worstof.actions.lists import international
from breakwater.worstof.entry_forms import AssessmentForm, NominationForm
from breakwater.worstof.models import Appeal, Assessment, Entry
from breakwater.worstof.queries import board, one
from breakwater.worstof.queries.judged import of_round, rule_of, weighed
from breakwater.worstof.queries.restorable import fresh_until_of
from breakwater.worstof.queries.standing import Standing, standings
from breakwater.worstof.rules.verdict import CRITERIA, YES, may_judge

APPEALS_SHOWN = 20


@never_cache
@require_http_methods(["GET", "POST"])
@needs("worstof.nominate")
def nominate(request: HttpRequest) -> HttpResponseBase:
    international()
    user = signed_in(request)
    lists = board.lists(user)
    if request.method == "GET":
        form = NominationForm(None, lists, initial=_from_report(request))
    else:
        form = NominationForm(request.POST, lists)
    if form.is_valid() and _may_cite(form, user):
        try:
            made = life.nominate(
                form.cleaned_data["block_list"], form.cleaned_data["name"],
                form.sighting(), by=user, at=timezone.now(),
            )  # fmt: skip
        except BadName as problem:
            form.add_error("name", texts.word(texts.BAD_NAMES, problem.problem))
        except life.Refusal as refusal:
            form.add_error(None, texts.word(texts.REFUSALS, type(refusal).__name__))
        else:
            _say_nominated(request, made, form.cleaned_data["name"])
            return redirect("worst-of-entry", made.pk)
    return render(request, "worstof/nominate.html", {"form": form})


def _from_report(request: HttpRequest) -> dict[str, str]:
    """What a report fills in, named by its number and the address's place in it.

    The address itself would end in server logs, and with it a name that may be listed.
    """
    number, place = request.GET.get("report", ""), request.GET.get("address", "")
    user = signed_in(request)
    report = _report(number, user)
    if report is None or not (place.isdecimal() and len(place) < 6):
        return {}
    addresses = web_addresses(single.record(report))
    if int(place) >= len(addresses):
        return {}
    record_view(user, report.number, timezone.now())
    return {"report": report.number, "name": addresses[int(place)]}


def _report(number: str, user: User) -> Report | None:
    return single.report(number, user) if number and user_may(user, "report.see") else None


def _may_cite(form: NominationForm, user: User) -> bool:
    """Whether the nomination is from no report, or from one that this person may see."""
    number = form.cleaned_data["report"]
    if not number or _report(number, user):
        return True
    form.add_error(None, _("There is no report %(number)s for you.") % {"number": number})
    return False


def _say_nominated(request: HttpRequest, made: Entry, given: str) -> None:
    if read_name(given).name != made.name:
        said = _("“www.” is left out: the domain is put forward, with all names below it.")
        messages.info(request, said)
    if made.state == Entry.State.REFUSED:
        messages.error(request, _("The domain is refused: a guard names it. See why below."))
    else:
        messages.success(request, _("The domain is put forward. Now judge it."))


@never_cache
@require_GET
@needs("worstof.see")
def entry_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, _found(request, pk))


def _found(request: HttpRequest, pk: int) -> Entry:
    found = one.entry(pk, signed_in(request))
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, entry: Entry, form: AssessmentForm | None = None
) -> HttpResponseBase:
    user = signed_in(request)
    heard = one.heard(entry, user)
    appeals = one.appeals(entry, user)
    standing = standings([entry]).get(entry.pk)
    change = one.last_change(entry)
    forbidding = texts.forbidding(entry) if standing == Standing.UNBLOCKED else []
    context = {
        "entry": entry,
        "state": texts.word(texts.SHORT_STATES, entry.state),
        "line": texts.state_line(entry, standing),
        "still_blocked": texts.STILL_BLOCKED.get(standing or ""),
        "heard": heard,
        "criteria": _rows(heard.shown),
        "confidence": [texts.word(texts.CONFIDENCE, a.confidence) for a in heard.shown],
        "earlier": [(a, texts.said_line(a)) for a in heard.earlier],
        **_verdict(entry, heard),
        "guards": [texts.guard_line(key, match) for key, match in entry.guards],
        "new_guards": [texts.guard_line(key, match) for key, match, _refuses in entry.new_guards],
        "is_forbidden": any(refuses for _key, _match, refuses in entry.new_guards),
        "hosting": [(texts.word(texts.HOSTING, k), v) for k, v in entry.hosting.items() if v],
        "relatives": _relatives(entry, user),
        "nominations": entry.nominations.select_related("agency").order_by("-pk"),
        "sees_reports": user_may(user, "report.see"),
        "steps": [(in_words(x.verb), x, texts.step_reason(x)) for x in one.steps(entry)],
        "signatures": one.signatures(entry),
        "appeals": appeals[:APPEALS_SHOWN],
        "appeals_count": len(appeals),
        "open_appeals": sum(x.state == Appeal.State.OPEN for x in appeals),
        "change": change,
        "refused": texts.refused_line(change.refused) if change and change.refused else "",
        "can_queue": user_may(user, "worstof.sign")
        and standing == Standing.UNBLOCKED
        and not forbidding,
        "forbidding": forbidding,
        "form": form or AssessmentForm(),
        **_rights(entry, user),
    }
    return render(request, "worstof/entry.html", context, status=400 if form else 200)


def _relatives(entry: Entry, user: User) -> list[tuple[Entry, str, str]]:
    """What stands near the entry, how, and in which state."""
    found = one.relatives(entry, user)
    stand = standings(found)
    return [(x, texts.relation(x, entry), texts.short_line(x, stand.get(x.pk))) for x in found]


def _rights(entry: Entry, user: User) -> dict[str, bool]:
    """Which of the verbs the page offers; the actions check once more."""
    country = user.agency.country if user.agency else ""
    at_home = may_judge(country, rule_of(entry.block_list))
    is_open = entry.state in life.OPEN
    signs = user_may(user, "worstof.sign")
    own = one.withdrawable(entry, user)
    is_recent = own is not None and timezone.now() - own.at <= life.WITHDRAWABLE_FOR
    return {
        "can_assess": at_home and entry.state in life.MAY_BE_JUDGED,
        "can_sign": signs and entry.state == Entry.State.GUARDED,
        "can_settle": signs and entry.state == Entry.State.DISCUSSION,
        "can_discuss": at_home and is_open,
        "can_remove": signs and is_open,
        "can_withdraw": is_recent,
        "can_restore": signs and fresh_until_of(entry, user, at=timezone.now()) is not None,
        "is_published": entry.state in Entry.PUBLISHED,
    }


def _rows(shown: list[Assessment]) -> list[dict[str, Any]]:
    """Criterion by criterion, what each authority said."""
    return [
        {
            "criterion": texts.word(texts.CRITERIA, name),
            "answers": [
                (getattr(a, f"get_{name}_display")(), getattr(a, name) == YES) for a in shown
            ],
        }
        for name in CRITERIA
    ]


def _verdict(entry: Entry, heard: one.Heard) -> dict[str, object]:
    """What the round adds up to, only for those who may see what was said in it."""
    if not (heard.is_open and heard.shown):
        return {}
    rows = of_round(entry)
    found = weighed(entry, rows, at=timezone.now())
    agencies = {row.agency_id: row.agency.name for row in rows}
    return {"verdict": texts.verdict_line(found), "why": texts.reason_lines(found, agencies)}


@require_POST
@needs("worstof.assess")
def assess(request: HttpRequest, pk: int) -> HttpResponseBase:
    entry = _found(request, pk)
    form = AssessmentForm(request.POST)
    if not form.is_valid():
        return _page(request, entry, form)
    judgement, by = form.judgement(), signed_in(request)
    try:
        life.assess(entry, judgement, by=by, at=timezone.now())
    except life.Refusal as refusal:
        form.add_error(None, texts.word(texts.REFUSALS, type(refusal).__name__))
        return _page(request, entry, form)
    messages.success(request, _("Your judgement is kept."))
    return redirect("worst-of-entry", pk)


def _done(
    request: HttpRequest, pk: int, verb: Callable[..., object], said: str
) -> HttpResponseBase:
    """Do one verb to the domain with the reason that was typed, and say how it went."""
    entry, by = _found(request, pk), signed_in(request)
    reason = request.POST.get("reason", "").strip()[:500]
    try:
        verb(entry, by=by, reason=reason, at=timezone.now())
    except life.Refusal as refusal:
        messages.error(request, texts.word(texts.REFUSALS, type(refusal).__name__))
    else:
        messages.success(request, said)
    return redirect("worst-of-entry", pk)


@require_POST
@needs("worstof.sign")
def sign(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _done(request, pk, life.sign, _("Signed."))


@require_POST
@needs("worstof.assess")
def discuss(request: HttpRequest, pk: int) -> HttpResponseBase:
    said = _("The domain is in discussion; nobody blocks it meanwhile.")
    return _done(request, pk, life.discuss, said)


@require_POST
@needs("worstof.sign")
def settle(request: HttpRequest, pk: int) -> HttpResponseBase:
    refuse = request.POST.get("refuse") == "yes"
    return _done(request, pk, partial(life.settle, refuse=refuse), _("The discussion is over."))


@require_POST
@needs("worstof.sign")
def remove(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _done(request, pk, life.remove, _("The domain is removed."))


@require_POST
@needs("worstof.sign")
def queue_again(request: HttpRequest, pk: int) -> HttpResponseBase:
    said = _("The domain is queued again; guards and brake look at it once more.")
    return _done(request, pk, apart.queue_again, said)


@require_POST
@needs("worstof.sign")
def restore(request: HttpRequest, pk: int) -> HttpResponseBase:
    said = _("The removal is taken back: the domain is listed as before.")
    return _done(request, pk, life.restore, said)


@require_POST
@needs("worstof.assess")
def withdraw(request: HttpRequest, pk: int) -> HttpResponseBase:
    made = one.latest_own(_found(request, pk), signed_in(request))
    if made is None:
        raise Http404
    said = _("Your judgement is taken back.")
    return _done(request, pk, lambda _entry, **told: life.withdraw(made, **told), said)
