"""NUL, which PostgreSQL refuses in every question, breaks nothing wherever it comes in."""

import base64
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.cache import cache
from django.test import Client

from breakwater.people.models import User
from breakwater.worstof.actions import brake
from breakwater.worstof.models import Entry, ZoneChange
from breakwater.worstof.rules.brake import HOUR, Change

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


@pytest.fixture(autouse=True)
def no_calls_counted() -> None:
    cache.clear()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/worst-of/lists/rpz", 401),
        ("/worst-of/lists/rpz/manifest", 401),
        ("/worst-of/misp/manifest.json", 401),
        ("/taxii2/", 401),
        ("/hashsharing/v2/entries", 401),
        ("/ispws/status", 401),
    ],
)
def test_a_user_name_with_nul_is_unknown_at_every_door(
    client: Client, path: str, status: int
) -> None:
    for pair in (b"\0:x", b"a\0:", b"\0"):
        said = base64.b64encode(pair).decode()
        answer = client.get(path, headers={"authorization": f"Basic {said}"})
        assert answer.status_code == status


def test_a_session_cookie_with_nul_is_nobodys(client: Client) -> None:
    """A quoted cookie holds any octet."""
    client.cookies["sessionid"] = "abcdefgh\0"
    assert client.get("/worst-of/").status_code == 302


@pytest.mark.parametrize(
    "path",
    ["/reports/R%00/", "/worst-of/misp/%00.json", "/taxii2/worst-of/collections/%00/objects/%00/"],
)
def test_an_address_with_nul_is_no_page(client_for: ClientFor, officer: User, path: str) -> None:
    assert client_for(officer).get(path).status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/queue/?q=%00", "/worst-of/nominate/?report=%00&address=0", "/worst-of/?list=%00&state=%00"],
)
def test_a_question_with_nul_finds_nothing(
    client_for: ClientFor, officer: User, address: str
) -> None:
    assert client_for(officer).get(address).status_code == 200


def test_a_form_with_nul_is_kept_with_a_sign_for_it(
    client_for: ClientFor, officer: User, nominated: Callable[..., Entry], at: datetime
) -> None:
    client, entry = client_for(officer), nominated("bad.example")
    assert client.post("/worst-of/find/", {"name": "b\0d"}).status_code == 200
    reason = {"reason": "Gone\0, seen today"}
    assert client.post(f"/worst-of/entries/{entry.pk}/discuss/", reason).status_code == 302
    entry.refresh_from_db()
    assert entry.state == Entry.State.DISCUSSION
    names = {"name": ["b\0d.example"], **reason}
    assert client.post("/worst-of/held/take-off/", names).status_code == 302
    rows = [ZoneChange.objects.create(name="n.example", adds=True, decided_at=at)]
    (held,) = brake.hold(rows, HOUR.key, Change(1, 0, 200), at=at)
    said = {"verb": "release", "seen": "1", **reason}
    assert client.post(f"/worst-of/held/{held.pk}/", said).status_code == 302
    assert held.signatures.get().reason == "Gone␀, seen today"
