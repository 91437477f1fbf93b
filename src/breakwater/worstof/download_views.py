"""Recipients take their copies of the list, by HTTP Basic with key name and secret."""

import json
import zlib
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers

from breakwater.formats.block_list import FORMS
from breakwater.hashlists.basic import CHALLENGE, opened_by
from breakwater.hashlists.rules.throttle import Throttle
from breakwater.people.client_address import client_address
from breakwater.worstof import signing
from breakwater.worstof.actions import downloading
from breakwater.worstof.actions.recipients import recipient_for
from breakwater.worstof.models import Recipient

FAILURES = Throttle(10, 300.0)
_PIECE = 256 * 1024
View = Callable[[HttpRequest, downloading.Copy, Recipient], HttpResponseBase]


def copy_of_recipient(view: View) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Wrap one call: who asks, what is granted, and what is refused in a sentence."""

    @wraps(view)
    def answer(request: HttpRequest, form: str) -> HttpResponseBase:
        response = _answer(request, form, view)
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization", "Accept-Encoding"])
        return response

    return answer


def _answer(request: HttpRequest, form: str, view: View) -> HttpResponseBase:
    recipient = opened_by(request, recipient_for, FAILURES)
    if recipient is None:
        return _sentence(401, "Send the key name and its secret.", {"WWW-Authenticate": CHALLENGE})
    if request.method not in ("GET", "HEAD"):
        return _sentence(405, "Use GET.", {"Allow": "GET, HEAD"})
    try:
        return view(request, downloading.copy_for(recipient, form), recipient)
    except downloading.NotGranted:
        return _sentence(404, "This account does not get this form, or there is no such form.")
    except downloading.NothingPublished:
        return _sentence(503, "Nothing good is published now. Keep the copy that you have.",
                         {"Retry-After": "300"})  # fmt: skip


def _sentence(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    kind = "text/plain; charset=utf-8"
    return HttpResponse(text, content_type=kind, status=status, headers=headers)


@copy_of_recipient
def manifest(
    request: HttpRequest, copy: downloading.Copy, recipient: Recipient
) -> HttpResponseBase:
    """The signed words about a copy: `signature` is over the bytes of the text `manifest`."""
    body = {
        "manifest": copy.manifest.signed.decode("ascii"),
        "signature": copy.signature.hex(),
        "public_key": signing.public_key().hex(),
    }
    return HttpResponse(json.dumps(body), content_type="application/json")


@copy_of_recipient
def download(
    request: HttpRequest, copy: downloading.Copy, recipient: Recipient
) -> HttpResponseBase:
    """The copy itself; 304 if the recipient has it already."""
    is_packed = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    # Packed bytes are others, so their tag is another (RFC 9110 8.8.3.3).
    tag = f'{copy.tag[:-1]}-gzip"' if is_packed else copy.tag
    if unchanged := get_conditional_response(request, etag=tag):
        unchanged["ETag"] = tag
        return unchanged
    source = copy.path.open("rb")  # held open: a newer copy may replace it meanwhile
    if request.method == "GET":
        address = client_address(request)
        downloading.record_download(recipient, copy, address=address, at=timezone.now())
    response = _file(copy, source, is_packed=is_packed)
    response["ETag"] = tag
    return response


def _takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` has gzip, or anything, with a weight above 0 (RFC 9110 12.5.3)."""
    weights: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        coding, weighed, weight = part.replace(" ", "").partition(";q=")
        weights[coding] = not weighed or weight.strip("0.") != ""
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


def _file(copy: downloading.Copy, source: BinaryIO, *, is_packed: bool) -> HttpResponseBase:
    pieces = _zipped(source) if is_packed else _pieces(source)
    kind = FORMS[copy.manifest.form].media_type
    response = StreamingHttpResponse(pieces, content_type=kind)
    name = f"worst-of-{copy.manifest.serial}{Path(copy.path).suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    if is_packed:
        response["Content-Encoding"] = "gzip"
    else:
        response["Content-Length"] = str(copy.manifest.size)
    return response


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while piece := source.read(_PIECE):
            yield piece


def _zipped(source: BinaryIO) -> Iterator[bytes]:
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in _pieces(source):
        yield packer.compress(piece)
    yield packer.flush()
