"""The client's address is what the trusted proxies say, and nothing that the client wrote."""

import dataclasses

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from breakwater.people.client_address import client_address

CLIENT = "198.51.100.7"


def through(proxies: int, told: str | None) -> str:
    given = {} if told is None else {"x-forwarded-for": told}
    request = RequestFactory(REMOTE_ADDR="192.0.2.1").get("/", headers=given)
    with pytest.MonkeyPatch.context() as patch:
        config = dataclasses.replace(settings.CONFIG, trusted_proxies=proxies)
        patch.setattr(settings, "CONFIG", config)
        return client_address(request)


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, CLIENT, "192.0.2.1"),
        (1, CLIENT, CLIENT),
        (1, f"203.0.113.66, {CLIENT}", CLIENT),
        (2, f"203.0.113.66, {CLIENT}, 192.0.2.9", CLIENT),
        (2, CLIENT, "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "unknown", "192.0.2.1"),
        (1, f"{CLIENT}:4711", CLIENT),
        (1, "[2001:DB8::7]:4711", "2001:db8::7"),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_each_trusted_proxy_counts_from_the_end(proxies: int, told: str | None, address) -> None:
    assert through(proxies, told) == address


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_what_a_client_writes_before_changes_nothing(written: str) -> None:
    assert through(1, f"{written}, {CLIENT}") == CLIENT
    assert through(0, written) == "192.0.2.1"


@pytest.mark.django_db
def test_a_stranger_behind_the_same_proxy_locks_nobody_out_of_signing_in(
    officer, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(settings.CONFIG, trusted_proxies=1)
    monkeypatch.setattr(settings, "CONFIG", config)

    def sign_in(address: str, password: str) -> int:
        said = {"username": "officer", "password": password}
        told = {"x-forwarded-for": address}
        return Client().post(reverse("sign-in"), said, headers=told).status_code

    for _ in range(7):
        sign_in("203.0.113.66", "wrong")
    assert sign_in("203.0.113.66", "correct horse battery") == 429
    assert sign_in(CLIENT, "correct horse battery") == 302
