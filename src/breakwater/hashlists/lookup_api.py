"""Answers authorities and providers whether hashes are on the lists that they may be told of.

HTTP Basic by a recipient's account, JSON in and out. Every call is logged: who, how many, how
many were known.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from breakwater.formats.hash_entry import BadFingerprint, read_fingerprint
from breakwater.hashlists.actions.allowing import allow
from breakwater.hashlists.actions.looking_up import Answer, look_up
from breakwater.hashlists.basic import CHALLENGE, recipient_of
from breakwater.hashlists.index import MADE_ANEW_IN, Unreadable
from breakwater.hashlists.models import Recipient
from breakwater.hashlists.queries import lookup as queries
from breakwater.hashlists.queries.lookup import lists_told_to
from breakwater.hashlists.rules.asking import Question
from breakwater.hashlists.rules.voices import Voice, told_distance
from breakwater.matching import pdq, photodna

KINDS = (*queries.KINDS, "photodna")
# Of kinds that are compared by distance; it stands in each answer, found or not.
THRESHOLDS = {"pdq": pdq.MATCH_DISTANCE, "photodna": photodna.MATCH_DISTANCE}
MOST_HASHES = 1000
# Each is compared with every listed one: a second's work where half a million are listed.
MOST_PHOTODNA = 20
MOST_BYTES = 1024 * 1024
# This keeps lists from being guessed out; all server processes count together.
CALLS_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The request is answered with a fault; `index` is the place of the bad hash."""

    status: int
    code: str
    reason: str
    index: int | None = None
    wait: float = 0.0


@csrf_exempt
def lookup(request: HttpRequest) -> JsonResponse:
    try:
        body = _answered(request)
    except Refused as refused:
        return _fault(refused)
    return _no_store(JsonResponse(body))


def _answered(request: HttpRequest) -> dict[str, Any]:
    recipient = _recipient(request)
    if request.method != "POST":
        raise Refused(405, "method", "Use POST.")
    at = timezone.now()
    if wait := allow(f"lookup:{recipient.username}", CALLS_A_MINUTE, at=at):
        reason = f"At most {CALLS_A_MINUTE} calls a minute."
        raise Refused(429, "too_many_calls", reason, wait=wait)
    questions = _questions(_body(request))
    by = f"{recipient.name} ({recipient.username})"
    try:
        answers = look_up(questions, by=by, at=at, only=lists_told_to(recipient))
    except Unreadable as fault:
        reason = "The index of the lists is damaged and being made anew. Ask again in a minute."
        raise Refused(503, "index_unreadable", reason, wait=MADE_ANEW_IN) from fault
    return {"results": [_result(answer, recipient.sort) for answer in answers]}


def _recipient(request: HttpRequest) -> Recipient:
    recipient = recipient_of(request)
    if recipient is None:
        raise Refused(401, "credentials", "Send the user name and secret of an open account.")
    if not recipient.may_look_up:
        raise Refused(403, "not_allowed", "This account may not look hashes up.")
    return recipient


def _body(request: HttpRequest) -> list[Any]:
    length = request.META.get("CONTENT_LENGTH") or "0"
    too_large = Refused(413, "too_large", f"At most {MOST_BYTES} bytes in one call.")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise too_large
    try:
        found = json.loads(request.body)
    except RequestDataTooBig as fault:
        raise too_large from fault
    except (ValueError, RecursionError, UnreadablePostError) as fault:
        raise Refused(400, "not_json", "The body is not JSON.") from fault
    hashes = found.get("hashes") if isinstance(found, dict) else None
    if not isinstance(hashes, list):
        raise Refused(400, "no_hashes", 'Expected {"hashes": [{"kind": …, "value": …}, …]}.')
    if len(hashes) > MOST_HASHES:
        reason = f"At most {MOST_HASHES} hashes in one call, found {len(hashes)}."
        raise Refused(400, "too_many_hashes", reason)
    return hashes


def _questions(hashes: list[Any]) -> list[Question]:
    questions = [_question(index, item) for index, item in enumerate(hashes)]
    slow = [q.line for q in questions if q.kinds == ("photodna",)]
    if len(slow) > MOST_PHOTODNA:
        reason = f"At most {MOST_PHOTODNA} PhotoDNA values in one call, found {len(slow)}."
        raise Refused(400, "too_many_photodna", reason, slow[MOST_PHOTODNA])
    return questions


def _question(index: int, item: object) -> Question:
    kind = item.get("kind") if isinstance(item, dict) else None
    value = item.get("value") if isinstance(item, dict) else None
    if not isinstance(kind, str) or not isinstance(value, str):
        reason = 'Expected {"kind": …, "value": …} with two texts.'
        raise Refused(400, "not_a_hash", reason, index)
    if kind not in KINDS:
        reason = f"Expected one of {', '.join(KINDS)} as the kind."
        raise Refused(400, "unknown_kind", reason, index)
    try:
        read = read_fingerprint(kind, value)
    except BadFingerprint as fault:
        raise Refused(400, str(fault.problem), f"{fault}.", index) from fault
    return Question(index, read.value, (kind,))


def _result(answer: Answer, sort: str) -> dict[str, Any]:
    kind = answer.question.kinds[0]
    is_authority = sort == Recipient.Sort.AUTHORITY
    said = _to_authority if is_authority else _to_provider
    # A provider that reads this word alone must not take a widely shared joke for abuse.
    known = answer.is_known if is_authority else answer.verdict.raises
    result = {"kind": kind, "value": answer.question.value, "known": known}
    if kind in THRESHOLDS:
        result["threshold"] = THRESHOLDS[kind]
    return result | {"lists": [said(voice) for voice in answer.verdict.voices]}


def _to_authority(voice: Voice) -> dict[str, Any]:
    return {
        "list": voice.list_name,
        "source": voice.source,
        "member": voice.member,
        "direction": voice.direction,
        "grade": voice.grade,
        "mapped_grade": voice.mapped_grade,
        "distance": voice.distance,
    }


def _to_provider(voice: Voice) -> dict[str, Any]:
    told: dict[str, Any] = {
        "list": voice.list_name,
        "direction": voice.direction,
        "mapped_grade": voice.mapped_grade,
    }
    if voice.kind == "photodna":
        told["distance"] = told_distance(voice.distance, photodna.MATCH_DISTANCE)
    return told


def _fault(refused: Refused) -> JsonResponse:
    body: dict[str, Any] = {"error": refused.code, "reason": refused.reason}
    if refused.index is not None:
        body["index"] = refused.index
    response = _no_store(JsonResponse(body, status=refused.status))
    if refused.status == 401:
        response["WWW-Authenticate"] = CHALLENGE
    if refused.status == 405:
        response["Allow"] = "POST"
    if refused.wait:
        response["Retry-After"] = str(math.ceil(refused.wait))
    return response


def _no_store(response: JsonResponse) -> JsonResponse:
    response["Cache-Control"] = "no-store"
    return response
