"""The stop page says that nobody is logged: a real server writes no line about who came."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from benchmarks.resolvers import free_port

pytestmark = pytest.mark.integration
VISITOR = "203.0.113.77"


def shown(port: int) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/stop/",
        headers={
            "X-Forwarded-For": VISITOR,
            "User-Agent": "visitor/1",
            "Referer": "http://bad.example/",
        },
    )
    # A server that still loads takes the call and answers late.
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 – our own server
                return bytes(answer.read())
        except OSError:
            time.sleep(0.2)
    raise TimeoutError


def test_a_visit_leaves_no_line_in_what_the_server_writes(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    environment |= {"BREAKWATER_DATA_DIR": str(tmp_path)}
    command, port = [sys.executable, "-m", "breakwater.cli"], free_port()
    subprocess.run([*command, "migrate"], env=environment, check=True, capture_output=True)
    with (tmp_path / "server.log").open("wb") as log:
        serve = [*command, "serve", "--port", str(port), "--workers", "1"]
        server = subprocess.Popen(serve, env=environment, stdout=log, stderr=log)
    try:
        assert b"You were not logged" in shown(port)
    finally:
        server.terminate()
        server.wait(30)
    written = (tmp_path / "server.log").read_text()
    for word in (VISITOR, "visitor/1", "bad.example", "/stop/"):
        assert word not in written
