"""The stop page's own server, at the address to which resolvers lead the names on the list.

It answers every host and every path with the page, and has no other: neither the desk's pages nor
its settings of hosts are reachable through it. Whoever came, and for what, is written nowhere.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.utils import timezone, translation
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from breakwater.worstof import stop_bundle, stop_page

FRESH = 60.0  # seconds until a changed law or contact is shown
_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8"}
Start = Callable[[str, list[tuple[str, str]]], object]


class StopServer:
    """The WSGI application (PEP 3333)."""

    def __init__(self, appeal: str) -> None:
        self._appeal = appeal
        self._files: dict[str, bytes] = {}
        self._made_at = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        files = self.files()
        name = environ["PATH_INFO"].removeprefix(f"/{stop_bundle.FOLDER}/")
        is_page = name not in files or name.endswith(".html")
        if name not in files:
            name = f"{_language(environ)}.html"
        body = files[name]
        headers = [
            ("Content-Type", _TYPES[name.rpartition(".")[2]]),
            ("Content-Length", str(len(body))),
            *stop_bundle.HEADERS,
        ]
        start_response("200 OK", headers)
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        return _ThenCounted(body) if is_page else [body]

    def files(self) -> dict[str, bytes]:
        """The pages in every language and their style; made anew now and then."""
        now = time.monotonic()
        if not self._files or now - self._made_at > FRESH:
            close_old_connections()
            made = stop_bundle.files(self._appeal, stop_page.laws_if_readable)
            self._files = {name: text.encode() for name, text in made.items()}
            self._made_at = now
            close_old_connections()
        return self._files


def _language(environ: dict[str, Any]) -> str:
    """The best of the visitor's languages; a cookie of the blocked site says nothing."""
    asked = {name: value for name, value in environ.items() if name != "HTTP_COOKIE"}
    return translation.get_language_from_request(WSGIRequest(asked))[:2]


class _ThenCounted:
    """A body that is counted when it was sent: a slow database delays no visitor."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body

    def close(self) -> None:
        close_old_connections()
        stop_page.counter.count(timezone.now())
        close_old_connections()


class SilentWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn would log the address, host or path of a request that it cannot read."""

    def handle_error(self, req: object, client: Any, addr: object, exc: Exception) -> None:
        """Give the page in the desk's language also to whoever sends what is no HTTP."""
        body = self.wsgi.files()[f"{settings.LANGUAGE_CODE}.html"]
        lines = [
            "HTTP/1.1 400 Bad Request",
            "Connection: close",
            f"Content-Type: {_TYPES['html']}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in stop_bundle.HEADERS),
        ]
        try:
            util.write_nonblock(client, "\r\n".join([*lines, "", ""]).encode("ascii") + body)
        except OSError:
            pass  # who asked has gone


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def __init__(self, appeal: str, options: dict[str, Any]) -> None:
        self._appeal, self._options = appeal, options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def load(self) -> StopServer:
        return StopServer(self._appeal)


def serve(address: str, port: int, *, appeal: str) -> None:
    """Serve until a signal.

    Raises:
        SystemExit: the address is not ours to listen on; gunicorn has said why.
    """
    options = {
        "bind": f"[{address}]:{port}" if ":" in address else f"{address}:{port}",
        "worker_class": SilentWorker,
        "threads": 16,
        "keepalive": 5,
        "graceful_timeout": 5,
        "limit_request_line": 8190,
        "accesslog": None,
        "loglevel": "error",
    }
    _Gunicorn(appeal, options).run()
