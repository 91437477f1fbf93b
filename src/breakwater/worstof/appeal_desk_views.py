"""Appeals as the desk works them: the board by the clock, one appeal, and its decision."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in, user_may
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import appeals, life
from breakwater.worstof.models import Appeal, Entry
from breakwater.worstof.queries import appeals as reads
from breakwater.worstof.queries.standing import STILL_BLOCKED, Standing, standings
from breakwater.worstof.rules import clocks

MOST_PAGES = 20_000
VIEWS: texts.Words = {"open": gettext_lazy("Open"), "decided": gettext_lazy("Decided")}


class DecisionForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer, with the reason"),
        max_length=4000,
        widget=forms.Textarea({"class": "form-control", "rows": 5}),
        error_messages={"required": gettext_lazy("Whoever appealed is owed a reason.")},
    )


@never_cache
@require_GET
@needs("worstof.see")
def board(request: HttpRequest) -> HttpResponseBase:
    user, get = signed_in(request), request.GET
    view = get.get("view", "") if get.get("view", "") in VIEWS else "open"
    page = reads.page(view, min(max(whole_number(get.get("page", "")) or 1, 1), MOST_PAGES), user)
    counts = reads.counts(user)
    abouts = reads.abouts(page.rows, user)
    context = {
        "view": view,
        "page": page,
        "rows": [_row(appeal, abouts.get(appeal.name)) for appeal in page.rows],
        "views": [{"key": k, "word": VIEWS[k], "count": counts[k]} for k in VIEWS],
        "answer": _answer(counts["open"]),
    }
    return render(request, "worstof/appeals.html", context)


def _answer(count: int) -> str:
    if not count:
        return _("No appeal waits for an answer.")
    said = ngettext("%(n)s appeal waits for an answer.", "%(n)s appeals wait for an answer.", count)
    return said % {"n": count}


def _row(appeal: Appeal, entry: Entry | None) -> dict[str, Any]:
    return {"appeal": appeal, "about": _about(appeal, entry), "stage": _stage(appeal)}


def _stage(appeal: Appeal) -> str:
    if appeal.state != Appeal.State.OPEN:
        return ""
    return clocks.stage(appeal.received_at, appeal.due_at, at=timezone.now())


def _about(appeal: Appeal, entry: Entry | None) -> str:
    """What the lists that a reader sees say of the domain, for people of the desk only."""
    if entry:
        return texts.word(texts.SHORT_STATES, entry.state)
    return _("Not on any list") if appeal.name else _("No domain that can be read")


@never_cache
@require_GET
@needs("worstof.see")
def page(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _page(request, _found(request, pk), DecisionForm())


def _found(request: HttpRequest, pk: int) -> Appeal:
    found = reads.one(pk, signed_in(request))
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, appeal: Appeal, form: DecisionForm) -> HttpResponseBase:
    user = signed_in(request)
    entries = reads.entries(appeal, user)
    decides = user_may(user, "worstof.sign")
    unlisted = appeals.is_blocked_unlisted(appeal, user)
    below = reads.below(appeal, user)
    stand = standings([*entries, *below])
    context = {
        "appeal": appeal,
        "stage": _stage(appeal),
        "about": _about(appeal, reads.abouts([appeal], user).get(appeal.name)),
        "entries": [(entry, texts.short_line(entry, stand.get(entry.pk))) for entry in entries],
        "covering": texts.covering_lines(appeal.name, entries),
        "below": [(entry, texts.short_line(entry, stand.get(entry.pk))) for entry in below],
        "is_leaving": any(stand.get(entry.pk) in STILL_BLOCKED for entry in entries),
        "is_part": appeal.part_of_id is not None,
        "earlier": reads.earlier(appeal, user),
        "sender_language": translation.get_language_info(appeal.language)["name_translated"],
        "is_on_a_list": not unlisted and any(entry.state in life.OPEN for entry in entries),
        "is_blocked_unlisted": unlisted,
        "form": form,
        # How to reach a sender is for those who answer, not for every authority that judges.
        "decides": decides,
        "has_judged": decides and appeals.has_judged(user, appeal),
        "is_open": appeal.state == Appeal.State.OPEN,
    }
    return render(request, "worstof/appeal_desk.html", context, status=400 if form.errors else 200)


@require_POST
@needs("worstof.sign")
def decide(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Uphold, reject or answer an appeal; what is refused is said in a sentence and nothing is lost."""
    appeal, form = _found(request, pk), DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, appeal, form)
    verb = request.POST.get("verb", "")
    if verb not in _VERBS:
        form.add_error(None, _("Nothing was decided: it was not said what to do."))
        return _page(request, appeal, form)
    try:
        said = _decided(request, appeal, verb, form.cleaned_data["answer"])
    except appeals.DecidedAlready:
        messages.error(request, _("Somebody decided this appeal meanwhile. Nothing was changed."))
    except appeals.NotYours:
        raise Http404 from None
    except appeals.OnAList:
        form.add_error(None, _("A list has the domain now: uphold the appeal or reject it."))
        return _page(request, _found(request, pk), form)
    except appeals.Unlisted:
        form.add_error(None, _("No list has the domain, and yet it is blocked: uphold the appeal."))
        return _page(request, _found(request, pk), form)
    except appeals.JudgedTheEntry:
        form.add_error(
            None,
            _(
                "You put this domain forward, judged or signed it, or brought in who did: somebody else has to reject."
            ),
        )
        return _page(request, _found(request, pk), form)
    else:
        messages.success(request, said)
    return redirect("worst-of-appeal", pk)


_VERBS = {
    "uphold": appeals.uphold,
    "reject": appeals.reject,
    "answer": appeals.answer_unlisted,
}
_SAID: texts.Words = {
    Appeal.State.UPHELD: gettext_lazy(
        "The appeal is upheld; the domain leaves your country's lists and the common ones."
    ),
    Appeal.State.REJECTED: gettext_lazy("The appeal is rejected; the lists stay as they are."),
    Appeal.State.UNLISTED: gettext_lazy("The answer is sent. No list had the domain."),
}


def _decided(request: HttpRequest, appeal: Appeal, verb: str, answer: str) -> str:
    done = _VERBS[verb](appeal, by=signed_in(request), answer=answer, at=timezone.now())
    if done.state == Appeal.State.UPHELD:
        entries = reads.entries(done, signed_in(request))
        if Standing.LEAVING_HELD in standings(entries).values():
            return _(
                "The appeal is upheld. The domain is still blocked: its removal waits for two "
                "signatures among the held changes."
            )
    return texts.word(_SAID, done.state)
