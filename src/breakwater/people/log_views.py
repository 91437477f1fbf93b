"""The page of the audit log. Who reads the log is logged as well.

The pages stand in this room, because the log itself knows of no rights.
"""

from dataclasses import asdict

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from breakwater.custody import export, queries
from breakwater.custody.actions import record
from breakwater.custody.models import AuditEntry
from breakwater.custody.verbs import in_words
from breakwater.custody.verification import verify
from breakwater.formats.whole_number import whole_number
from breakwater.people.access import needs, signed_in
from breakwater.people.log_forms import LogFilterForm

PAGE = 100
# A longer log is verified on the command line, where nobody waits for a page.
VERIFIED_IN_A_PAGE = 100_000
_WRITERS = {
    "csv": (export.csv_lines, "text/csv; charset=utf-8"),
    "jsonl": (export.json_lines, "application/jsonl; charset=utf-8"),
}


@never_cache
@require_GET
@needs("log.see")
def log(request: HttpRequest) -> HttpResponseBase:
    form = LogFilterForm(request.GET)
    wanted = form.wanted()
    below = whole_number(request.GET.get("below", ""))
    _note(request, "custody.log.read", wanted, below=below)
    found = queries.page_of(queries.filtered(wanted), below, PAGE)
    length = queries.length()
    context = {
        "room": "log",
        "form": form,
        "lines": [(entry, in_words(entry.verb)) for entry in found[:PAGE]],
        "next_below": found[PAGE - 1].seq if len(found) > PAGE else None,
        "below": below,
        "is_filtered": any(asdict(wanted).values()),
        "length": length,
        "check": queries.last_check(),
        "can_verify": length <= VERIFIED_IN_A_PAGE,
    }
    return render(request, "custody/log.html", context)


def _note(request: HttpRequest, verb: str, wanted: queries.Filter, **more: object) -> AuditEntry:
    asked = {name: str(value) for name, value in asdict(wanted).items() if value}
    detail = asked | {name: value for name, value in more.items() if value}
    with transaction.atomic():
        return record(verb, actor=signed_in(request), detail=detail, at=timezone.now())


@require_GET
@needs("log.see")
def log_export(request: HttpRequest) -> HttpResponseBase:
    """Write out what the page's filters leave, oldest first."""
    name = "csv" if request.GET.get("format") == "csv" else "jsonl"
    wanted = LogFilterForm(request.GET).wanted()
    _note(request, "custody.log.exported", wanted, format=name)
    lines, content_type = _WRITERS[name]
    entries = queries.all_entries(among=queries.filtered(wanted))
    response = StreamingHttpResponse(lines(entries), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="audit-log.{name}"'
    return response


@require_POST
@needs("log.see")
def log_verify(request: HttpRequest) -> HttpResponseBase:
    if queries.length() > VERIFIED_IN_A_PAGE:
        text = _("The log is too long to verify here. On the server run: breakwater audit verify")
        messages.info(request, text)
        return redirect("log")
    found = verify(at=timezone.now())
    faults = len(found.findings)
    _note(request, "custody.log.verified", queries.Filter(), entries=found.entries, faults=faults)
    return redirect("log")
