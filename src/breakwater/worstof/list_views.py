"""The lists and their rules: read, made as a national addition, changed by two people."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.people.access import needs, signed_in
from breakwater.people.models import User
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import lists, rule_changes
from breakwater.worstof.entry_forms import ListForm
from breakwater.worstof.models import BlockList, RuleChange
from breakwater.worstof.queries import board


@never_cache
@require_GET
@needs("worstof.see")
def lists_page(request: HttpRequest) -> HttpResponseBase:
    lists.international()
    user = signed_in(request)
    counts = board.counts_by_list(user)
    changes = board.changes_by_list(user)
    rows = [
        {
            "list": x,
            "rule": texts.rule_line(x),
            "clock": texts.clock_line(x),
            "change": _change(changes[x.pk], user) if x.pk in changes else None,
            **counts[x.pk],
        }
        for x in board.lists(user)
    ]
    return render(request, "worstof/lists.html", {"rows": rows})


def _change(change: RuleChange, user: User) -> dict[str, Any]:
    return {
        "change": change,
        "differences": [
            (texts.word(texts.TERMS, name), *(texts.term(name, x) for x in values))
            for name, values in rule_changes.differences(change).items()
        ],
        "line": texts.confirmer_line(change, asks_for_less=rule_changes.asks_for_less(change)),
        "may_confirm": rule_changes.may_confirm(user, change),
        "may_withdraw": rule_changes.may_withdraw(user, change),
        "is_mine": change.by_id == user.pk,
    }


@never_cache
@require_http_methods(["GET", "POST"])
@needs("worstof.manage")
def new_list(request: HttpRequest) -> HttpResponseBase:
    return _edited(request, None)


@never_cache
@require_http_methods(["GET", "POST"])
@needs("worstof.manage")
def change_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _edited(request, _found(pk, signed_in(request)))


def _found(pk: int, user: User) -> BlockList:
    for block_list in board.lists(user):
        if block_list.pk == pk:
            return block_list
    raise Http404


def _edited(request: HttpRequest, block_list: BlockList | None) -> HttpResponseBase:
    user = signed_in(request)
    at_home = user.agency.country if user.agency else ""
    form = ListForm(request.POST or None, at_home=at_home, block_list=block_list)
    if request.method == "POST" and form.is_valid() and _kept(form, block_list, user):
        messages.success(request, _said(block_list))
        return redirect("worst-of-lists")
    status = 400 if request.method == "POST" else 200
    return render(request, "worstof/list.html", {"form": form, "list": block_list}, status=status)


def _said(block_list: BlockList | None) -> str:
    if block_list is None:
        return _("The list is made.")
    return _("The change is proposed. It holds as soon as a second person has confirmed it.")


def _kept(form: ListForm, block_list: BlockList | None, by: User) -> bool:
    try:
        if block_list is None:
            lists.create_list(form.terms(), by=by, at=timezone.now())
        else:
            reason = form.cleaned_data["reason"]
            rule_changes.propose(block_list, form.terms(), by=by, reason=reason, at=timezone.now())
    except lists.BadTerms as problem:
        form.add_error(problem.field, texts.word(texts.BAD_TERMS, problem.field))
        return False
    except rule_changes.NotChanged as problem:
        form.add_error(None, texts.word(texts.NOT_CHANGED, type(problem).__name__))
        return False
    return True


@require_POST
@needs("worstof.see")
def decide(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Confirm a proposed change of a rule, or end it; the actions check who may."""
    user = signed_in(request)
    change = next((x for x in board.changes_by_list(user).values() if x.pk == pk), None)
    if change is None:
        raise Http404
    if request.POST.get("verb") not in ("confirm", "withdraw"):
        messages.error(request, _("Nothing was decided: it was not said what to do."))
        return redirect("worst-of-lists")
    try:
        messages.success(request, _decided(request, change, user))
    except rule_changes.NotChanged as problem:
        messages.error(request, texts.word(texts.NOT_CHANGED, type(problem).__name__))
    except lists.BadTerms as problem:
        messages.error(request, texts.word(texts.BAD_TERMS, problem.field))
    return redirect("worst-of-lists")


def _decided(request: HttpRequest, change: RuleChange, user: User) -> str:
    if request.POST.get("verb") == "confirm":
        rule_changes.confirm(change, by=user, at=timezone.now())
        return _("The list's rule is changed. It holds from now on.")
    rule_changes.withdraw(change, by=user, at=timezone.now())
    return _("The proposed change is ended; the rule stays as it is.")
