"""The pages of recipients: who gets the list, in which forms, and how far each is."""

import hashlib
import zipfile
import zlib
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from breakwater.drawing import exports
from breakwater.drawing.shown import show
from breakwater.people.access import needs, signed_in
from breakwater.reports.import_uploads import MAX_UPLOAD, is_announced_too_large
from breakwater.worstof import recipient_figures as figures
from breakwater.worstof import recipient_texts as texts
from breakwater.worstof import signing
from breakwater.worstof.actions import recipients
from breakwater.worstof.actions.tracing import trace_leak
from breakwater.worstof.leak_uploads import LeakOnly
from breakwater.worstof.line_texts import reason_line
from breakwater.worstof.models import Recipient
from breakwater.worstof.primary.snippets import SNIPPETS, Wish
from breakwater.worstof.publisher_texts import kept_back
from breakwater.worstof.queries import proofs, zone
from breakwater.worstof.queries.canaries import MOST_UNPACKED, TooMuch, opened
from breakwater.worstof.queries.transfers import sources_of
from breakwater.worstof.queries.zone import ZONE
from breakwater.worstof.recipient_forms import (
    FORMS,
    AddressForm,
    GrantForm,
    LeakForm,
    PlaceForm,
    RecipientForm,
)
from breakwater.worstof.rules.addresses import read_address

RESOLVERS = {
    "bind": "BIND",
    "unbound": "Unbound",
    "pdns": "PowerDNS Recursor",
    "knot": "Knot Resolver",
}
# Reserved for examples (RFC 5737, RFC 3849): whoever pastes them unread blocks nothing.
PLACE = {"primary": "192.0.2.1:5300", "stop_v4": "", "stop_v6": ""}
NO_SECRET = "PUT-THE-TSIG-SECRET-HERE"  # noqa: S105 – stands where the secret goes
NO_PUBLIC_KEY = "PUT-THE-PUBLIC-KEY-HERE"
NO_STOP_PAGE = "stop.example"
NO_ADDRESS = "PUT-THE-STOP-PAGES-ADDRESS-HERE"

BLOCKED = lazy(
    "The list blocks the host of its stop page, or a name above it: visitors would not see the page. "
    "Take another host, or have the name removed first."
)


@never_cache
@require_GET
@needs("worstof.manage")
def recipients_page(request: HttpRequest) -> HttpResponseBase:
    found, last = proofs.lately(at=timezone.now()), zone.last()
    rows: list[dict[str, Any]] = [
        {
            "recipient": row,
            "forms": [FORMS[form] for form in row.forms],
            "found": found.get(row.pk),
            "share": figures.per_cent(found[row.pk]) if row.pk in found else None,
            "behind": texts.behind(row, last) if row.forms else "",
            "kept_back": kept_back(row),
        }
        for row in Recipient.objects.order_by("closed_at", "name")
    ]
    is_open = sum(row["recipient"].closed_at is None for row in rows)
    context = {"rows": rows, "answer": texts.count_answer(is_open)}
    return render(request, "worstof/recipients.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@needs("worstof.manage")
def new_recipient(request: HttpRequest) -> HttpResponseBase:
    form = RecipientForm(request.POST or None, initial={"forms": ["dns"], "scope": "national"})
    if request.method == "POST" and form.is_valid():
        try:
            made, secrets = recipients.create_recipient(
                **form.cleaned_data, by=signed_in(request), at=timezone.now()
            )
        except recipients.RecipientExists:
            form.add_error(None, _("Another recipient has this name or this key name."))
        except recipients.BadCanaryDomains as fault:
            said = _("The file of canary domains has to be put right first. %(where)s: %(why)s.")
            where = fault.domain or _("Line %(n)s") % {"n": fault.line}
            why = reason_line(fault.problem)
            form.add_error(None, said % {"where": where, "why": why})
        else:
            return _secrets_page(request, made, secrets)
    return render(request, "worstof/recipient_new.html", {"form": form})


def _secrets_page(
    request: HttpRequest, recipient: Recipient, secrets: recipients.Secrets
) -> HttpResponseBase:
    context = {"recipient": recipient, "secrets": secrets}
    return render(request, "worstof/recipient_secrets.html", context)


def _recipient(pk: int) -> Recipient:
    found = Recipient.objects.select_related("agency").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@never_cache
@require_GET
@needs("worstof.manage")
def recipient_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    recipient = _recipient(pk)
    days = proofs.by_day(recipient, at=timezone.now())
    drawn = [figures.coverage(days), figures.delay(days)]
    wanted = request.GET.get("export")
    if wanted is not None:
        return exports.answer(request, wanted, drawn)
    shown = {figure.id: show(figure, settings.DEMO) for figure in drawn}
    return _page(request, recipient, {"figures": shown})


def _page(request: HttpRequest, recipient: Recipient, more: dict[str, Any]) -> HttpResponseBase:
    found, last = proofs.lately(at=timezone.now()).get(recipient.pk), zone.last()
    place = PlaceForm(request.GET if "primary" in request.GET else PLACE)
    given = place.cleaned_data if place.is_valid() else PLACE
    context: dict[str, Any] = {
        "recipient": recipient,
        "answer": texts.answer(recipient, found),
        "forms": [FORMS[form] for form in recipient.forms],
        "kept_back": kept_back(recipient),
        "last": last,
        "behind": texts.behind(recipient, last),
        "refused": texts.refused(recipient),
        "sources": sources_of(recipient),
        "resolvers": [(row, texts.asked_last(row)) for row in proofs.by_resolver(recipient)],
        "grant": GrantForm(initial={"scope": recipient.scope, "forms": recipient.forms}),
        "addresses": AddressForm(initial=_lines(recipient)),
        "place": place,
        "snippets": _snippets(recipient, given),
    }
    return render(request, "worstof/recipient.html", context | more)


def _lines(recipient: Recipient) -> dict[str, str]:
    return {
        "notify": "\n".join(recipient.notify),
        "resolvers": "\n".join(recipient.resolvers),
        "stop_page": recipient.stop_page,
    }


def _snippets(recipient: Recipient, place: dict[str, str]) -> list[tuple[str, str, str]]:
    """Key, name and text for each resolver. The secret is not in it: it was told once."""
    host, _colon, port = read_address(place["primary"]).rpartition(":")
    wish = Wish(
        ZONE, (host.strip("[]"), int(port)), recipient.key_name, NO_SECRET,
        recipient.stop_page or NO_STOP_PAGE, place["stop_v4"] or NO_ADDRESS, place["stop_v6"],
        public_key=_public_key(),
    )  # fmt: skip
    return [(key, name, SNIPPETS[key](wish)) for key, name in RESOLVERS.items()]


def _public_key() -> str:
    """A damaged key stops what is signed, and must not leave a command that checks nothing."""
    try:
        return signing.public_key().hex()
    except (OSError, signing.BadKey):
        return NO_PUBLIC_KEY


@require_POST
@needs("worstof.manage")
def grant(request: HttpRequest, pk: int) -> HttpResponseBase:
    recipient, form = _recipient(pk), GrantForm(request.POST)
    if not form.is_valid():
        return _page(request, recipient, {"grant": form})
    recipients.grant(recipient, **form.cleaned_data, by=signed_in(request), at=timezone.now())
    messages.success(request, _("What it gets is changed."))
    return redirect("worst-of-recipient", pk)


@require_POST
@needs("worstof.manage")
def set_addresses(request: HttpRequest, pk: int) -> HttpResponseBase:
    recipient, form = _recipient(pk), AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, recipient, {"addresses": form})
    try:
        recipients.set_addresses(
            recipient, **form.cleaned_data, by=signed_in(request), at=timezone.now()
        )
    except recipients.BlockedStopPage:
        form.add_error("stop_page", BLOCKED)
        return _page(request, recipient, {"addresses": form})
    messages.success(request, _("The addresses are kept."))
    return redirect("worst-of-recipient", pk)


@never_cache
@require_POST
@needs("worstof.manage")
def new_secrets(request: HttpRequest, pk: int) -> HttpResponseBase:
    recipient = _recipient(pk)
    try:
        made = recipients.new_secrets(recipient, by=signed_in(request), at=timezone.now())
    except recipients.Closed:
        messages.error(request, _("It is closed. Open it again first."))
        return redirect("worst-of-recipient", pk)
    return _secrets_page(request, recipient, made)


@require_POST
@needs("worstof.manage")
def set_closed(request: HttpRequest, pk: int) -> HttpResponseBase:
    recipient, by, at = _recipient(pk), signed_in(request), timezone.now()
    if request.POST.get("closed") == "yes":
        recipients.close(recipient, by=by, at=at)
        messages.success(request, _("It is closed: transfers and downloads end now."))
        return redirect("worst-of-recipient", pk)
    try:
        recipients.reopen(recipient, by=by, at=at)
        messages.success(request, _("It is open again, with its old keys."))
    except recipients.BlockedStopPage:
        messages.error(request, BLOCKED)
    return redirect("worst-of-recipient", pk)


@csrf_exempt  # the upload handler has to be in place before the token is read; see below
@never_cache
@require_http_methods(["GET", "POST"])
@needs("worstof.manage")
def trace_page(request: HttpRequest) -> HttpResponseBase:
    """Whose copy of the list is this file made of."""
    if request.method == "POST":
        if is_announced_too_large(request):
            return _trace_page(request, LeakForm({}, missing=_too_large()))
        request.upload_handlers = [LeakOnly(request)]
    return _trace(request)


@csrf_protect
def _trace(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _trace_page(request, LeakForm())
    files, handler = request.FILES, cast(LeakOnly, request.upload_handlers[0])
    form = LeakForm(request.POST, files, missing=_why_none(handler))
    if not form.is_valid():
        return _trace_page(request, form)
    try:
        return _trace_page(request, form, _traced(request, form))
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        form.add_error("file", _("The file is damaged and cannot be read."))
    except TooMuch:
        said = _("Unpacked, the file is larger than %(n)s GiB. Give it in parts.")
        form.add_error("file", said % {"n": MOST_UNPACKED // 1024**3})
    return _trace_page(request, form)


def _why_none(handler: LeakOnly) -> str:
    if handler.is_too_large:
        return _too_large()
    if handler.is_refused:
        return _(
            "This is no text, and nothing of it was kept. Only text and what packs text, zip and "
            "gzip, are read; never choose a picture or video."
        )
    return _("No file came with the request. Choose one first.")


def _too_large() -> str:
    return _(
        "The file is larger than %(n)s MB. Pack it, or use the command line: "
        "breakwater worstof trace FILE"
    ) % {"n": MAX_UPLOAD >> 20}


def _trace_page(
    request: HttpRequest, form: LeakForm, traced: dict[str, Any] | None = None
) -> HttpResponseBase:
    context = {"form": form, "answer": _("Find out whose copy leaked"), **(traced or {})}
    return render(request, "worstof/trace.html", context, status=400 if form.errors else 200)


def _traced(request: HttpRequest, form: LeakForm) -> dict[str, Any]:
    file = form.cleaned_data["file"]
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    by = signed_in(request)
    found = trace_leak(opened(file), sha256=digest, by=by, at=timezone.now())
    said = "" if found.found else texts.no_canary(found)
    return {"found": found, "answer": texts.traced(found), "sha256": digest, "no_canary": said}
