"""The four real resolvers with the snippets a provider pastes, an upstream, and a running desk.

The integration tests and the bench start the same servers; everything listens on the loopback.
"""

import itertools
import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsigkeyring
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from breakwater.worstof.primary import snippets

UPSTREAM = "198.51.100.7"
STOP = "192.0.2.10"
STOP_HOST = "stop.isp.example"
NEEDED = ("named", "unbound", "pdns_recursor", "kresd")


def program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


# Below the ports that the system gives to whoever asks for any.
_FIRST_PORT, _PORTS = 20_000, 12_000
_ports = itertools.count(os.getpid() * 997 % _PORTS)


def free_port() -> int:
    """A port that is free for TCP and UDP alike, and that this process did not give out before."""
    for number in itertools.islice(_ports, _PORTS):
        place = ("127.0.0.1", _FIRST_PORT + number % _PORTS)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(place)
                udp.bind(place)
            except OSError:
                continue
            return place[1]
    raise OSError("no port is free")


def ask(port: int, name: str, kind: str = "A", timeout: float = 1.0) -> str:
    """The last record a resolver answers with, or the answer's code; "" if it does not answer."""
    try:
        answer = dns.query.udp(dns.message.make_query(name, kind), "127.0.0.1", timeout, port)
    except (OSError, dns.exception.DNSException):
        return ""
    if not answer.answer:
        return dns.rcode.to_text(answer.rcode())
    return answer.answer[-1][0].to_text()


def wait_for(what: Callable[[], bool], seconds: float = 10.0, pause: float = 0.01) -> float:
    """Wait until it holds and give the seconds it took.

    Raises:
        TimeoutError: it did not.
    """
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if what():
            return time.monotonic() - start
        time.sleep(pause)
    raise TimeoutError(f"not within {seconds} s")


_PEOPLE = (
    "INSERT INTO people_agency (name, kind, country, is_synthetic) VALUES "
    "('Police of Here', 'police', 'JM', TRUE), ('Police of There', 'police', 'CW', TRUE) "
    "ON CONFLICT DO NOTHING",
    "INSERT INTO worstof_blocklist "
    '(name, country, legal_basis, verifications, "distinct", fresh_days, grace_days) '
    "VALUES ('International', '', 'Act', 2, 'country', 90, 14) ON CONFLICT DO NOTHING",
)
_ENTRY = "SELECT max(id) FROM worstof_entry WHERE name = :name"
_CHANGE = "(name, entry_id, adds, decided_at, refused, effect, effect_international)"
_LISTED = (
    "INSERT INTO worstof_entry (block_list_id, name, shown, state, round, guards, new_guards, "
    "reports, hosting, created_at, listed_at, fresh_until, due_at) "
    "SELECT min(id), :name, :name, 'listed', 1, '[]', '[]', 0, '{}', :at, :at, "
    ":fresh_until, :fresh_until FROM worstof_blocklist WHERE country = '' "
    "ON CONFLICT (block_list_id, name) "
    "DO UPDATE SET state = 'listed', round = worstof_entry.round + 1, listed_at = :at",
    "INSERT INTO worstof_assessment (entry_id, round, agency_id, by_name, door, real, under_13, "
    "severe, online, seen_online_at, confidence, note, at) "
    "SELECT entry.id, round, agency.id, 'Officer of ' || agency.name, 'file', 'yes', 'yes', 'yes', "
    "'yes', :seen_at, 'high', '', :at FROM worstof_entry entry, people_agency agency "
    f"WHERE entry.id = ({_ENTRY}) AND agency.name IN ('Police of Here', 'Police of There')",
    "INSERT INTO worstof_step (entry_id, verb, by_name, agency_name, reason, at) "
    f"VALUES (({_ENTRY}), 'worstof.entry.listed', 'test', '', '', :at)",
    f"INSERT INTO worstof_zonechange {_CHANGE} VALUES (:name, ({_ENTRY}), TRUE, :at, '', 0, 0)",
)
_REMOVED = (
    f"UPDATE worstof_entry SET state = 'removed', ended_at = :at WHERE id = ({_ENTRY})",
    f"INSERT INTO worstof_zonechange {_CHANGE} VALUES (:name, ({_ENTRY}), FALSE, :at, '', 0, 0)",
)
_HELD = (
    "INSERT INTO worstof_heldchange (state, country, reason, added, removed, listed, at, ended_at) "
    "VALUES ('released', '', 'too-many', :count, 0, 0, :at, :at)"
)
_RELEASED = (
    "UPDATE worstof_zonechange SET held_id = (SELECT max(id) FROM worstof_heldchange) "
    "WHERE published_at IS NULL AND held_id IS NULL AND refused = ''"
)


class Desk:
    """A desk on a database of its own, with its hidden primary running.

    `database` is the address of one in PostgreSQL; without it there is a file in the folder.
    """

    def __init__(self, folder: Path, database: str = "") -> None:
        self.folder, self.port, self.database = folder, free_port(), database
        folder.mkdir(exist_ok=True, parents=True)
        self.environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        self.environment |= {"BREAKWATER_DATA_DIR": str(folder), "BREAKWATER_DEMO": "yes"}
        if database:
            self.environment["DATABASE_URL"] = database
        self.serving: subprocess.Popen[bytes] | None = None

    def run(self, *words: str) -> str:
        command = [sys.executable, "-m", "breakwater.cli", *words]
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def accept_copy(self, reason: str) -> str:
        primary = f"127.0.0.1:{self.port}"
        words = ("accept-copy", "--reason", reason, "--primary", primary, "--yes")
        return self.run("worstof", *words)

    def start(self, *options: str, command: tuple[str, ...] = ()) -> None:
        words = ["-m", "breakwater.cli", "worstof", "serve", "--port", str(self.port), *options]
        with (self.folder / "serve.log").open("ab") as log:
            self.serving = subprocess.Popen(
                [*command, sys.executable, *words], env=self.environment, stdout=log, stderr=log
            )

    def stop(self) -> None:
        if self.serving:
            self.serving.terminate()
            self.serving.wait(30)

    def do(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self._cursor() as cursor:
            cursor.execute(self._said(statement), values)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """A transaction beside the desk's own."""
        if self.database:
            with (
                psycopg.connect(self.database) as database,
                psycopg.ClientCursor(database) as cursor,
            ):
                yield cursor
            return
        path = self.folder / "desk.sqlite3"
        with closing(sqlite3.connect(path, timeout=30)) as file, file:
            yield file.cursor()

    def _said(self, statement: str) -> str:
        """Places for values as the database's own library has them."""
        if not self.database:
            return statement
        return re.sub(r":([a-z_]+)", r"%(\1)s", statement).replace("?", "%s")

    def decide(self, *names: str, adds: bool = True, released: bool = False) -> None:
        """Leave what two authorities leave that verify or remove these names: many in one commit.

        `released`: the brake held them, and two people let them go.
        """
        now = datetime.now(UTC)
        days = {"at": 0, "seen_at": -1, "fresh_until": 90}
        times = {key: self._time(now + timedelta(days=more)) for key, more in days.items()}
        with self._cursor() as cursor:
            for statement in _PEOPLE:
                cursor.execute(statement)
            for statement in map(self._said, _LISTED if adds else _REMOVED):
                cursor.executemany(statement, [{"name": name, **times} for name in names])
            if released:
                cursor.execute(self._said(_HELD), {"count": len(names), **times})
                cursor.execute(_RELEASED)

    def _time(self, at: datetime) -> str:
        """As the desk itself keeps it: SQLite has no zones."""
        return at.isoformat(" ") if self.database else at.replace(tzinfo=None).isoformat(" ")

    def add_recipient(self, key_name: str, notify: list[int], canaries: str = "[]") -> None:
        told = "[" + ",".join(f'"127.0.0.1:{port}"' for port in notify) + "]"
        self.do(
            "INSERT INTO worstof_recipient (name, scope, forms, key_name, secret_digest, notify, "
            "resolvers, canaries, stop_page, refusal, stays_because, created_at) "
            "VALUES (?, 'national', '[\"dns\"]', ?, '', ?, '[]', ?, '', '', '', '2026-11-01')",
            key_name, key_name, told, canaries,
        )  # fmt: skip

    def key_file(self, key_name: str) -> Path:
        path = self.folder / "worstof" / "keys" / f"{key_name}.key"
        wait_for(path.exists, 60)
        return path

    def serves(self, key_name: str) -> bool:
        """Whether the primary has this recipient's zone."""
        query = dns.message.make_query("wol.invalid", "SOA")
        secret = self.key_file(key_name).read_text().strip()
        query.use_tsig(dns.tsigkeyring.from_text({key_name: secret}), key_name)
        try:
            return bool(dns.query.tcp(query, "127.0.0.1", 2, self.port).answer)
        except (OSError, EOFError, dns.exception.DNSException):
            return False

    def wish(self, key_name: str, folder: Path, **others: object) -> snippets.Wish:
        secret = self.key_file(key_name).read_text().strip()
        place = ("127.0.0.1", self.port)
        return snippets.Wish(
            "wol.invalid", place, key_name, secret, STOP_HOST, STOP, folder=str(folder), **others
        )

    def public_key(self) -> str:
        """What the desk's checkers pin, from the key file of its own."""
        path = self.folder / "worstof" / "signing.key"
        wait_for(path.exists, 60)
        private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
        return private.public_key().public_bytes_raw().hex()


class Resolvers:
    """One folder and one process per server; `ports` says where each resolver answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = {}
        self.ports = {name: free_port() for name in ("bind", "unbound", "pdns", "knot")}
        self.sidecar, self.heard, self.upstream_port = free_port(), free_port(), free_port()

    def place(self, name: str) -> Path:
        made = self.folder / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def run(self, name: str, *words: str) -> None:
        """As on a provider's machine: nothing tells of a desk."""
        self.commands[name] = list(words)
        told = {
            k: v for k, v in os.environ.items() if not k.startswith(("BREAKWATER_", "DATABASE"))
        }
        with (self.place(name) / "output.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                words, stdout=log, stderr=log, cwd=self.place(name), env=told
            )

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def again(self, name: str) -> None:
        self.run(name, *self.commands[name])

    def stop(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def start_upstream(self) -> None:
        folder = self.place("upstream")
        (folder / "example.zone").write_text(
            "$TTL 300\n@ SOA localhost. h.localhost. 1 60 60 60 60\n@ NS localhost.\n"
            f"* A {UPSTREAM}\n{STOP_HOST.removesuffix('.example')} A {STOP}\n"
            "shop CNAME edge.network\n"
        )
        zone = 'zone "example" { type primary; file "example.zone"; };\n'
        self._named("upstream", self.upstream_port, "recursion no;", zone)

    def _named(self, name: str, port: int, inside: str, outside: str) -> None:
        (self.place(name) / "named.conf").write_text(
            f'options {{ directory "{self.place(name)}"; listen-on port {port} {{ 127.0.0.1; }};'
            f' listen-on-v6 {{ none; }}; pid-file "n.pid"; session-keyfile none; lock-file none;\n'
            f"{inside}\n}};\ncontrols {{ }};\n{outside}"
        )
        self.run(name, program("named") or "", "-f", "-n", "1", "-c", "named.conf", "-D", "bench")

    def start_bind(self, desk: Desk, *, name: str = "bind", slow: bool = False) -> None:
        outside, inside = snippets.bind_parts(desk.wish(f"isp-{name}", self.place(name)))
        if slow:
            inside = inside.replace("min-update-interval 0", "")
        forward = (
            'zone "example" { type forward; forward only; '
            f"forwarders {{ 127.0.0.1 port {self.upstream_port}; }}; }};\n"
        )
        inside += "dnssec-validation no; empty-zones-enable no; allow-query { any; };"
        self._named(name, self.ports[name], inside, outside + forward)

    def start_unbound(self, desk: Desk, *, door: int | None = None) -> None:
        """`door` is a port in front of the sidecar, if Unbound shall not reach it directly."""
        self.start_sidecar(desk)
        self.run_unbound(desk, door=door)

    def start_sidecar(self, desk: Desk) -> None:
        wish = desk.wish("isp-unbound", self.place("sidecar"), sidecar_port=self.sidecar)
        text = snippets.sidecar(wish).replace("port 53;", f"port {self.ports['unbound']};")
        (self.place("sidecar") / "named.conf").write_text(text)
        named = program("named") or ""
        self.run("sidecar", named, "-f", "-n", "1", "-c", "named.conf", "-D", "bench")

    def run_unbound(
        self, desk: Desk, *, name: str = "unbound", slow: bool = False, door: int | None = None
    ) -> None:
        """Fed by the one sidecar."""
        folder = self.place(name)
        here = desk.wish("isp-unbound", folder, sidecar_port=door or self.sidecar)
        text = snippets.unbound(here)
        if slow:
            text = text.replace('    module-config: "respip validator iterator"\n', "")
        (folder / "unbound.conf").write_text(
            text + f'server:\n interface: 127.0.0.1\n port: {self.ports[name]}\n username: ""\n'
            f' chroot: ""\n directory: "{folder}"\n pidfile: "u.pid"\n use-syslog: no\n'
            " do-not-query-localhost: no\n num-threads: 1\n"
            f'stub-zone:\n name: "example"\n stub-addr: 127.0.0.1@{self.upstream_port}\n'
        )
        self.run(name, program("unbound") or "", "-d", "-c", "unbound.conf")

    def start_pdns(self, desk: Desk, *, name: str = "pdns", slow: bool = False) -> None:
        folder = self.place(name)
        settings, lua = snippets.pdns_parts(desk.wish(f"isp-{name}", folder))
        if slow:
            settings = settings.replace("disable-packetcache=yes\n", "")
        (folder / "worst-of.lua").write_text(lua)
        (folder / "recursor.conf").write_text(
            settings + f"lua-config-file={folder}/worst-of.lua\n"
            f"local-address=127.0.0.1\nlocal-port={self.ports[name]}\nthreads=1\n"
            f"forward-zones=example=127.0.0.1:{self.upstream_port}\ndaemon=no\ndnssec=off\n"
            f"socket-dir={folder}\nsecurity-poll-suffix=\nallow-from=127.0.0.1/8\n"
            "hint-file=no\nquiet=yes\n"
        )
        self.run(name, program("pdns_recursor") or "", f"--config-dir={folder}")

    def start_follower(self, desk: Desk) -> None:
        """Run the command that the desk prints, word for word."""
        folder = self.place("knot")
        shutil.copy(desk.key_file("isp-knot"), folder)
        command = snippets.follow_command(self.knot_wish(desk))
        _, *words = shlex.split(command)  # ours in place of the `breakwater` on the path
        self.run("follower", sys.executable, "-m", "breakwater.cli", *words)

    def knot_wish(self, desk: Desk) -> snippets.Wish:
        folder, public = self.place("knot"), desk.public_key()
        return desk.wish("isp-knot", folder, follow_port=self.heard, public_key=public)

    def start_knot(self, desk: Desk, *, name: str = "knot", slow: bool = False) -> None:
        """On the files of the one follower."""
        wait_for((self.place("knot") / "wol.invalid.rpz").exists, 120)
        folder, text = self.place(name), snippets.knot(self.knot_wish(desk))
        if slow:
            text = text.replace("if name == file then", "if false then")
        (folder / "kresd.conf").write_text(
            f"net.listen('127.0.0.1', {self.ports[name]}, {{ kind = 'dns' }})\n"
            "trust_anchors.remove('.')\ncache.size = 10 * MB\n"
            + text
            + f"policy.add(policy.suffix(policy.STUB('127.0.0.1@{self.upstream_port}'), "
            "{todname('example.')}))\n"
        )
        self.run(name, program("kresd") or "", "-n", "-c", "kresd.conf", str(folder))

    def start_without_settings(self, desk: Desk) -> tuple[str, ...]:
        """The negative controls: resolvers without the settings that make a block quick.

        Unbound has none: without `respip` it does not start. BIND comes last: only within a minute
        of its last look is it slow to look again.
        """
        starts = {
            "knot-slow": self.start_knot, "pdns-slow": self.start_pdns, "bind-slow": self.start_bind,
        }  # fmt: skip
        for name, start in starts.items():
            self.ports[name] = free_port()
            if name != "knot-slow":
                desk.add_recipient(f"isp-{name}", [self.ports[name]])
                wait_for(lambda name=name: desk.serves(f"isp-{name}"), 60, 0.1)
            start(desk, name=name, slow=True)
            wait_for(lambda name=name: self.blocks(name, "first.example"), 120, 0.2)
        return tuple(starts)

    def blocks(self, name: str, listed: str, patience: float = 0) -> bool:
        return self._answer(name, listed, patience) == STOP

    def resolves(self, name: str, listed: str, patience: float = 0) -> bool:
        return self._answer(name, listed, patience) == UPSTREAM

    def _answer(self, name: str, listed: str, patience: float) -> str:
        """What a resolver says; silence and failure are no answer for so many seconds."""
        deadline = time.monotonic() + patience
        while (said := ask(self.ports[name], listed)) in ("", "SERVFAIL"):
            if time.monotonic() >= deadline:
                break
        return said


FOUR = ("bind", "unbound", "pdns", "knot")


def start_all(
    folder: Path,
    desk: Desk,
    resolvers: Resolvers,
    which: tuple[str, ...] = FOUR,
    *,
    checked: bool = False,
) -> None:
    """Start the upstream, the desk's primary and resolvers with their keys.

    If `checked`, the primary tries each addition live before it goes out, at the upstream.
    """
    ports = resolvers.ports
    told = {**ports, "unbound": resolvers.sidecar, "knot": resolvers.heard}
    for name in which:
        desk.add_recipient(f"isp-{name}", [told[name]], f'["canary.{name}-isp.example"]')
    resolvers.start_upstream()
    upstream = f"127.0.0.1:{resolvers.upstream_port}"
    desk.start(*(("--check-resolver", upstream) if checked else ()))
    for name in which:
        desk.key_file(f"isp-{name}")
    if "knot" in which:
        resolvers.start_follower(desk)
    starts = {
        "bind": resolvers.start_bind,
        "unbound": resolvers.start_unbound,
        "pdns": resolvers.start_pdns,
        "knot": resolvers.start_knot,
    }
    with ThreadPoolExecutor(len(which)) as several:
        list(several.map(lambda name: starts[name](desk), which))
