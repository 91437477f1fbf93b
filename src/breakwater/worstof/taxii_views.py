"""A small read-only TAXII 2.1 server: one API root, one collection, by HTTP Basic.

Source: https://docs.oasis-open.org/cti/taxii/v2.1/os/taxii-v2.1-os.html
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from breakwater.formats.block_list.header import identifier
from breakwater.formats.block_list.stix import MEDIA_TYPE, moment
from breakwater.formats.whole_number import whole_number
from breakwater.hashlists.basic import CHALLENGE, opened_by
from breakwater.people.client_address import client_address
from breakwater.worstof.actions.downloading import record_taxii
from breakwater.worstof.actions.recipients import TAXII, recipient_for
from breakwater.worstof.download_views import FAILURES
from breakwater.worstof.models import Recipient
from breakwater.worstof.queries import zone
from breakwater.worstof.queries.indicators import (
    Listed,
    NotSigned,
    Place,
    all_listed,
)
from breakwater.worstof.queries.zone import ZONE

TYPE = "application/taxii+json;version=2.1"
COLLECTION = str(identifier("collection", ZONE))
PAGE = 1000
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
View = Callable[..., tuple[dict[str, Any], dict[str, str]]]


class _Refused(Exception):
    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status


def call(view: View) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answer(request: HttpRequest, **place: str) -> HttpResponse:
        try:
            body, headers = view(request, _recipient(request), **place)
        except _Refused as refused:
            return _error(refused.status, str(refused))
        except NotSigned:
            return _error(503, "Nothing good is published now.")
        return HttpResponse(json.dumps(body), content_type=TYPE, headers=headers)

    return answer


def _error(status: int, title: str) -> HttpResponse:
    body = json.dumps({"title": title, "http_status": str(status)})
    headers = {401: {"WWW-Authenticate": CHALLENGE}, 405: {"Allow": "GET"}}.get(status, {})
    return HttpResponse(body, content_type=TYPE, status=status, headers=headers)


def _recipient(request: HttpRequest) -> Recipient:
    found = opened_by(request, recipient_for, FAILURES)
    if found is None:
        raise _Refused(401, "Send the key name and its secret.")
    if TAXII not in found.forms:
        raise _Refused(403, "This account does not get the list by TAXII.")
    if request.method != "GET":
        raise _Refused(405, "This server is read-only.")
    if not request.accepts(TYPE):
        raise _Refused(406, f"Accept {TYPE}.")
    return found


@call
def discovery(request: HttpRequest, recipient: Recipient) -> tuple[dict[str, Any], dict[str, str]]:
    root = request.build_absolute_uri("/taxii2/worst-of/")
    return {"title": "Breakwater", "default": root, "api_roots": [root]}, {}


@call
def api_root(request: HttpRequest, recipient: Recipient) -> tuple[dict[str, Any], dict[str, str]]:
    return {"title": "Worst Of list", "versions": [TYPE], "max_content_length": 1}, {}


def _about() -> dict[str, Any]:
    return {"id": COLLECTION, "title": "Worst Of list", "can_read": True, "can_write": False,
            "media_types": [MEDIA_TYPE]}  # fmt: skip


@call
def collections(
    request: HttpRequest, recipient: Recipient
) -> tuple[dict[str, Any], dict[str, str]]:
    return {"collections": [_about()]}, {}


@call
def collection(
    request: HttpRequest, recipient: Recipient, id: str
) -> tuple[dict[str, Any], dict[str, str]]:
    _check(id)
    return _about(), {}


def _check(id: str) -> None:
    if id != COLLECTION:
        raise _Refused(404, "There is no such collection.")


@call
def contents(
    request: HttpRequest, recipient: Recipient, id: str, what: str, object_id: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """Objects, their manifest, or the versions of one; a page at a time."""
    _check(id)
    wanted = object_id or request.GET.get("match[id]", "")
    last = zone.last()  # before what is listed: what is published meanwhile may not be among it
    rows: Sequence[Listed] = all_listed(recipient)
    if wanted:
        ids = wanted.split(",")
        rows = [row for row in rows if row.id in ids]
        if object_id and not rows:
            raise _Refused(404, "There is no such object.")
    found = _matching(request, rows)
    page, more = _page(request, found)
    body = _BODIES[what](page) | ({"more": True, "next": _token(page[-1].place)} if more else {})
    is_last = what == "objects" and not (more or wanted) and len(found) == len(rows)
    record_taxii(
        recipient, what, len(page), serial=last.serial if last else 0, is_last=is_last,
        address=client_address(request), at=timezone.now(),
    )  # fmt: skip
    if not page:
        return body, {}
    names = ("X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last")
    return body, dict(zip(names, (_time(page[0].added), _time(page[-1].added)), strict=True))


def _matching(request: HttpRequest, rows: Sequence[Listed]) -> Sequence[Listed]:
    """Filters by kind and version, section 3.4 and 5.4; of each object its last version is kept."""
    for filter, only in (("match[type]", "indicator"), ("match[spec_version]", "2.1")):
        if only not in request.GET.get(filter, only).split(","):
            return []
    wanted = request.GET.get("match[version]", "last").split(",")
    if {"first", "last", "all"} & set(wanted):
        return rows
    moments = {moment(_read_time(text, "match[version]")) for text in wanted}
    return [row for row in rows if moment(row.added) in moments]


_BODIES: dict[str, Callable[[Sequence[Listed]], dict[str, Any]]] = {
    "objects": lambda page: {"objects": [row.stix() for row in page]} if page else {},
    "manifest": lambda page: {"objects": [_record(row) for row in page]} if page else {},
    "versions": lambda page: {"versions": [row.stix()["modified"] for row in page]},
}


def _record(row: Listed) -> dict[str, str]:
    return {"id": row.id, "date_added": _time(row.added), "version": row.stix()["modified"],
            "media_type": MEDIA_TYPE}  # fmt: skip


def _page(request: HttpRequest, rows: Sequence[Listed]) -> tuple[Sequence[Listed], bool]:
    limit = whole_number(request.GET.get("limit", str(PAGE)))
    since = request.GET.get("added_after")
    if not limit:
        raise _Refused(400, "limit is a whole number above 0 and below 2^63.")
    if since is not None:
        after = _read_time(since)
        rows = [row for row in rows if row.added > after]
    if token := request.GET.get("next"):
        place = _read_token(token)
        rows = [row for row in rows if row.place > place]
    size = min(limit, PAGE)
    return rows[:size], len(rows) > size


def _read_time(text: str, of: str = "added_after") -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise _Refused(400, f"{of} is a time like 2026-11-02T12:00:00Z.")
    return found.astimezone(UTC)


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}Z"


def _token(place: Place) -> str:
    """What a client sends back for the next page. It ends in logs, so no name can be read of it."""
    return f"{(place.added - _EPOCH) // _TICK:x}-{place.digest.hex()}"


def _read_token(token: str) -> Place:
    when, _, digest = token.partition("-")
    try:
        return Place(_EPOCH + int(when, 16) * _TICK, bytes.fromhex(digest))
    except (ValueError, OverflowError):
        raise _Refused(400, "next is what the page before gave.") from None
