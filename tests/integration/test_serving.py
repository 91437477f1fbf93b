"""`breakwater serve --with-worker` for real: a filing becomes a report, and it ends and recovers."""

import base64
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
TOOL = Path(__file__).parents[2] / "tools" / "kill_rounds.py"
TOOLS = runpy.run_path(str(TOOL), run_name="kill_rounds")
XML = TOOLS["XML"].format(n=1)
LONG = 60  # seconds after which a thing is taken not to happen any more
READ = """
import django; django.setup()
from breakwater.reports.models import Report
print(*Report.objects.values_list("number", flat=True))
"""


def value(name: str, answer: str) -> str:
    found = re.search(f"<{name}>([^<]+)<", answer)
    assert found, answer
    return found[1]


class Desk:
    def __init__(
        self, port: int, secret: str, environment: dict[str, str], process: subprocess.Popen[bytes]
    ) -> None:
        self.port, self.environment, self.process = port, environment, process
        self.token = base64.b64encode(f"kill:{secret}".encode()).decode()

    def post(self, call: str, body: bytes, kind: str) -> str:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/ispws/{call}",
            body,
            {"Authorization": f"Basic {self.token}", "Content-Type": kind},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 – our own server
            return str(answer.read().decode())

    def file(self) -> str:
        """A complete filing: report, one file, its details, finish."""
        number = value("reportId", self.post("submit", XML.encode(), "text/xml"))
        file_id = value("fileId", self.post("upload", *TOOLS["_form"](number, b"synthetic bytes")))
        ids = f"<reportId>{number}</reportId><fileId>{file_id}</fileId>"
        details = f"<fileDetails>{ids}<fileViewedByEsp>true</fileViewedByEsp></fileDetails>"
        assert value("responseCode", self.post("fileinfo", details.encode(), "text/xml")) == "0"
        form = "application/x-www-form-urlencoded"
        done = self.post("finish", f"id={number}".encode(), form)
        assert value("responseCode", done) == "0"
        assert value("fileId", done) == file_id
        return f"P-{number}"

    def read(self) -> list[str]:
        return str(TOOLS["_python"](READ, self.environment)).split()

    def children(self) -> dict[str, int]:
        """The processes below `serve --with-worker`, by the name of their command."""
        found = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
                words = (status.parent / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if parent == self.process.pid and len(words) > 3:
                found[words[3].decode()] = int(status.parent.name)
        return found


def wait_for(what: Callable[[], object]) -> None:
    end = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    port = TOOLS["_free_port"]()
    command = [sys.executable, "-m", "breakwater.cli", "serve", "--with-worker"]
    command += ["--port", str(port), "--workers", "1"]
    with TOOLS["own_environment"](tmp_path, os.environ.get("DATABASE_URL", "")) as environment:
        secret = TOOLS["_python"](TOOLS["PREPARE"], environment).strip()
        process = subprocess.Popen(command, env=environment)
        try:
            wait_for(lambda: _answers(port))
            yield Desk(port, secret, environment, process)
        finally:
            process.terminate()
            process.wait(LONG)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_filing_over_http_becomes_a_report_that_is_read(desk: Desk) -> None:
    number = desk.file()
    wait_for(lambda: number in desk.read())


def test_a_stop_ends_every_process_with_code_0(desk: Desk) -> None:
    wait_for(lambda: {"serve", "worker"} <= set(desk.children()))
    children = desk.children()
    desk.process.send_signal(signal.SIGTERM)
    assert desk.process.wait(LONG) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())
    assert not _answers(desk.port)


def test_a_worker_that_was_killed_is_started_again(desk: Desk) -> None:
    wait_for(lambda: "worker" in desk.children())
    killed = desk.children()["worker"]
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: desk.children().get("worker", killed) != killed)
    number = desk.file()
    wait_for(lambda: number in desk.read())
