"""Pages on which partners' files come in: choose, look through, confirm, see what became of it."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.formats.assessment_table import (
    MOST_BYTES,
    MOST_LINES,
    BadTable,
    Expected,
    Fault,
    Line,
    Table,
    write_table,
)
from breakwater.hashlists.uploads import TextOnly
from breakwater.people.access import needs, signed_in
from breakwater.people.models import Agency, User
from breakwater.worstof import import_texts as texts
from breakwater.worstof.actions import importing
from breakwater.worstof.actions.lists import international
from breakwater.worstof.entry_texts import SHORT_STATES, word
from breakwater.worstof.models import BlockList, PartnerFile
from breakwater.worstof.queries import board, incoming
from breakwater.worstof.rules.incoming import TAKEN, Outcome

LINES = 200
FILES = 20
_SELECT = {"class": "form-select"}


class FileForm(forms.Form):
    """Whose file it is, and for which list."""

    agency = forms.ModelChoiceField(
        label=lazy("Whose word it is"), queryset=Agency.objects.none(), empty_label=None,
        help_text=lazy("Of your own authority only nominations come by file."),
        widget=forms.Select(_SELECT),
    )  # fmt: skip
    block_list = forms.ModelChoiceField(
        label=lazy("List"), queryset=BlockList.objects.none(), empty_label=None,
        widget=forms.Select(_SELECT),
    )  # fmt: skip

    def __init__(self, data: Any, by: User) -> None:
        super().__init__(data)
        agencies = [agency.pk for agency in incoming.agencies_for(by)]
        lists = [block_list.pk for block_list in board.lists(by)]
        self._choices("agency", Agency.objects.filter(pk__in=agencies).order_by("name"))
        self._choices("block_list", BlockList.objects.filter(pk__in=lists).order_by("pk"))

    def _choices(self, name: str, found: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = found

    def whose(self) -> incoming.Whose:
        return incoming.Whose(self.cleaned_data["block_list"], self.cleaned_data["agency"])


@csrf_exempt  # the upload handler has to be in place before the token is read; see below
@never_cache
@require_http_methods(["GET", "POST"])
@needs("worstof.nominate")
def import_page(request: HttpRequest) -> HttpResponseBase:
    request.upload_handlers = [TextOnly(request, most=MOST_BYTES)]
    return _import_page(request)


@csrf_protect
def _import_page(request: HttpRequest) -> HttpResponseBase:
    international()
    form = FileForm(request.POST or None, signed_in(request))
    if request.method != "POST":
        return _choose(request, form)
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    if file is None:
        return _choose(request, form, _why_none(cast(TextOnly, request.upload_handlers[0])))
    if not form.is_valid():
        return _choose(request, form, _("Nothing was kept."))
    try:
        kept = importing.receive(
            file.read(), file.name or "", form.whose(), by=signed_in(request), at=timezone.now()
        )
    except BadTable as problem:
        return _choose(request, form, texts.unreadable(problem.problem))
    except importing.NotForYou as refused:
        form.add_error("agency", word(texts.WHY_NOT, refused.why))
        return _choose(request, form, _("Nothing was kept."))
    except importing.SameFile as before:
        return _same(request, form, before.file)
    return redirect("worst-of-file", kept.pk)


def _why_none(handler: TextOnly) -> str:
    if handler.is_too_large:
        return texts.unreadable("too_large")
    if handler.is_not_text:
        return _(
            "This is no table and no JSON, and nothing of it was kept. Unpack an archive first; "
            "never choose a picture or video."
        )
    return _("No file came with the request. Choose one first.")


def _same(request: HttpRequest, form: FileForm, before: PartnerFile) -> HttpResponseBase:
    said = _("This very file came in before; nothing was taken twice.")
    if not incoming.visible_files(signed_in(request)).filter(pk=before.pk).exists():
        return _choose(request, form, said)
    messages.info(request, said)
    return redirect("worst-of-file", before.pk)


def _choose(request: HttpRequest, form: FileForm, problem: str = "") -> HttpResponse:
    context = {
        "form": form,
        "problem": problem,
        "most_lines": MOST_LINES,
        "megabytes": MOST_BYTES >> 20,
        "files": incoming.visible_files(signed_in(request)).order_by("-pk")[:FILES],
    }
    return render(request, "worstof/import.html", context, status=400 if problem else 200)


def _found(request: HttpRequest, pk: int) -> PartnerFile:
    found = incoming.visible_files(signed_in(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@never_cache
@require_GET
@needs("worstof.nominate")
def file_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    file = _found(request, pk)
    if file.state == PartnerFile.State.DRAFT:
        table, answer, rows = _foreseen(file, signed_in(request))
    else:
        table, answer, rows = _became(file)
    left_out = {fault.line for fault in table.faults if fault.expected != Expected.KNOWN_COLUMN}
    context = {
        "file": file,
        "answer": answer,
        "page": Paginator(rows, LINES).get_page(request.GET.get("page")),
        "counts": _counts(rows),
        "faults": [_fault_row(fault) for fault in table.faults],
        "left_out": texts.left_out(len(left_out)) if left_out else "",
        "can_confirm": any(row["outcome"] in {*TAKEN, Outcome.REFUSED} for row in rows),
    }
    return render(request, "worstof/file.html", context)


_Rows = list[dict[str, Any]]


def _foreseen(file: PartnerFile, by: User) -> tuple[Table, str, _Rows]:
    """What would become of each line, if this person confirmed the file now."""
    table = incoming.read_file(bytes(file.content))
    whose = incoming.Whose(file.block_list, file.agency, file.door, file.received_by)
    found = incoming.Preview(whose, by, timezone.now()).of(table.lines)
    rows = [
        _row(one.line, one.outcome, one.state) | {"denies": one.denies, "same_as": one.same_as}
        for one in found
    ]
    return table, texts.draft_answer(_taken(rows)), rows


def _row(line: Line, outcome: str, state: str) -> dict[str, Any]:
    return {
        "number": line.number,
        "shown": line.name.shown,
        "assessor": line.assessor,
        "evidence": line.sight.evidence if line.sight else "",
        "outcome": outcome,
        "word": word(texts.OUTCOMES, outcome),
        "state": word(SHORT_STATES, state) if state else "",
    }


def _taken(rows: _Rows) -> int:
    return sum(1 for row in rows if row["outcome"] in TAKEN)


def _became(file: PartnerFile) -> tuple[Table, str, _Rows]:
    table = incoming.read_file(bytes(file.content))
    said = {line.number: line for line in table.lines}
    rows = [
        _row(said[row.number], row.outcome, row.entry.state if row.entry else "")
        | {"entry": row.entry}
        for row in incoming.lines_of(file)
    ]
    if file.state == PartnerFile.State.DONE:
        return table, texts.done_answer(_taken(rows), file.total), rows
    return table, texts.waiting_answer(file.done, file.total), rows


def _counts(rows: _Rows) -> Iterable[tuple[str, int]]:
    """How many lines have which outcome, in the order of `texts.OUTCOMES`."""
    found = [row["outcome"] for row in rows]
    return [(str(text), found.count(key)) for key, text in texts.OUTCOMES.items() if key in found]


def _fault_row(fault: Fault) -> dict[str, object]:
    return {
        "line": fault.line,
        "field": fault.field,
        "problem": texts.fault_text(fault),
        "text": fault.text,
    }


@require_POST
@needs("worstof.nominate")
def confirm(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take the file in: the first lines at once, the rest by the worker."""
    file, at = _found(request, pk), timezone.now()
    try:
        confirmed = importing.confirm(file, by=signed_in(request), at=at)
    except importing.NotADraft:
        messages.info(request, _("Somebody else confirmed or threw it away meanwhile."))
    except importing.NotForYou as refused:
        messages.error(request, word(texts.WHY_NOT, refused.why))
    else:
        importing.take_in(confirmed, at=at)
    return redirect("worst-of-file", pk)


@require_POST
@needs("worstof.nominate")
def discard(request: HttpRequest, pk: int) -> HttpResponseBase:
    try:
        importing.discard(_found(request, pk), by=signed_in(request), at=timezone.now())
    except importing.NotADraft:
        messages.error(request, _("This file is being taken in and cannot be thrown away."))
        return redirect("worst-of-file", pk)
    messages.success(request, _("The file was thrown away; nothing of it was taken in."))
    return redirect("worst-of-import")


@require_GET
@needs("worstof.nominate")
def template(request: HttpRequest) -> HttpResponseBase:
    """An empty table with all columns, to send to a partner."""
    response = HttpResponse(write_table([]), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="assessments-template.csv"'
    return response
