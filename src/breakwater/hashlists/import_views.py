"""Pages of an import into a hash list: the file, its columns, its progress and its faults."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.formats.hash_entry import Advice, Fault
from breakwater.formats.hash_table import MAX_COLUMNS, Preview, TooManyColumns, preview
from breakwater.hashlists import texts
from breakwater.hashlists.actions.receiving import (
    Empty,
    NotADraft,
    Received,
    TooLarge,
    confirm,
    discard,
    receive,
)
from breakwater.hashlists.forms import ColumnsForm
from breakwater.hashlists.models import HashList, ListChange
from breakwater.hashlists.queries import listed as queries
from breakwater.hashlists.queries.waiting import beginning
from breakwater.hashlists.uploads import MOST_BYTES, TextOnly, is_vics
from breakwater.hashlists.views import found_list, now_at_work, progress_text
from breakwater.people.access import needs, signed_in

FAULTS = 100
HEAD = 64 * 1024


@csrf_exempt  # the upload handler has to be in place before the token is read; see below
@require_http_methods(["GET", "POST"])
@needs("lists.manage")
def import_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    request.upload_handlers = [TextOnly(request)]
    return _import_page(request, found_list(pk))


@csrf_protect
def _import_page(request: HttpRequest, hash_list: HashList) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request, hash_list)
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    handler = cast(TextOnly, request.upload_handlers[0])
    if file is None:
        return _refused(
            request, hash_list, _why_none(handler), 413 if handler.is_too_large else 400
        )
    try:
        change = _received(request, hash_list, file)
    except Empty:
        return _refused(request, hash_list, _("The file is empty. Choose another one."), 400)
    except TooLarge:
        return _refused(request, hash_list, _too_large(), 413)
    except TooManyColumns as problem:
        return _refused(request, hash_list, _too_wide(problem), 400)
    is_draft = change.state == ListChange.State.DRAFT
    url = reverse("hash-list-columns", args=[change.pk]) if is_draft else _list_url(hash_list)
    return JsonResponse({"url": url}) if _wants_json(request) else redirect(url)


def _received(request: HttpRequest, hash_list: HashList, file: "UploadedFile[bytes]") -> ListChange:
    """Keep the file; a table waits until a person has looked at its columns, VICS needs none."""
    head = file.read(HEAD)
    file.seek(0)
    form = "vics" if is_vics(head) else "table"
    if form == "table":
        preview(BytesIO(head))  # before anything is kept: nobody could choose so many columns
    return receive(
        hash_list, cast(BinaryIO, file), Received(file.name or "", form),
        by=signed_in(request), at=timezone.now(), is_draft=form == "table",
    )  # fmt: skip


def _why_none(handler: TextOnly) -> str:
    if handler.is_too_large:
        return _too_large()
    if handler.is_not_text:
        return _(
            "This is no table and no JSON, and nothing of it was kept. Unpack an archive first; "
            "never choose a picture or video."
        )
    return _("No file came with the request. Choose one first.")


def _too_large() -> str:
    return _("The file is larger than %(n)s GB. Split it and import the parts.") % {
        "n": MOST_BYTES >> 30
    }


def _too_wide(problem: TooManyColumns) -> str:
    return _(
        "The table has %(n)s columns, and at most %(most)s are read. Leave those out that say "
        "nothing of the hashes; if the file has fewer, its lines end in an unusual way."
    ) % {"n": texts.number(problem.count), "most": MAX_COLUMNS}


def _list_url(hash_list: HashList) -> str:
    return reverse("hash-list", args=[hash_list.pk])


def _refused(request: HttpRequest, hash_list: HashList, why: str, status: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"reason": why}, status=status)
    return _page(request, hash_list, why, status)


def _page(
    request: HttpRequest, hash_list: HashList, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "list": hash_list,
        "problem": problem,
        "max_bytes": MOST_BYTES,
        "too_large": _too_large(),
        "most": MOST_BYTES >> 30,
    }
    return render(request, "hashlists/import.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _found(pk: int) -> ListChange:
    found = queries.change(pk)
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@needs("lists.manage")
def columns(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the first rows of a waiting file and ask what each column is."""
    draft = _found(pk)
    if draft.state != ListChange.State.DRAFT:
        return redirect("hash-list", draft.hash_list_id)
    try:
        seen = beginning(draft)
    except TooManyColumns as problem:  # one that came before there was a limit
        messages.error(request, _too_wide(problem))
        return redirect("hash-list", draft.hash_list_id)
    except FileNotFoundError:
        gone = _("The file is no longer in the data folder: throw it away and import it again")
        return render(request, "hashlists/columns.html", {"draft": draft, "answer": gone})
    open_ones = {fault.field for fault in seen.faults if fault.advice == Advice.CHOOSE_KIND}
    form = ColumnsForm(
        seen.columns, seen.mapping.columns, request.POST or None, open_ones=open_ones
    )
    if request.method == "POST" and form.is_valid():
        mapping = replace(seen.mapping, columns=form.chosen())
        try:
            confirm(draft, mapping, by=signed_in(request), at=timezone.now())
        except NotADraft:
            messages.info(request, _("Somebody else confirmed these columns meanwhile."))
        return redirect("hash-list", draft.hash_list_id)
    context = {
        "draft": draft,
        "form": form,
        "fields": [form[name] for name in form.fields],
        "rows": [_cells(row, len(seen.columns)) for row in seen.rows],
        "faults": [fault_line(fault) for fault in seen.faults[:20]],
        "answer": _columns_answer(seen, open_ones),
    }
    return render(request, "hashlists/columns.html", context)


def _cells(row: tuple[str, ...], width: int) -> list[str]:
    return [*row[:width], *[""] * (width - len(row))]


def _columns_answer(seen: Preview, open_ones: set[str]) -> str:
    if not seen.columns:
        return _("This file has no rows that can be read")
    if open_ones:
        return _("Choose which kind of hash the marked column is")
    unknown = len(seen.columns) - len(seen.mapping.columns)
    if unknown:
        text = ngettext(
            "Check what the columns are; %(n)s was not recognised",
            "Check what the columns are; %(n)s were not recognised",
            unknown,
        )
        return text % {"n": unknown}
    return _("Every column was recognised: check and import")


def fault_line(fault: Fault) -> dict[str, object]:
    return {
        "place": fault.place,
        "field": fault.field,
        "problem": texts.word(texts.PROBLEMS, fault.problem),
        "advice": texts.word(texts.ADVICE, fault.advice),
        "found": fault.found,
    }


@require_POST
@needs("lists.manage")
def throw_away(request: HttpRequest, pk: int) -> HttpResponseBase:
    draft = _found(pk)
    try:
        discard(draft, by=signed_in(request), at=timezone.now())
    except NotADraft:
        messages.error(request, _("This file is being imported and cannot be thrown away."))
    else:
        messages.success(request, _("The file was thrown away; nothing of it was imported."))
    return redirect("hash-list", draft.hash_list_id)


@require_GET
@needs("lists.see")
def progress(request: HttpRequest, pk: int) -> HttpResponseBase:
    """How far the change is that a list's page watches."""
    now = now_at_work(found_list(pk))
    return JsonResponse({"done": True} if now is None else {"done": False, **now})


@require_GET
@needs("lists.see")
def change_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What became of one import, with its faults in words."""
    change = _found(pk)
    page = Paginator(queries.faults(change), FAULTS).get_page(request.GET.get("page"))
    context = {
        "change": change,
        "list": change.hash_list,
        "answer": _change_answer(change),
        "form_word": texts.word(texts.FORMS, change.form),
        "columns": _chosen_columns(change),
        "page": page,
        "faults": [
            {
                "row": row,
                "problem": texts.word(texts.PROBLEMS, row.problem),
                "advice": texts.word(texts.ADVICE, row.advice),
            }
            for row in page
        ],
    }
    return render(request, "hashlists/change.html", context)


def _change_answer(change: ListChange) -> str:
    if change.state == ListChange.State.FAILED:
        return _("%(name)s could not be imported") % {"name": change.name}
    if change.state != ListChange.State.DONE:
        return progress_text(change)
    text = _("%(added)s added, %(changed)s changed, %(removed)s taken away") % {
        "added": texts.number(change.added),
        "changed": texts.number(change.changed),
        "removed": texts.number(change.removed),
    }
    n = change.faulty
    more = ngettext("%(n)s line left out", "%(n)s lines left out", n) % {"n": texts.number(n)}
    return f"{text}; {more}" if n else text


def _chosen_columns(change: ListChange) -> list[tuple[str, str]]:
    chosen = change.mapping.get("columns", {})
    return [(column, texts.word(texts.TARGETS, target)) for column, target in chosen.items()]


@require_GET
@needs("lists.see")
def faults_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    change = _found(pk)
    response = StreamingHttpResponse(_csv(change), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="faults-{change.pk}.csv"'
    return response


_COLUMNS = ("place", "field", "problem", "advice", "found", "count")


class Echo:
    """Stands where a CSV writer wants a file, and gives each line back."""

    def write(self, value: str) -> str:
        return value


def _csv(change: ListChange) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for something else
    yield writer.writerow(_COLUMNS)
    for place, field, problem, advice, found, count in queries.fault_rows(change):
        words = (texts.word(texts.PROBLEMS, problem), texts.word(texts.ADVICE, advice))
        yield writer.writerow([safe_cell(x) for x in (place, field, *words, found, count)])


def safe_cell(value: object) -> str:
    """Keep a spreadsheet from running a text of a list as a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
