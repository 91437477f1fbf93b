"""The stop page says that nobody is logged: a real server writes no line about who came."""

import http.client
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
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
def running(folder: Path, command: list[str], port: int) -> Iterator[int]:
    """A process that serves HTTP on this port; what it writes goes to `server.log`."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment(folder), stdout=log, stderr=log)
    try:
        answers(port)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def environment(folder: Path) -> dict[str, str]:
    found = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    return found | {"BREAKWATER_DATA_DIR": str(folder)}


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """A real desk with a new database; gives its port as soon as it answers."""
    command, port = breakwater("serve", "--workers", "1"), free_port()
    prepared(folder)
    with running(folder, [*command, "--port", str(port)], port):
        yield port


def breakwater(*words: str) -> list[str]:
    return [sys.executable, "-m", "breakwater.cli", *words]


def prepared(folder: Path) -> None:
    command = breakwater("migrate")
    subprocess.run(command, env=environment(folder), check=True, capture_output=True)
    (folder / "worstof").mkdir(mode=0o700, exist_ok=True)
    kinds = ("report", "child", "worried")
    contacts = (f"[[contacts]]\nkind = '{kind}'\ntext.en = '555 0100'\n" for kind in kinds)
    (folder / "worstof" / "stop-page.toml").write_text(f"law.en = 'Act'\n{''.join(contacts)}")


def answers(port: int) -> None:
    """Wait: a server that still loads takes the call and answers late."""
    address, deadline = f"http://127.0.0.1:{port}/static/worstof/stop.css", time.monotonic() + 90
    request = urllib.request.Request(address, method="HEAD")
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 – our own server
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


# --- what a browser asks for that DNS has led here: the listed site's name, and any path

LISTED, DEEP = "listed-site.example", "/gallery/1/picture.jpg?id=7"
SAID = {"en": "blocked", "es": "bloqueada", "fr": "bloquée", "nl": "geblokkeerd"}
# Regions are no matter, and what we do not speak is passed over.
ASKED = {"en": "en-GB,nl;q=0.5", "es": "es-CW", "fr": "de, fr;q=0.8, en;q=0.5", "nl": "nl-NL,nl"}


def led(
    port: int, method: str = "GET", path: str = DEEP, **headers: str
) -> tuple[int, Mapping[str, str], str]:
    """What a browser gets: status, headers and text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    told = {"Host": LISTED, "X-Forwarded-For": VISITOR, "Cookie": "django_language=fr"}
    try:
        connection.request(method, path, headers=told | headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode("utf-8")
    finally:
        connection.close()


def asked_raw(port: int, octets: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(octets)
        except OSError:
            pass  # refused before all of it was sent
        found = b""
        try:
            while piece := connection.recv(65536):
                found += piece
        except ConnectionResetError:
            pass
        return found


def is_shown_to_whoever_is_led_there(port: int) -> None:
    for language, asked in ASKED.items():
        status, headers, text = led(port, **{"Accept-Language": asked})
        assert status == 200
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in headers
        assert f'<html lang="{language}">' in text
        assert SAID[language] in text
        for other in SAID:
            chosen = led(port, path=f"/breakwater-stop/{other}.html", **{"Accept-Language": asked})
            assert f'href="/breakwater-stop/{other}.html"' in text
            assert f'<html lang="{other}">' in chosen[2]
    assert 'href="/breakwater-stop/stop.css"' in text
    status, headers, text = led(port, path="/breakwater-stop/stop.css")
    assert headers["Content-Type"].startswith("text/css")
    assert "body {" in text
    for method, path in (("HEAD", DEEP), ("HEAD", "/"), ("POST", "/form")):
        status, headers, text = led(port, method, path)
        assert status == 200
        assert headers["Content-Type"].startswith("text/html")
        assert bool(text) == (method == "POST")
    for path in (
        "/people/sign-in/",
        "/appeal/",
        "/breakwater-stop/",
        "/../../etc/passwd",
        "/%ff%00",
    ):
        assert 'name="csrf' not in led(port, path=path)[2]
        assert SAID["en"] in led(port, path=path, **{"Accept-Language": "en"})[2] or "%00" in path
    assert led(port, path="/" + 6000 * "a", **{"Accept-Language": "en"})[0] == 200


JUNK = (
    b"GET /x HTTP/1.1\r\nHost: \xff\xfe listed-site.example, two\r\nConnection: close\r\n\r\n",
    b"GET /x HTTP/1.1\r\nHost: listed-site.example:nine\r\nConnection: close\r\n\r\n",
    b"GET /x HTTP/1.0\r\n\r\n",
    b"GET http://listed-site.example/x HTTP/1.1\r\nHost: y\r\nConnection: close\r\n\r\n",
    b"GET /gallery/" + 200_000 * b"a" + b" HTTP/1.1\r\nHost: listed-site.example\r\n\r\n",
    b"GET /x HTTP/1.1\r\nlisted-site.example\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01listed-site.example\r\n\r\n",  # a browser that speaks TLS here
)


def no_line_tells(written: str) -> None:
    for word in (LISTED, "gallery", VISITOR, "127.0.0.1:", "ip=", "/x", "listed"):
        assert word not in written, written


def test_whatever_site_dns_led_away_from_gets_the_page_and_nobody_is_logged(tmp_path: Path) -> None:
    port = free_port()
    prepared(tmp_path)
    words = ("--serve", f"127.0.0.1:{port}", "--appeal", "https://desk.example/appeal/")
    with running(tmp_path, breakwater("worstof", "stop-page", *words), port):
        is_shown_to_whoever_is_led_there(port)
        for octets in JUNK:
            assert b"Cache-Control: no-store" in asked_raw(port, octets), octets[:60]
        assert led(port)[0] == 200
    first_line, _, written = (tmp_path / "server.log").read_text().partition("\n")
    assert "every host" in first_line
    assert written == ""


def counted(folder: Path) -> list[tuple[int]]:
    """The counts, as soon as there is one: a page is counted after it was sent."""
    deadline = time.monotonic() + 30
    with closing(sqlite3.connect(folder / "desk.sqlite3")) as database:
        while time.monotonic() < deadline:
            if found := database.execute("SELECT shown FROM worstof_stopcount").fetchall():
                return found
            time.sleep(0.1)
    return []


def test_only_a_page_that_was_shown_is_counted(tmp_path: Path) -> None:
    port = free_port()
    prepared(tmp_path)
    words = ("--serve", f"127.0.0.1:{port}", "--appeal", "https://desk.example/appeal/")
    with running(tmp_path, breakwater("worstof", "stop-page", *words), port):
        # The first that counts is written down at once, the next only after ten seconds.
        led(port, "HEAD")
        led(port, path="/breakwater-stop/stop.css")
        led(port)
        led(port, "HEAD")
        assert counted(tmp_path) == [(1,)]


def test_the_desk_itself_never_logs_to_which_host_somebody_was_led(tmp_path: Path) -> None:
    with server(tmp_path) as port:
        assert led(port, path="/stop/")[0] == 400
        assert led(port)[0] == 400
    no_line_tells((tmp_path / "server.log").read_text())


def test_the_files_do_the_same_under_nginx_with_the_configuration_beside_them(
    tmp_path: Path,
) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None and not os.environ.get("CI"):
        pytest.skip("nginx is not installed")
    assert nginx, "nginx is not installed"
    port = free_port()
    prepared(tmp_path)
    site = tmp_path / "site"
    words = ("--output", str(site), "--appeal", "https://desk.example/appeal/")
    command = breakwater("worstof", "stop-page", *words)
    subprocess.run(command, env=environment(tmp_path), check=True, capture_output=True)
    given = site / "nginx.conf"
    text = given.read_text()
    for line in ("listen 80 default_server;", "listen [::]:80 default_server;"):
        assert line in text
    text = text.replace("listen [::]:80 default_server;", "")
    given.write_text(text.replace("listen 80 ", f"listen 127.0.0.1:{port} "))
    whole = tmp_path / "nginx.conf"
    temporary = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole.write_text(
        f"daemon off; worker_processes 1; pid {tmp_path}/pid; error_log {tmp_path}/main.log;\n"
        f"user {os.environ.get('USER') or 'root'} {'root' if os.getuid() == 0 else ''};\n"
        "events { worker_connections 64; }\n"
        "http { types { text/html html; text/css css; }\n"
        f"access_log {tmp_path}/access.log;\n{temporary} include {given}; }}\n"
    )
    with running(tmp_path, [nginx, "-p", str(tmp_path), "-c", str(whole)], port):
        is_shown_to_whoever_is_led_there(port)
        for octets in JUNK[:4]:
            assert b"Cache-Control: no-store" in asked_raw(port, octets), octets[:60]
        asked_raw(port, JUNK[4])
    for name in ("server.log", "main.log", "access.log"):
        no_line_tells((tmp_path / name).read_text())
