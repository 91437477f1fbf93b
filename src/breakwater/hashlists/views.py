"""Pages of the hash lists: all of them, one of them, a new one."""

from dataclasses import asdict, replace
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.hashlists import scales, texts
from breakwater.hashlists.actions.lists import (
    NameTaken,
    Terms,
    change_terms,
    create_list,
    reinstate_list,
    retire_list,
    terms_of,
)
from breakwater.hashlists.forms import ListForm, TermsForm
from breakwater.hashlists.models import HashList, ListChange
from breakwater.hashlists.queries import listed as queries
from breakwater.hashlists.rules.voices import is_valid
from breakwater.people.access import needs, signed_in

HISTORY = 20


@require_GET
@needs("lists.see")
def overview(request: HttpRequest) -> HttpResponseBase:
    rows = [_row(hash_list) for hash_list in queries.lists()]
    speaking = [row["list"] for row in rows if row["speaks"]]
    context = {"rows": rows, "answer": _overview_answer(speaking)}
    return render(request, "hashlists/lists.html", context)


def _overview_answer(speaking: list[HashList]) -> str:
    if not speaking:
        return _("No hash list speaks yet")
    lists = ngettext("%(n)s list speaks", "%(n)s lists speak", len(speaking)) % {"n": len(speaking)}
    count = sum(x.entry_count for x in speaking)
    entries = ngettext("%(n)s entry", "%(n)s entries", count) % {"n": texts.number(count)}
    return f"{lists}; {entries}"


def _row(hash_list: HashList) -> dict[str, Any]:
    is_retired, why = _silence(hash_list)
    return {
        "list": hash_list,
        "direction": texts.word(texts.DIRECTIONS, hash_list.direction),
        "speaks": not why,
        "is_retired": is_retired,
        "why": why,
    }


def _silence(hash_list: HashList) -> tuple[bool, str]:
    """Why a list does not speak now, if it does not."""
    if hash_list.retired_at:
        return True, _("Retired")
    today = timezone.localdate()
    if not is_valid(today, hash_list.valid_from, hash_list.valid_until):
        is_early = hash_list.valid_from is not None and today < hash_list.valid_from
        return False, _("Not valid yet") if is_early else _("No longer valid")
    return False, ""


@require_http_methods(["GET", "POST"])
@needs("lists.manage")
def new_list(request: HttpRequest) -> HttpResponseBase:
    form = ListForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_list(Terms(**form.cleaned_data), by=signed_in(request), at=timezone.now())
        except NameTaken:
            form.add_error("name", _("Another list has this name."))
        else:
            messages.success(request, _("The list is made. Now import the file with its hashes."))
            return redirect("hash-list-import", made.pk)
    return render(request, "hashlists/new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@needs("lists.manage")
def list_terms(request: HttpRequest, pk: int) -> HttpResponseBase:
    hash_list = found_list(pk)
    before = terms_of(hash_list)
    form = TermsForm(request.POST or None, initial=asdict(before))
    if request.method == "POST" and form.is_valid():
        terms = replace(before, **form.cleaned_data)
        try:
            changed = change_terms(hash_list, terms, by=signed_in(request), at=timezone.now())
        except NameTaken:
            form.add_error("name", _("Another list has this name."))
        else:
            kept, made = _("Nothing was changed."), _("The terms are changed; the log keeps both.")
            messages.success(request, made if changed else kept)
            return redirect("hash-list", pk)
    return render(request, "hashlists/terms.html", {"form": form, "list": hash_list})


def found_list(pk: int) -> HashList:
    found = queries.hash_list(pk)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("lists.see")
def one_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    hash_list = found_list(pk)
    context = {
        **_row(hash_list),
        "answer": list_answer(hash_list),
        "scheme": texts.scheme(hash_list.scheme, scales.known()),
        "page": Paginator(queries.changes(hash_list), HISTORY).get_page(request.GET.get("page")),
        "forms": texts.FORMS,
        "at_work": now_at_work(hash_list),
        "sample": queries.sample(hash_list),
        "grades": _grades(hash_list),
        "just_retired": request.session.pop("retired_list", None) == pk,
    }
    return render(request, "hashlists/list.html", context)


def now_at_work(of: HashList) -> dict[str, object] | None:
    """What the worker does with a list: an import, or else the archive that meets what changed."""
    if change := queries.under_way(of):
        text = progress_text(change)
        return {"value": change.bytes_read, "max": change.size or 1, "text": text}
    if change := queries.meeting(of):
        text = _("All earlier reports are compared with %(name)s: %(n)s of %(all)s hashes.")
        words = {
            "name": change.name,
            "n": texts.number(change.met),
            "all": texts.number(change.to_meet or 0),
        }
        return {"value": change.met, "max": change.to_meet, "text": text % words}
    return None


def progress_text(change: ListChange) -> str:
    if change.state == ListChange.State.WAITING and not change.done:
        return _("%(name)s waits for its turn.") % {"name": change.name}
    return _("%(name)s: %(n)s entries read so far.") % {
        "name": change.name,
        "n": texts.number(change.done),
    }


def list_answer(hash_list: HashList) -> str:
    n = hash_list.entry_count
    text = ngettext("%(n)s entry from %(source)s", "%(n)s entries from %(source)s", n) % {
        "n": texts.number(n),
        "source": hash_list.source,
    }
    _is_retired, why = _silence(hash_list)
    if why:
        return _("%(entries)s; %(why)s, so it says nothing") % {
            "entries": text,
            "why": why[:1].lower() + why[1:],
        }
    if hash_list.direction == "raise":
        return _("%(entries)s; a match raises the priority") % {"entries": text}
    if hash_list.direction == "lower":
        return _("%(entries)s; a match lowers the priority") % {"entries": text}
    return _("%(entries)s; a match says only that the file is known") % {"entries": text}


def _grades(hash_list: HashList) -> list[dict[str, Any]]:
    """Each grade of the source beside the mapped one, with its share as whole per cent of a bar."""
    most = max((count for _, _, count in hash_list.grades), default=1)
    return [
        {
            "grade": grade,
            "mapped": texts.word(texts.GRADES, mapped),
            "count": count,
            "width": max(1, round(100 * count / most)),
        }
        for grade, mapped, count in hash_list.grades
    ]


@require_POST
@needs("lists.manage")
def set_retired(request: HttpRequest, pk: int) -> HttpResponseBase:
    hash_list = found_list(pk)
    if request.POST.get("retired") == "yes":
        retire_list(hash_list, by=signed_in(request), at=timezone.now())
        request.session["retired_list"] = pk  # the list's page offers to take it back
    else:
        reinstate_list(hash_list, by=signed_in(request), at=timezone.now())
        messages.success(request, _("The list speaks again."))
    return redirect("hash-list", pk)
