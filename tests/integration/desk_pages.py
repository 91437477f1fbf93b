"""The pages of a desk that really runs: its web server, its people, and who oversees the list."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from benchmarks.resolvers import Desk, free_port, wait_for

PASSWORD = "correct horse battery"
_PERSON = """
import sys
import django
django.setup()
from breakwater.people.models import Agency, User
name, role, country, kind, password = sys.argv[1:]
agency = Agency.objects.create(
    name=f"{kind} of {country}", kind=kind, country=country, is_synthetic=True
)
User.objects.create_user(name, password=password, role=role, agency=agency)
"""


def add_person(desk: Desk, name: str, role: str, country: str, kind: str = "police") -> None:
    """An account with an agency of its own."""
    command = [sys.executable, "-c", _PERSON, name, role, country, kind, PASSWORD]
    environment = desk.environment | {"DJANGO_SETTINGS_MODULE": "breakwater.site.settings"}
    subprocess.run(command, env=environment, check=True)


@contextmanager
def web_server(desk: Desk) -> Iterator[str]:
    """Gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "breakwater.cli", "serve", "--port", str(port)]
    with (desk.folder / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--workers", "1"], env=desk.environment, stdout=log, stderr=log
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(address), 90)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/help/", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


class Overseer:
    """Somebody who reads *Blocking*, the page that says what happened."""

    def __init__(self, address: str) -> None:
        self.address, self.session = address, requests.Session()
        token = self.session.get(f"{address}/sign-in/", timeout=20).text
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', token)
        assert found
        said = {"username": "analyst", "password": PASSWORD, "csrfmiddlewaretoken": found[1]}
        assert self.session.post(f"{address}/sign-in/", data=said, timeout=20).ok

    def reads(self) -> str:
        answer = self.session.get(f"{self.address}/blocking/", timeout=20)
        assert answer.status_code == 200
        return answer.text


@contextmanager
def overseer(desk: Desk) -> Iterator[Overseer]:
    add_person(desk, "analyst", "analyst", "JM", "regulator")
    with web_server(desk) as address:
        person = Overseer(address)
        with person.session:
            yield person
