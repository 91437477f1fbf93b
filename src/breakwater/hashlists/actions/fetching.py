"""Gets one document from a hash-sharing server: over TLS, within bounds, from that server only."""

import base64
import http.client
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

from breakwater.formats.hash_sharing import MAX_BYTES
from breakwater.formats.whole_number import whole_number

TIMEOUT = 30.0  # for a connection and for each block of bytes
LONGEST = 120.0  # from the first connection to the last byte, however slowly they trickle
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


class _Deadline:
    """Ends an exchange after `LONGEST`, wherever it is: in a handshake, a header or the document.

    Raises:
        Unreachable: at its end, in place of whatever came of a connection that was cut.
    """

    def __init__(self) -> None:
        self._end = time.monotonic() + LONGEST
        self._wire: socket.socket | None = None
        self._timer: threading.Timer | None = None

    @property
    def _left(self) -> float:
        return self._end - time.monotonic()

    def connect(self, address: tuple[str, int], timeout: float, *_: object) -> socket.socket:
        """Connect as `socket.create_connection`, but not to address after address for ever."""
        fault: OSError = TimeoutError("no address answered")
        for found in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
            if self._left <= 0:
                break
            try:
                made = socket.create_connection(
                    (str(found[4][0]), address[1]), min(timeout, self._left)
                )
            except OSError as refused:
                fault = refused
            else:
                made.settimeout(timeout)
                self._watch(made)
                return made
        raise fault

    def _watch(self, made: socket.socket) -> None:
        # A handle of our own: TLS takes the socket over, and gives the new one when it is through.
        self._wire = made.dup()
        self._timer = threading.Timer(self._left, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        with suppress(OSError):  # closed by itself meanwhile
            if self._wire:
                self._wire.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Deadline":
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer and self._wire:
            self._timer.cancel()
            self._timer.join()
            self._wire.close()
        if self._left <= 0:
            raise Unreachable(f"the answer took longer than {LONGEST:.0f} seconds")


class _Timed(urllib.request.AbstractHTTPHandler):
    """Lets a deadline make the connections."""

    def __init__(self, deadline: _Deadline, **options: Any) -> None:
        super().__init__(**options)
        self._deadline = deadline

    def do_open(self, http_class: Any, req: Any, **options: Any) -> Any:
        def connection(*details: Any, **more: Any) -> Any:
            made = http_class(*details, **more)
            made._create_connection = self._deadline.connect
            return made

        return super().do_open(connection, req, **options)


class _Plain(_Timed, urllib.request.HTTPHandler):
    pass


class _Secure(_Timed, urllib.request.HTTPSHandler):
    pass


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
    with _Deadline() as deadline:
        return _exchange(request, _opener(urlsplit(url).hostname or "", deadline))


def _exchange(request: urllib.request.Request, opener: urllib.request.OpenerDirector) -> bytes:
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            if answer.status != 200:
                raise Refused(answer.status)
            return _read(answer)
    except urllib.error.HTTPError as fault:
        with fault:
            raise Refused(fault.code, fault.headers.get("Retry-After")) from fault
    except (OSError, http.client.HTTPException) as fault:
        raise Unreachable(f"no answer: {str(fault) or type(fault).__name__}") from fault


def _opener(host: str, deadline: _Deadline) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [
        _StayHere(),
        _Plain(deadline),
        _Secure(deadline, context=ssl.create_default_context()),
    ]
    if host in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _read(answer: http.client.HTTPResponse) -> bytes:
    said = answer.headers.get("Content-Length")
    blocks, size = [], 0
    while block := answer.read1(_BLOCK):
        blocks.append(block)
        size += len(block)
        if size > MAX_BYTES:
            raise Unreachable(f"the answer is larger than {MAX_BYTES:,} bytes")
    if said is not None and whole_number(said) not in (None, size):
        raise Unreachable(f"the answer broke off after {size:,} bytes")
    return b"".join(blocks)
