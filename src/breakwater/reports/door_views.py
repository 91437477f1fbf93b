"""The provider door: the CyberTipline Reporting API as clients know it.

Parses requests as tolerantly as real clients need (any content type, id as form or
multipart), calls one action, and answers in the API's XML with its codes. Every answer
carries a Request-ID, a code and a description.
"""

import logging
import uuid
from collections.abc import Callable
from functools import wraps

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from lxml import etree

from breakwater.formats import ispws
from breakwater.formats.ispws.parsing import MAX_BYTES
from breakwater.formats.ispws.xsd import schema_text
from breakwater.hashlists.basic import opened_by
from breakwater.hashlists.rules.throttle import Throttle
from breakwater.people.client_address import client_address
from breakwater.reports.actions import filing as actions
from breakwater.reports.actions.accounts import account_for
from breakwater.reports.models import ProviderAccount
from breakwater.reports.uploads import HashedFile, HashingUploadHandler

log = logging.getLogger(__name__)
XML = "text/xml; charset=utf-8"
FAILURES = Throttle(10, 300.0)
Door = Callable[[HttpRequest, ProviderAccount], HttpResponse]

SUCCESS, SERVER_ERROR, INVALID_REQUEST, INVALID, MALFORMED = 0, 1000, 4000, 4100, 4110
BAD_FILE, NO_REPORT, NO_FILE, RETRACTED, FINISHED = 4200, 5001, 5002, 5101, 5102

_REFUSALS: dict[type[actions.FilingError], tuple[int, str]] = {
    actions.NoSuchFiling: (NO_REPORT, "Report does not exist"),
    actions.NoSuchFile: (NO_FILE, "File does not exist"),
    actions.AlreadyFinished: (FINISHED, "Report already finished"),
    actions.AlreadyRetracted: (RETRACTED, "Report already retracted"),
    actions.AlreadyDescribed: (INVALID_REQUEST, "The file has its details already"),
    actions.TooManyFiles: (INVALID_REQUEST, "A report holds at most 10,000 files"),
}


class _Refused(Exception):
    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


def door(method: str) -> Callable[[Door], Callable[[HttpRequest], HttpResponse]]:
    """Wrap one call of the API: credentials, method, refusals and the Request-ID."""

    def wrap(view: Door) -> Callable[[HttpRequest], HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def call(request: HttpRequest) -> HttpResponse:
            response = _answer(request, method, view)
            response["Request-ID"] = uuid.uuid4().hex
            response["Cache-Control"] = "no-store"
            return response

        return call

    return wrap


def _answer(request: HttpRequest, method: str, view: Door) -> HttpResponse:
    account = _account(request)
    if account is None:
        # Real clients expect an empty body here, not XML.
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Breakwater"'})
    if request.method != method:
        return report_response(INVALID_REQUEST, f"Use {method}", status=405)
    try:
        return view(request, account)
    except ispws.NotXml as fault:
        return report_response(MALFORMED, f"Malformed XML: {fault}", status=400)
    except ispws.Invalid as fault:
        return report_response(INVALID, f"Validation failed: {fault}", status=400)
    except _Refused as refusal:
        return report_response(refusal.code, refusal.description, status=400)
    except actions.FilingError as refusal:
        code, description = _REFUSALS[type(refusal)]
        return report_response(
            code, description, status=404 if code in (NO_REPORT, NO_FILE) else 400
        )
    except (MultiPartParserError, UnreadablePostError, BadRequest, SuspiciousOperation) as fault:
        return report_response(
            INVALID_REQUEST, f"The request could not be read: {fault}", status=400
        )


def _account(request: HttpRequest) -> ProviderAccount | None:
    return opened_by(request, account_for, FAILURES)


def report_response(
    code: int, description: str, *, report: int | None = None, status: int = 200, **more: str
) -> HttpResponse:
    root = etree.Element("reportResponse")
    etree.SubElement(root, "responseCode").text = str(code)
    etree.SubElement(root, "responseDescription").text = _printable(description)
    if report is not None:
        etree.SubElement(root, "reportId").text = str(report)
    for name, value in more.items():
        etree.SubElement(root, name).text = value
    return _xml(root, status)


def _xml(root: etree._Element, status: int = 200) -> HttpResponse:
    body = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return HttpResponse(body, content_type=XML, status=status)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:1000]


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MAX_BYTES:
        raise ispws.NotXml(
            "document", f"larger than {MAX_BYTES // 1024**2} MB; send less in one report"
        )
    try:
        return request.body
    except RequestDataTooBig as fault:
        raise ispws.NotXml("document", "too large") from fault


def _number(request: HttpRequest) -> int:
    text = request.POST.get("id", "").strip()
    if not text:
        raise _Refused(INVALID_REQUEST, "The form field id, the report number, is missing")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _Refused(NO_REPORT, "Report does not exist")
    return int(text)


@door("GET")
def status(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    who = f"Remote User : {account.username}, Remote Ip : {client_address(request)}"
    return report_response(SUCCESS, who)


@door("GET")
def xsd(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    return HttpResponse(schema_text(), content_type=XML)


@door("POST")
def submit(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    filing = actions.open_filing(account, _body(request), at=timezone.now())
    return report_response(SUCCESS, "Success", report=filing.pk)


@door("POST")
def upload(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    request.upload_handlers = [HashingUploadHandler(request)]
    files = request.FILES.getlist("file")
    number = _number(request)
    if len(files) != 1 or not isinstance(files[0], HashedFile):
        raise _Refused(BAD_FILE, "Send exactly one file, in the form field file")
    kept = actions.add_file(account, number, files[0].upload, at=timezone.now())
    return report_response(SUCCESS, "Success", report=number, fileId=kept.file_id, hash=kept.md5)


@door("POST")
def fileinfo(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    filing = actions.describe_file(account, _body(request), at=timezone.now())
    return report_response(SUCCESS, "Success", report=filing.pk)


@door("POST")
def finish(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    number = _number(request)
    file_ids = actions.finish(account, number, at=timezone.now())
    root = etree.Element("reportDoneResponse")
    etree.SubElement(root, "responseCode").text = str(SUCCESS)
    etree.SubElement(root, "reportId").text = str(number)
    files = etree.SubElement(root, "files")
    for file_id in file_ids:
        etree.SubElement(files, "fileId").text = file_id
    return _xml(root)


@door("POST")
def retract(request: HttpRequest, account: ProviderAccount) -> HttpResponse:
    number = _number(request)
    actions.retract(account, number, at=timezone.now())
    return report_response(SUCCESS, "Success", report=number)
