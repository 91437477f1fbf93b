"""Runs the web server, and the worker beside it, until somebody stops them."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

STOP_WITHIN = 20  # seconds for a child to end by itself
RESTARTS = 5  # within a minute, after which something is broken that a restart does not repair


class WebServer(BaseApplication):  # type: ignore[misc]
    """gunicorn with threads, told its settings by us instead of by a file."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self.options.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        from breakwater.site.wsgi import application

        return application


def serve(host: str, port: int, *, workers: int, threads: int) -> None:
    """Serve until a signal; uploads stream through, so a slow provider holds a thread only."""
    WebServer(
        {
            "bind": f"{host}:{port}",
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "timeout": 120,
            "graceful_timeout": 15,
            "keepalive": 30,
            "limit_request_line": 8190,
            "accesslog": None,
            "loglevel": "warning",
            "preload_app": False,
        }
    ).run()


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on.

    Raises:
        OSError: none of the next hundred is free.
    """
    for port in range(wanted, wanted + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {wanted} and {wanted + 99}")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "breakwater.cli", *arguments]


def supervise(commands: Sequence[Sequence[str]]) -> int:
    """Keep several processes running until a signal; give the exit code.

    One that dies is started again; if that does not help, all stop and the code is 1.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    children = [_start(c) for c in commands]
    deaths: list[float] = []
    code = 0
    while not stop.wait(0.2):
        for index, child in enumerate(children):
            if child.poll() is None:
                continue
            deaths = [t for t in deaths if time.monotonic() - t < 60] + [time.monotonic()]
            if len(deaths) > RESTARTS:
                code = 1
                stop.set()
                break
            stop.wait(0.5)
            children[index] = _start(commands[index])
    _end(children)
    return code


def _start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches the parent alone, which then ends the children in order.
    return subprocess.Popen(arguments, start_new_session=True)  # noqa: S603 – our own command


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
