"""Pages of the police door: hand files in, and see what became of each."""

import csv
from collections.abc import Iterator
from typing import BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
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
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from breakwater.custody.actions import record as audit
from breakwater.people.access import needs, signed_in
from breakwater.reports import import_queries as queries
from breakwater.reports.actions.importing import import_upload
from breakwater.reports.import_uploads import (
    MAX_FILES,
    MAX_UPLOAD,
    MemoryOnly,
    is_announced_too_large,
)
from breakwater.reports.models import Delivery

RECENT = 20
PAGE = 100
MEGABYTE = 1024 * 1024

RESULT_WORDS = {
    "accepted": gettext_lazy("Accepted"),
    "repeat": gettext_lazy("Here already"),
    "refused": gettext_lazy("Not taken"),
    "hashed": gettext_lazy("Hashes only"),
}
ADVICE = {
    "format": gettext_lazy("Ask the sender for this file again, as it was downloaded."),
    "size": gettext_lazy("Split the file into smaller ones of fewer reports."),
    "zip_broken": gettext_lazy("Download the archive again; this copy is damaged or not whole."),
    "zip_encrypted": gettext_lazy("Unpack it with its password and hand the files in."),
    "zip_method": gettext_lazy("Pack it again as an ordinary ZIP."),
    "zip_nested": gettext_lazy("Unpack the outer archive and hand the inner ones in."),
    "zip_bomb": gettext_lazy("Do not open it. Ask the sender what it is."),
    "zip_large": gettext_lazy("Split the archive into smaller ones."),
    "empty": gettext_lazy("Check that the right file or folder was chosen."),
    "link": gettext_lazy("Hand in the file that the link points to."),
    "unreadable": gettext_lazy("Check that the file may be read and is not in use."),
    "interrupted": gettext_lazy("Nothing to do: see the later delivery."),
}


@csrf_exempt  # the upload handler has to be in place before the token is read; see below
@require_http_methods(["GET", "POST"])
@needs("import.files")
def import_page(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        if is_announced_too_large(request):
            return _refused(request, _too_large(), 413)
        request.upload_handlers = [MemoryOnly(request)]
    return _import_page(request)


@csrf_protect
def _import_page(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request)
    files = _uploaded(request)
    handler = cast(MemoryOnly, request.upload_handlers[0])
    if handler.is_too_large:
        return _refused(request, _too_large(), 413)
    if not files:
        return _refused(request, _("No file came with the request. Choose one first."), 400)
    deliveries = import_upload(files, sent_by=signed_in(request), at=timezone.now())
    url = reverse("delivery", args=[deliveries[0].pk])
    return JsonResponse({"url": url}) if _wants_json(request) else redirect(url)


def _uploaded(request: HttpRequest) -> list[tuple[str, BinaryIO]]:
    """Give the files with their names; a script may send the folders they lay in as `paths`."""
    files = cast("list[UploadedFile[bytes]]", request.FILES.getlist("files"))
    paths = request.POST.getlist("paths")
    names = paths if len(paths) == len(files) else [f.name or "" for f in files]
    return [(name, cast(BinaryIO, f.file)) for name, f in zip(names, files, strict=True)]


def _too_large() -> str:
    return _(
        "These files are more than %(size)d MB together, which the page does not take. "
        "Use the command line: breakwater reports import PATH"
    ) % {"size": MAX_UPLOAD // MEGABYTE}


def _refused(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"reason": reason}, status=status)
    return _page(request, reason, status)


def _page(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    page = Paginator(queries.police_deliveries(), RECENT).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "problem": problem,
        "max_bytes": MAX_UPLOAD,
        "max_files": MAX_FILES,
        "max_megabytes": MAX_UPLOAD // MEGABYTE,
        "too_large": _too_large(),
    }
    return render(request, "reports/import.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


@require_GET
@needs("import.files")
def delivery_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    delivery = _found(pk)
    progress = queries.progress(delivery)
    which = request.GET.get("show", "problems" if progress.counts["refused"] else "all")
    which = which if which in queries.SHOWN else "all"
    results = queries.shown_results(delivery, which)
    page = Paginator(results, PAGE).get_page(request.GET.get("page"))
    context = {
        "delivery": delivery,
        "progress": progress,
        "answer": _answer(progress),
        "state_text": _state_text(progress),
        "which": which,
        "filters": _filters(progress),
        "page": page,
        "lines": _lines(page.object_list),
        "stuck": queries.stuck_originals(delivery)[:50] if progress.stuck else [],
    }
    return render(request, "reports/delivery.html", context)


def _found(pk: int) -> Delivery:
    found = queries.delivery(pk)
    if found is None:
        raise Http404
    return found


def _answer(progress: queries.Progress) -> str:
    accepted = progress.counts["accepted"]
    text = ngettext("%(n)s report accepted", "%(n)s reports accepted", accepted) % {"n": accepted}
    refused = progress.counts["refused"]
    if not refused:
        return text
    more = ngettext("%(n)s file not taken", "%(n)s files not taken", refused) % {"n": refused}
    return f"{text}, {more}"


def _state_text(progress: queries.Progress) -> str:
    if progress.is_done:
        return _("Everything that was accepted has been read.")
    if progress.state == Delivery.State.RECEIVING:
        return _(
            "Still being received, or interrupted. Handing in the same again completes it; "
            "nothing is doubled."
        )
    return _("%(read)s of %(stored)s reports read and in the queue.") % {
        "read": progress.read,
        "stored": progress.stored,
    }


def _filters(progress: queries.Progress) -> list[tuple[str, str, int]]:
    total = sum(progress.counts.values())
    words = ((kind, str(RESULT_WORDS[kind]), progress.counts[kind]) for kind in RESULT_WORDS)
    return [("all", _("All"), total), *((k, w, n) for k, w, n in words if n)]


def _lines(results: object) -> list[dict[str, object]]:
    shown = cast(list[dict[str, str]], list(cast(list[object], results)))
    known = queries.numbers_on_the_desk(shown)
    return [
        {
            **line,
            "word": RESULT_WORDS.get(line["result"], line["result"]),
            "advice": ADVICE.get(line.get("code", ""), ""),
            "can_open": line.get("number") in known,
        }
        for line in shown
    ]


@require_GET
@needs("import.files")
def delivery_progress(request: HttpRequest, pk: int) -> HttpResponseBase:
    progress = queries.progress(_found(pk))
    return JsonResponse(
        {
            "done": progress.is_done,
            "state": progress.state,
            "stored": progress.stored,
            "read": progress.read,
            "stuck": progress.stuck,
            "counts": progress.counts,
            "text": _state_text(progress),
            "answer": _answer(progress),
        }
    )


@require_GET
@needs("import.files")
def delivery_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    delivery = _found(pk)
    with transaction.atomic():
        audit(
            "reports.delivery.exported",
            actor=signed_in(request),
            target=f"delivery {delivery.pk}",
            at=timezone.now(),
        )
    response = StreamingHttpResponse(_csv(delivery), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="delivery-{delivery.pk}.csv"'
    return response


_COLUMNS = ("name", "result", "number", "reason", "md5", "sha1", "sha256", "size")


class _Echo:
    def write(self, value: str) -> str:
        return value


def _csv(delivery: Delivery) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for something else
    yield writer.writerow(_COLUMNS)
    for line in delivery.results:
        yield writer.writerow([_cell(line.get(column, "")) for column in _COLUMNS])


def _cell(value: object) -> str:
    """Keep a spreadsheet from running a file's name as a formula."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
