"""The provider door over HTTP: complete filings a second, and memory during a large upload.

The server is the real one (`breakwater serve`) on the same two cores as its clients. The
raw limit beside it is hashing the uploads and writing one durable row per request.
"""

import base64
import hashlib
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.results import Figure, figure

CLIENTS = 4
UPLOAD = os.urandom(100_000)
LARGE = 2 * 1024**3
PIECE = b"\0" * (1024 * 1024)
MEGABYTE = 1024 * 1024
XML = (
    "<report><incidentSummary><incidentType>Online Enticement of Children for Sexual Acts"
    "</incidentType><incidentDateTime>2026-10-12T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><espIdentifier>user{n}</espIdentifier></personOrUserReported></report>"
)


def run(database: str, filings: int) -> list[Figure]:
    secret = _account()
    with _server() as (port, pid):
        client = Client(port, secret)
        client.file(-1)
        before = _memory(pid)
        seconds, rate = _file_many(port, secret, filings)
        growth = _large_upload(client, pid) - before
    ordered = sorted(seconds)
    p99 = 1000 * ordered[int(len(ordered) * 0.99)]
    return [
        figure(
            "complete filings at the provider door", database, rate, "filings/s",
            peer="hashing and four durable writes alone", peer_value=_raw_limit(),
            limit="at least 60/s",
        ),
        figure("a complete filing, median", database, 1000 * statistics.median(seconds), "ms"),
        figure("a complete filing, p99", database, p99, "ms"),
        figure(
            "memory gained during a 2 GB upload", database, growth / MEGABYTE, "MB",
            limit="flat: below 64 MB",
        ),
    ]  # fmt: skip


class Client:
    """One keep-alive connection of a provider."""

    def __init__(self, port: int, secret: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        token = base64.b64encode(f"bench:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}

    def file(self, n: int) -> None:
        number = self._post("submit", XML.format(n=n).encode(), "text/xml; charset=utf-8")
        report = _value(number, "reportId")
        file_id = _value(self._post("upload", *_form(report, UPLOAD + str(n).encode())), "fileId")
        details = (
            f"<fileDetails><reportId>{report}</reportId><fileId>{file_id}</fileId>"
            "<fileViewedByEsp>true</fileViewedByEsp></fileDetails>"
        )
        self._post("fileinfo", details.encode(), "text/xml; charset=utf-8")
        self._post("finish", *_form(report, None))

    def _post(self, call: str, body: bytes, kind: str) -> str:
        self.connection.request(
            "POST", f"/ispws/{call}", body, {**self.headers, "Content-Type": kind}
        )
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200 or "<responseCode>0<" not in text:
            raise RuntimeError(f"{call}: {answer.status} {text[:300]}")
        return text

    def upload_large(self) -> None:
        """Send 2 GB without ever holding them."""
        # Idle since the first filing, longer than a server keeps a connection open.
        self.connection.close()
        submitted = self._post("submit", XML.format(n="large").encode(), "text/xml; charset=utf-8")
        body, kind = _form(_value(submitted, "reportId"), b"@@")
        head, tail = body.split(b"@@")
        length = len(head) + LARGE + len(tail)
        headers = {**self.headers, "Content-Type": kind, "Content-Length": str(length)}
        pieces = (piece for part in ((head,), _pieces(), (tail,)) for piece in part)
        self.connection.request("POST", "/ispws/upload", pieces, headers)
        answer = self.connection.getresponse().read().decode()
        if "<responseCode>0<" not in answer:
            raise RuntimeError(answer[:300])


def _pieces() -> Iterator[bytes]:
    for _ in range(LARGE // len(PIECE)):
        yield PIECE


def _form(report: str, data: bytes | None) -> tuple[bytes, str]:
    line = b"--breakwater\r\nContent-Disposition: form-data; name="
    body = line + b'"id"\r\n\r\n' + report.encode() + b"\r\n"
    if data is not None:
        body += (
            line + b'"file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + data + b"\r\n"
        )
    return body + b"--breakwater--\r\n", "multipart/form-data; boundary=breakwater"


def _value(text: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]+)<", text)
    if found is None:
        raise RuntimeError(f"no {name} in {text[:300]}")
    return found[1]


def _file_many(port: int, secret: str, filings: int) -> tuple[list[float], float]:
    seconds: list[float] = []

    def work(first: int) -> None:
        client = Client(port, secret)
        for n in range(first, filings, CLIENTS):
            start = time.perf_counter()
            client.file(n)
            seconds.append(time.perf_counter() - start)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds, len(seconds) / (time.perf_counter() - start)


def _large_upload(client: Client, pid: int) -> int:
    """The highest memory of the server's processes while 2 GB go through it."""
    highest, done = 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.1):
            highest = max(highest, _memory(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        client.upload_large()
    finally:
        done.set()
        watcher.join()
    return highest


def _memory(pid: int) -> int:
    """Resident bytes of a process and its children."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        parent = re.search(r"^PPid:\s+(\d+)", text, re.MULTILINE)
        resident = re.search(r"^VmRSS:\s+(\d+)", text, re.MULTILINE)
        if resident and (status.parent.name == str(pid) or (parent and parent[1] == str(pid))):
            total += int(resident[1]) * 1024
    return total


def _account() -> str:
    from django.utils import timezone

    from breakwater.reports.actions.accounts import create_account

    return create_account("Bench (example)", "bench", by="benchmark", at=timezone.now())[1]


@contextmanager
def _server() -> Iterator[tuple[int, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "breakwater.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(30)


def _raw_limit() -> float:
    """How many filings a second hashing and four fsynced writes would allow on one core."""
    rounds = 200
    with tempfile.TemporaryFile(dir=os.environ["BREAKWATER_DATA_DIR"]) as file:
        start = time.perf_counter()
        for _ in range(rounds):
            for digest in (hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256()):  # fmt: skip
                digest.update(UPLOAD)
            for _ in range(4):
                file.write(b"x" * 512)
                file.flush()
                os.fsync(file.fileno())
        return rounds / (time.perf_counter() - start)
