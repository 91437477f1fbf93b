"""The public side of the transparency log: no account, no names, the same for everybody."""

import time
from collections.abc import Callable
from functools import wraps

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from breakwater.formats.whole_number import whole_number
from breakwater.hashlists.rules.throttle import Throttle
from breakwater.worstof import signing
from breakwater.worstof.queries import log
from breakwater.worstof.rules.leaves import NO_HEAD

LIMIT = 5_000
# All callers of a server process together: who asks is not looked at, let alone kept.
CALLS_A_MINUTE = 1_200
_throttle = Throttle(CALLS_A_MINUTE, 60)
SOON, LONG = 15, 86_400  # seconds that a cache may keep what can change, and what cannot

View = Callable[[HttpRequest], tuple[dict[str, object], int]]


def _problem(status: int, text: str) -> JsonResponse:
    answer = JsonResponse({"problem": text}, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def public_json(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
    """Wrap a view that gives plain data and how many seconds a cache may keep it."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        now = time.monotonic()
        wait = _throttle.wait("all", now)
        if wait:
            refused = _problem(429, "Asked too much at the moment; try again later.")
            refused["Retry-After"] = str(int(wait) + 1)
            return refused
        _throttle.count("all", now)
        return _answered(view, request)

    return answer


def _answered(view: View, request: HttpRequest) -> HttpResponse:
    try:
        data, seconds = view(request)
    except BadRequest as problem:
        return _problem(400, str(problem))
    except LookupError as problem:
        return _problem(404, str(problem.args[0]))
    except signing.BadKey:
        return _problem(503, "The log cannot show its key at the moment.")
    response = JsonResponse(data)
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=seconds)
    return response


def _number(request: HttpRequest, name: str, default: int | None = None) -> int:
    text = request.GET.get(name, "")
    if text == "" and default is not None:
        return default
    number = whole_number(text)
    if number is None:
        raise BadRequest(f"{name} must be a whole number")
    return number


def _signed_size() -> int:
    head = log.last_head()
    return head.size if head else 0


@public_json
def key(request: HttpRequest) -> tuple[dict[str, object], int]:
    public = signing.public_key()
    data: dict[str, object] = {
        "algorithm": "Ed25519",
        "key": public.hex(),
        "fingerprint": signing.fingerprint(public),
    }
    return data, SOON


@public_json
def head(request: HttpRequest) -> tuple[dict[str, object], int]:
    last = log.last_head()
    if last is None:
        raise LookupError(NO_HEAD)
    return last.as_data(), SOON


@public_json
def heads(request: HttpRequest) -> tuple[dict[str, object], int]:
    limit = min(LIMIT, max(1, _number(request, "limit", LIMIT)))
    found = log.heads(_number(request, "from", 0), limit)
    following = found[-1].size + 1 if len(found) == limit else None
    return {"heads": [h.as_data() for h in found], "next": following}, SOON


@public_json
def leaves(request: HttpRequest) -> tuple[dict[str, object], int]:
    """Commitments below the signed size; a page that is full can never change."""
    start, size = _number(request, "from", 0), _signed_size()
    end = min(size, start + min(LIMIT, max(1, _number(request, "limit", LIMIT))))
    rows = [{"index": i, "commitment": c.hex()} for i, c in log.leaves(start, end)]
    more = end < size
    return {"leaves": rows, "next": end if more else None, "size": size}, LONG if more else SOON


def _below(number: int, size: int) -> None:
    if number > size:
        raise LookupError(f"The signed log has {size} leaves.")


@public_json
def consistency(request: HttpRequest) -> tuple[dict[str, object], int]:
    first, second = _number(request, "first"), _number(request, "second")
    _below(second, _signed_size())
    try:
        proof = log.consistency_proof(first, second)
    except ValueError as problem:
        raise BadRequest(str(problem)) from problem
    return {"first": first, "second": second, "proof": [h.hex() for h in proof]}, LONG


@public_json
def proof(request: HttpRequest) -> tuple[dict[str, object], int]:
    index, size = _number(request, "index"), _number(request, "size")
    _below(size, _signed_size())
    try:
        path = log.inclusion_proof(index, size)
    except ValueError as problem:
        raise BadRequest(str(problem)) from problem
    leaf = log.leaf_hash(index).hex()
    return {"index": index, "size": size, "leaf": leaf, "proof": [h.hex() for h in path]}, LONG
