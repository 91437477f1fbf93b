"""The lists and their rules: read, made as a national addition, changed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from breakwater.people.access import needs, signed_in
from breakwater.people.models import User
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions import lists
from breakwater.worstof.entry_forms import ListForm
from breakwater.worstof.models import BlockList
from breakwater.worstof.queries import board


@never_cache
@require_GET
@needs("worstof.manage")
def lists_page(request: HttpRequest) -> HttpResponseBase:
    lists.international()
    user = signed_in(request)
    counts = board.counts_by_list(user)
    rows = [
        {"list": x, "rule": texts.rule_line(x), "clock": texts.clock_line(x), **counts[x.pk]}
        for x in board.lists(user)
    ]
    return render(request, "worstof/lists.html", {"rows": rows})


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
        messages.success(request, _("The list's rule is kept. It holds from now on."))
        return redirect("worst-of-lists")
    status = 400 if request.method == "POST" else 200
    return render(request, "worstof/list.html", {"form": form, "list": block_list}, status=status)


def _kept(form: ListForm, block_list: BlockList | None, by: User) -> bool:
    try:
        if block_list is None:
            lists.create_list(form.terms(), by=by, at=timezone.now())
        else:
            lists.change_list(block_list, form.terms(), by=by, at=timezone.now())
    except lists.BadTerms as problem:
        form.add_error(problem.field, texts.word(texts.BAD_TERMS, problem.field))
        return False
    return True
