"""Our own server of the Hash Sharing API, version 2, as its clients know it.

Every call under /hashsharing/v2/ is about all lists that the recipient was granted; under
/hashsharing/lists/NUMBER/v2/ about one of them. What is refused is refused in a sentence.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from breakwater.formats import hash_sharing
from breakwater.formats.hash_entry import read_time
from breakwater.formats.hash_sharing import Member, Reason, SharingError, Status
from breakwater.hashlists.actions import sharing as actions
from breakwater.hashlists.basic import CHALLENGE, recipient_of
from breakwater.hashlists.models import Recipient
from breakwater.hashlists.queries.shared import feedback_word, recipient_number
from breakwater.hashlists.rules.feedback import grounds_for
from breakwater.hashlists.rules.sharing import BEGINNING, PAGE, BadRange, Range, read_place
from breakwater.people.client_address import client_address

XML = "application/xml; charset=utf-8"
MOST_BYTES = 64 * 1024
_NUMBER = re.compile("[0-9]{1,18}")
View = Callable[..., bytes]


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def call(method: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """Wrap one call of the API: credentials, method, refusals."""

    def wrap(view: View) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, **place: int | str) -> HttpResponse:
            response = _answer(request, method, view, place)
            response["Cache-Control"] = "no-store"
            return response

        return answer

    return wrap


def _answer(
    request: HttpRequest, method: str, view: View, place: dict[str, int | str]
) -> HttpResponse:
    recipient = recipient_of(request)
    if recipient is None:
        return HttpResponse(status=401, headers={"WWW-Authenticate": CHALLENGE})
    if request.method != method:
        return _sentence(405, f"Use {method}.", Allow=method)
    try:
        body = view(request, recipient, **place)
    except _Refused as refused:
        return _sentence(refused.status, str(refused))
    except (BadRange, SharingError, actions.UnknownReason) as fault:
        return _sentence(400, f"{fault}")
    except actions.NotGranted:
        return _sentence(404, "This account may not pull this list, or there is none.")
    except actions.NoSuchHash:
        return _sentence(404, "There is no such entry, or it has no hash of this kind.")
    return HttpResponse(body, content_type=XML)


def _sentence(status: int, text: str, **headers: str) -> HttpResponse:
    plain = "".join(c if c.isprintable() else "?" for c in text)[:1000]
    kind = "text/plain; charset=utf-8"
    return HttpResponse(plain, content_type=kind, status=status, headers=headers)


@call("GET")
def status(request: HttpRequest, recipient: Recipient, only: int | None = None) -> bytes:
    actions.granted(recipient, only)
    member = Member(recipient_number(recipient.pk), recipient.name)
    address = client_address(request)
    return hash_sharing.write_status(Status(member, recipient.username, address))


@call("GET")
def members(request: HttpRequest, recipient: Recipient, only: int | None = None) -> bytes:
    lists = actions.granted(recipient, only)
    return hash_sharing.write_members(Member(str(pk), x.name) for pk, x in lists.items())


@call("GET")
def entries(request: HttpRequest, recipient: Recipient, only: int | None = None) -> bytes:
    result = actions.pull(recipient, _ask(request, only), at=timezone.now())
    return hash_sharing.write_query_result(result)


def _ask(request: HttpRequest, only: int | None) -> actions.Ask:
    given = request.GET
    since = _time(given.get("from", "")) if given.get("from") else BEGINNING
    until = _time(given.get("to", "")) if given.get("to") else timezone.now()
    after = read_place(given["after"]) if given.get("after") else None
    size = _number(given.get("size", ""), PAGE)
    if after is None:
        return actions.Ask(Range(since, until), only, size=max(1, min(size, PAGE)))
    told = _number(given.get("start", ""), 1) - 1
    total = _number(given.get("max", ""), 0)
    size = max(1, min(size, PAGE))
    return actions.Ask(Range(since, until), only, after, max(told, 0), total, size)


def _time(text: str) -> datetime:
    when, _ = read_time(text)
    if when is None:
        raise BadRange(f"«{text[:40]}» is no time; write it as 2026-11-02T12:00:00Z")
    return when


def _number(text: str, otherwise: int) -> int:
    return int(text) if _NUMBER.fullmatch(text) else otherwise


@call("GET")
def reasons(
    request: HttpRequest, recipient: Recipient, kind: str, only: int | None = None
) -> bytes:
    name = _kind(kind)
    word = feedback_word(name)
    offered = (Reason(ground.guid, ground.name, word) for ground in grounds_for(name))
    return hash_sharing.write_reasons(tuple(offered))


@call("PUT")
def feedback(
    request: HttpRequest,
    recipient: Recipient,
    member: int,
    entry: int,
    kind: str,
    only: int | None = None,
) -> bytes:
    about = actions.About(member, entry, _kind(kind))
    said = hash_sharing.read_submission(_body(request))
    actions.give_opinion(recipient, about, said, at=timezone.now(), only=only)
    return b""


def _kind(word: str) -> str:
    kind = hash_sharing.kind_of_feedback_type(word)
    if kind is None:
        raise _Refused(404, "This kind of hash is not known.")
    return kind


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MOST_BYTES:
        raise _Refused(413, f"At most {MOST_BYTES} bytes of feedback.")
    try:
        return request.body
    except RequestDataTooBig as fault:
        raise _Refused(413, f"At most {MOST_BYTES} bytes of feedback.") from fault
    except UnreadablePostError as fault:
        raise _Refused(400, "The request broke off.") from fault
