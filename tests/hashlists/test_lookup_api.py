"""Authorities and providers ask by account, and are told only what a list's conditions allow."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from breakwater.custody.models import AuditEntry
from breakwater.hashlists import basic, lookup_api
from breakwater.hashlists.actions.allowing import allow
from breakwater.hashlists.actions.recipients import digest
from breakwater.hashlists.models import Calls, HashList, ListChange, Recipient
from breakwater.hashlists.rules.throttle import Throttle
from breakwater.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)

Fill = Callable[[HashList, str], ListChange]
SECRET = "not the desk's"
ONE, TWO = f"{1:032x}", f"{2:032x}"


@pytest.fixture(autouse=True)
def fresh_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_api, "CALLS_A_MINUTE", 5)
    monkeypatch.setattr(basic, "FAILURES", Throttle(5, 60.0))


@pytest.fixture(autouse=True)
def filled(raising: HashList, lowering: HashList, fill: Fill) -> None:
    """Unit X may be told to authorities, Viral to providers as well."""
    fill(raising, f"md5,grade,member\n{ONE},A1,Lab\n{TWO},B2,Lab\n")
    fill(lowering, f"md5,grade\n{ONE},meme\n")


def account(sort: str, at: datetime, **more: object) -> Recipient:
    fields: dict[str, object] = {"may_look_up": True, "secret_sha256": digest(SECRET)} | more
    made = Recipient.objects.create(name=sort, sort=sort, username=sort, created_at=at, **fields)
    made.may_pull.set(HashList.objects.all())
    return made


def call(username: str, body: object, secret: str = SECRET) -> tuple[int, dict]:  # type: ignore[type-arg]
    answer = raw(username, json.dumps(body), secret)
    return answer.status_code, answer.json()


def raw(username: str, body: str, secret: str = SECRET):  # type: ignore[no-untyped-def]
    basic = base64.b64encode(f"{username}:{secret}".encode()).decode()
    return Client().post(
        reverse("api-hash-lookup"), body, content_type="application/json",
        headers={"Authorization": f"Basic {basic}"},
    )  # fmt: skip


def hashes(*values: str, kind: str = "md5") -> dict[str, object]:
    return {"hashes": [{"kind": kind, "value": value} for value in values]}


def test_an_authority_is_told_what_each_list_says(at: datetime) -> None:
    account("authority", at)
    status, told = call("authority", hashes(ONE.upper(), f"{9:032x}"))
    assert status == 200
    first, second = told["results"]
    assert (first["known"], second) == (
        True,
        {"kind": "md5", "value": f"{9:032x}", "known": False, "lists": []},
    )
    assert [(v["list"], v["grade"], v["direction"]) for v in first["lists"]] == [
        ("Unit X", "A1", "raise"),
        ("Viral", "meme", "lower"),
    ]


def test_a_provider_is_told_less_and_only_of_lists_for_providers(at: datetime) -> None:
    account("provider", at)
    _, told = call("provider", hashes(ONE, TWO))
    assert told["results"] == [
        {
            "kind": "md5",
            "value": ONE,
            "known": False,
            "lists": [{"list": "Viral", "direction": "lower", "mapped_grade": ""}],
        },
        {"kind": "md5", "value": TWO, "known": False, "lists": []},
    ]


def test_an_authority_is_told_of_lists_that_were_granted_and_of_those_for_everybody(
    at: datetime, raising: HashList
) -> None:
    asker = account("authority", at)
    asker.may_pull.clear()
    (result,) = call("authority", hashes(ONE))[1]["results"]
    assert [v["list"] for v in result["lists"]] == ["Viral"]
    asker.may_pull.add(raising)
    (result,) = call("authority", hashes(ONE))[1]["results"]
    assert [v["list"] for v in result["lists"]] == ["Unit X", "Viral"]


def test_a_provider_takes_a_hash_for_known_only_where_a_list_raises(
    at: datetime, raising: HashList
) -> None:
    account("provider", at)
    HashList.objects.filter(pk=raising.pk).update(handling="providers")
    one, two = call("provider", hashes(ONE, TWO))[1]["results"]
    assert (one["known"], two["known"]) == (True, True)
    assert [v["direction"] for v in one["lists"]] == ["raise", "lower"]
    HashList.objects.filter(pk=raising.pk).update(direction="known")
    one, two = call("provider", hashes(ONE, TWO))[1]["results"]
    assert (one["known"], two["known"]) == (False, False)
    assert [v["direction"] for v in one["lists"]] == ["lower", "known"]


def test_a_list_of_the_desk_only_is_told_to_nobody(at: datetime) -> None:
    account("authority", at)
    HashList.objects.update(handling="desk")
    assert call("authority", hashes(ONE))[1]["results"][0]["known"] is False


def photodna_values() -> tuple[str, str, str]:
    """A value, one at the threshold's distance from it, and one beyond."""
    value = np.full(144, 100, np.uint8)
    at_limit = value.copy()
    at_limit[:3] = 200  # 3 · 100² = 30,000
    beyond = at_limit.copy()
    beyond[3] = 101
    return value.tobytes().hex(), at_limit.tobytes().hex(), beyond.tobytes().hex()


def test_photodna_values_are_answered_with_distance_and_threshold(
    at: datetime, raising: HashList, fill: Fill
) -> None:
    account("authority", at)
    value, at_limit, beyond = photodna_values()
    fill(raising, f"photodna,grade\n{value},A1\n")
    _, told = call("authority", hashes(value, at_limit, beyond, kind="photodna"))
    assert [
        (r["kind"], r["threshold"], r["known"], [(v["grade"], v["distance"]) for v in r["lists"]])
        for r in told["results"]
    ] == [
        ("photodna", 30_000, True, [("A1", 0)]),
        ("photodna", 30_000, True, [("A1", 30_000)]),
        ("photodna", 30_000, False, []),
    ]
    entry = AuditEntry.objects.filter(verb="hashlists.hash.looked_up").latest("seq")
    assert '"asked":3' in entry.detail
    assert '"known":2' in entry.detail


def test_a_provider_learns_a_photodna_distance_in_tenths_and_only_of_lists_for_providers(
    at: datetime, raising: HashList, lowering: HashList, fill: Fill
) -> None:
    account("provider", at)
    value, *_ = photodna_values()
    near = f"{99:02x}{100:02x}" + value[4:]  # one step of one byte
    for hash_list in (raising, lowering):
        fill(hash_list, f"photodna\n{value}\n")
    _, told = call("provider", hashes(near, kind="photodna"))
    (told_of,) = told["results"][0]["lists"]
    assert (told_of["list"], told_of["direction"], told_of["distance"]) == ("Viral", "lower", 3_000)


def test_pdq_hashes_are_answered_with_their_threshold_and_digests_have_none(at: datetime) -> None:
    account("authority", at)
    _, told = call(
        "authority", {"hashes": [{"kind": "pdq", "value": "0" * 64}, {"kind": "md5", "value": ONE}]}
    )
    assert [r.get("threshold") for r in told["results"]] == [31, None]


def test_more_photodna_values_than_are_compared_in_a_call_are_refused_with_their_place(
    at: datetime,
) -> None:
    account("authority", at)
    most = [{"kind": "photodna", "value": f"{n:0288x}"} for n in range(lookup_api.MOST_PHOTODNA)]
    assert call("authority", {"hashes": most})[0] == 200
    one_more = [{"kind": "md5", "value": ONE}, *most, most[0]]
    status, told = call("authority", {"hashes": one_more})
    assert (status, told["error"]) == (400, "too_many_photodna")
    assert told["index"] == len(one_more) - 1


def test_the_openapi_document_describes_the_look_up_as_it_answers(
    at: datetime, officer: User
) -> None:
    account("authority", at)
    client = Client()
    client.force_login(officer)
    document = client.get("/api/v1/openapi.json").json()
    described = document["paths"][reverse("api-hash-lookup")]["post"]
    [security] = described["security"]
    assert set(security) <= set(document["components"]["securitySchemes"])
    value = described["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert value["hashes"]["items"]["properties"]["kind"]["enum"] == list(lookup_api.KINDS)
    result = described["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    fields = result["results"]["items"]["properties"]
    _, told = call("authority", hashes("0" * 64, kind="pdq"))
    assert set(told["results"][0]) == set(fields)
    _, told = call("authority", hashes(ONE))
    assert set(told["results"][0]["lists"][0]) == set(fields["lists"]["items"]["properties"])


def test_every_call_is_logged_with_who_and_how_many(at: datetime) -> None:
    account("authority", at)
    call("authority", hashes(ONE, f"{9:032x}"))
    entry = AuditEntry.objects.get(verb="hashlists.hash.looked_up")
    assert entry.actor == "authority (authority)"
    assert '"asked":2' in entry.detail
    assert ONE not in entry.detail


@pytest.mark.parametrize(
    ("more", "secret", "status"),
    [
        ({}, "wrong", 401),
        ({}, "", 401),
        ({"is_active": False}, SECRET, 401),
        ({"may_look_up": False}, SECRET, 403),
    ],
)
def test_only_accounts_that_may_look_up_get_in(
    at: datetime, more: dict[str, object], secret: str, status: int
) -> None:
    account("authority", at, **more)
    assert call("authority", hashes(ONE), secret)[0] == status


def test_without_credentials_the_answer_asks_for_them() -> None:
    answer = Client().post(reverse("api-hash-lookup"))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Basic")


def test_too_many_calls_are_told_when_to_come_again(
    at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup_api.timezone, "now", lambda: at)  # or a minute may end within it
    account("authority", at)
    account("provider", at)
    assert [call("authority", hashes(ONE))[0] for _ in range(6)] == [200] * 5 + [429]
    assert 0 < int(raw("authority", "{}")["Retry-After"]) <= 60
    assert call("provider", hashes(ONE))[0] == 200


def test_calls_are_counted_by_the_minute_and_only_the_newest_is_kept(at: datetime) -> None:
    at = at.replace(second=45, microsecond=0)
    assert [allow("a", 2, at=at) for _ in range(4)] == [0.0, 0.0, 15.0, 15.0]
    assert allow("b", 2, at=at) == 0.0
    assert allow("a", 2, at=at + timedelta(seconds=15)) == 0.0
    assert list(Calls.objects.filter(name="a").values_list("count", flat=True)) == [1]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer anyway")
def test_processes_that_ask_at_once_are_counted_together(at: datetime) -> None:
    def ask(_: int) -> bool:
        try:
            return not allow("a", 20, at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(60))) == 20


@pytest.mark.parametrize(
    ("body", "code", "index"),
    [
        ("{", "not_json", None),
        ("[1]", "no_hashes", None),
        ('{"hashes": {}}', "no_hashes", None),
        (json.dumps(hashes(ONE, "abc")), "wrong_length", 1),
        (json.dumps(hashes(ONE, "x" * 32)), "not_hexadecimal", 1),
        (json.dumps(hashes(ONE, kind="crc32")), "unknown_kind", 0),
        ('{"hashes": [{"kind": "md5"}]}', "not_a_hash", 0),
        ('{"hashes": [7]}', "not_a_hash", 0),
        (json.dumps({"hashes": [{}] * 1001}), "too_many_hashes", None),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_and_where(
    at: datetime, body: str, code: str, index: int | None
) -> None:
    account("authority", at)
    answer = raw("authority", body)
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json().get("index")) == (code, index)


def test_a_body_that_is_too_large_is_not_read(at: datetime) -> None:
    account("authority", at)
    assert raw("authority", " " * (lookup_api.MOST_BYTES + 1)).status_code == 413


def test_other_methods_are_refused(at: datetime) -> None:
    account("authority", at)
    basic = base64.b64encode(f"authority:{SECRET}".encode()).decode()
    answer = Client().get(reverse("api-hash-lookup"), headers={"Authorization": f"Basic {basic}"})
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_counts_begin_again_after_the_window() -> None:
    throttle = Throttle(2, 60.0)
    for _ in range(2):
        assert not throttle.wait("a", 100.0)
        throttle.count("a", 100.0)
    assert throttle.wait("a", 130.0) == 30.0
    assert not throttle.wait("a", 160.0)
    assert not throttle.wait("b", 130.0)
