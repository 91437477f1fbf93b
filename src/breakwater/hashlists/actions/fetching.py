"""Gets one document from a hash-sharing server: over TLS, within bounds, from that server only."""

import base64
import http.client
import ssl
import time
import urllib.error
import urllib.request
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from breakwater.formats.hash_sharing import MAX_BYTES
from breakwater.formats.whole_number import whole_number

TIMEOUT = 30.0  # for a connection and for each block of bytes
LONGEST = 120.0  # for a whole document, however slowly it trickles
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_BLOCK = 1 << 16


class BadAddress(ValueError):
    """A server must be named by https, without user name, query or fragment."""


class Unreachable(Exception):
    """No complete answer came: no connection, a broken one, too slow, or too large."""


class Refused(Exception):
    """The server answered that it does not."""

    def __init__(self, status: int, retry_after: str | None = None) -> None:
        super().__init__(f"the server answered {status} {_MEANINGS.get(status, '')}".strip())
        self.status = status
        plain = retry_after is not None and retry_after.isascii() and retry_after.isdigit()
        self.wait = (
            min(int(retry_after or 0), 86_400) if plain and len(retry_after or "") < 9 else 0
        )


_MEANINGS = {
    401: "(user name or password is wrong)",
    403: "(the account may not do this)",
    404: "(nothing is at this address; it ends before /v2/)",
    429: "(too many calls)",
    **dict.fromkeys((301, 302, 303, 307, 308), "(another address, which is not followed)"),
}


def check_address(address: str) -> str:
    """Give the base address without a slash at its end.

    Plain http is for this very machine only: a password goes with every call.

    Raises:
        BadAddress: with what to write instead.
    """
    address = address.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError as problem:
        raise BadAddress(f"{address}: {problem}") from problem
    allowed = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not allowed or not host:
        raise BadAddress(f"{address}: expected https://…")
    if parts.username is not None or parts.query or parts.fragment or not address.isascii():
        raise BadAddress(f"{address}: expected an address without user name, ? and #")
    return address.removesuffix("/v2")


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirection would carry the password elsewhere."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def fetch(url: str, username: str, password: str) -> bytes:
    """Get one document.

    Raises:
        BadAddress: not to be called at all.
        Refused: an answer other than 200.
        Unreachable: no complete answer.
    """
    check_address(url.partition("?")[0])
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {token}", "Accept": "application/xml"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 – checked above
    try:
        with _opener(urlsplit(url).hostname or "").open(request, timeout=TIMEOUT) as answer:
            if answer.status != 200:
                raise Refused(answer.status)
            return _read(answer)
    except urllib.error.HTTPError as fault:
        with fault:
            raise Refused(fault.code, fault.headers.get("Retry-After")) from fault
    except (OSError, http.client.HTTPException) as fault:
        raise Unreachable(f"no answer: {str(fault) or type(fault).__name__}") from fault


def _opener(host: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [
        _StayHere(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if host in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _read(answer: http.client.HTTPResponse) -> bytes:
    end = time.monotonic() + LONGEST
    said = answer.headers.get("Content-Length")
    blocks, size = [], 0
    while block := answer.read1(_BLOCK):
        blocks.append(block)
        size += len(block)
        if size > MAX_BYTES:
            raise Unreachable(f"the answer is larger than {MAX_BYTES:,} bytes")
        if time.monotonic() > end:
            raise Unreachable(f"the answer took longer than {LONGEST:.0f} seconds")
    if said is not None and whole_number(said) not in (None, size):
        raise Unreachable(f"the answer broke off after {size:,} bytes")
    return b"".join(blocks)
