"""Who calls is told by our own proxies, and never by what the caller writes."""

import dataclasses

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from breakwater.people.client_address import client_address
from breakwater.people.models import User

PROXY = "192.0.2.1"


def behind(proxies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    config = dataclasses.replace(settings.CONFIG, trusted_proxies=proxies)
    monkeypatch.setattr(settings, "CONFIG", config)


@pytest.mark.parametrize(
    ("proxies", "said", "found"),
    [
        (0, "203.0.113.7", PROXY),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.9, 203.0.113.7, 192.0.2.2", "203.0.113.7"),
        (2, "203.0.113.7", PROXY),
        (1, "", PROXY),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_only_what_our_own_proxies_added_is_believed(
    monkeypatch: pytest.MonkeyPatch, proxies: int, said: str, found: str
) -> None:
    behind(proxies, monkeypatch)
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=said)
    assert client_address(request) == found


def test_wrong_passwords_from_one_place_lock_nobody_out_elsewhere_behind_a_proxy(
    monkeypatch: pytest.MonkeyPatch, officer: User
) -> None:
    behind(1, monkeypatch)

    def tried(address: str, password: str) -> int:
        said = {"username": officer.username, "password": password}
        headers = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": address}
        return Client().post("/sign-in/", said, **headers).status_code  # type: ignore[arg-type]

    assert [tried("203.0.113.7", "wrong") for _ in range(6)][-1] == 429
    assert tried("198.51.100.9", "correct horse battery") == 302
