"""The stop page says that nobody is logged: a real server writes no line about who came."""

import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from benchmarks.resolvers import free_port

pytestmark = pytest.mark.integration
VISITOR = "203.0.113.77"


def shown(port: int, *, wait: float = 5) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/stop/",
        headers={
            "X-Forwarded-For": VISITOR,
            "User-Agent": "visitor/1",
            "Referer": "http://bad.example/",
        },
    )
    with urllib.request.urlopen(request, timeout=wait) as answer:  # noqa: S310 – our own server
        return bytes(answer.read())


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """A real server with a new database; gives its port as soon as it answers."""
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"BREAKWATER_DATA_DIR": str(folder)}
    command, port = [sys.executable, "-m", "breakwater.cli"], free_port()
    subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)
    with (folder / "server.log").open("wb") as log:
        serve = [*command, "serve", "--port", str(port), "--workers", "1"]
        process = subprocess.Popen(serve, env=environment, stdout=log, stderr=log)
    try:
        answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def answers(port: int) -> None:
    """Wait: a server that still loads takes the call and answers late."""
    address, deadline = f"http://127.0.0.1:{port}/static/worstof/stop.css", time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError


def test_a_visit_leaves_no_line_in_what_the_server_writes(tmp_path: Path) -> None:
    with server(tmp_path) as port:
        assert b"You were not logged" in shown(port)
    written = (tmp_path / "server.log").read_text()
    for word in (VISITOR, "visitor/1", "bad.example", "/stop/"):
        assert word not in written


def test_no_visitor_waits_for_a_database_that_somebody_locked(tmp_path: Path) -> None:
    """The desk waits half a minute for such a lock; the visitor's browser has the page before."""
    file = tmp_path / "desk.sqlite3"
    with (
        server(tmp_path) as port,
        closing(sqlite3.connect(file, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert b"This page is blocked" in shown(port, wait=20)
        other.execute("ROLLBACK")
