"""The real TAXII client pages through the list, and sees what left as revoked."""

import dataclasses
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stix2
import taxii2client
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import settings as some
from hypothesis import strategies as st

from benchmarks import listed
from breakwater.custody.models import AuditEntry
from breakwater.worstof.actions import publishing, recipients
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.models import BlockList, Recipient, ZoneChange, ZoneName
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.zone_digest import bucket_of
from breakwater.worstof.taxii_views import COLLECTION

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
Get = Callable[..., dict[str, Any]]
Decide = Callable[..., None]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, data_dir=tmp_path))
    (tmp_path / "worstof").mkdir()
    return tmp_path


@pytest.fixture
def decide(at: datetime) -> Decide:
    """Decide that a name enters or leaves the list of a country ("": the international one)."""

    def decided(name: str, *, adds: bool = True, country: str = "") -> None:
        on, _ = BlockList.objects.get_or_create(
            country=country, defaults={"name": country or "all", "legal_basis": "Act"}
        )
        listed.decide(on, [name], at=at, adds=adds)

    return decided


@pytest.fixture
def recipient_of(client: Client, at: datetime) -> Callable[[str], Get]:
    """A recipient of a scope, as its client asks for objects."""

    def made(scope: str) -> Get:
        _, secrets = recipients.create_recipient(
            scope, f"net-{scope}", by="t", at=at, forms=["taxii"], scope=scope
        )
        said = b64encode(f"net-{scope}:{secrets.http}".encode()).decode()

        def get(status: int = 200, of: str = "objects/", **asked: object) -> dict[str, Any]:
            address = f"/taxii2/worst-of/collections/{COLLECTION}/{of}"
            answer = client.get(address, asked, headers={"Authorization": f"Basic {said}"})
            assert answer.status_code == status
            return {"objects": [], **answer.json(), "headers": answer.headers}

        return get

    return made


def names_of(objects: list[dict[str, Any]], *, revoked: bool) -> list[str]:
    found = [said for said in objects if said.get("revoked", False) == revoked]
    return sorted(said["pattern"].split("'")[1] for said in found)


def test_a_token_for_the_next_page_tells_no_name_and_skips_none(
    recipient_of: Callable[[str], Get], decide: Decide, at: datetime
) -> None:
    names = [f"n{i}.example" for i in range(5)]
    for name in names:
        decide(name)
    publish_waiting(at)
    get = recipient_of("national")
    seen, token = [], {}
    for turn in range(30):
        page = get(limit=1, **token)
        seen += page["objects"]
        if turn == 3:  # the list moves between two pages
            decide("n0.example", adds=False)
            decide("late.example")
            publish_waiting(at + HOUR)
        if not page.get("more"):
            break
        token = {"next": page["next"]}
        told = page["next"] + bytes.fromhex(page["next"].partition("-")[2]).decode("latin-1")
        assert "example" not in told
        for digest in ("md5", "sha1", "sha256"):
            name = names_of(page["objects"], revoked=False) or names_of(
                page["objects"], revoked=True
            )
            assert hashlib.new(digest, name[0].encode()).hexdigest()[:16] not in told
    assert {*names, "late.example"} <= {*names_of(seen, revoked=False), "n0.example"}
    assert names_of(seen, revoked=True) == ["n0.example"]
    assert get(400, next="n1.example")["title"] == "next is what the page before gave."


def test_a_client_has_a_publication_once_it_took_the_last_page_of_its_objects(
    recipient_of: Callable[[str], Get], decide: Decide, at: datetime
) -> None:
    for name in ("one.example", "two.example"):
        decide(name)
    publish_waiting(at)
    get = recipient_of("national")

    def taken() -> int | None:
        return Recipient.objects.get().downloaded_serial

    page = get(limit=1)
    get(of="manifest/")
    get(**{"match[id]": page["objects"][0]["id"]})
    get(**{"match[type]": "malware"})
    assert taken() is None
    while page.get("more"):
        page = get(limit=1, next=page["next"])
    assert taken() == zone.last().serial


@pytest.fixture
def national(recipient_of: Callable[[str], Get], decide: Decide, at: datetime) -> Get:
    """A recipient of a list with one name, as its client asks for objects."""
    decide("bad.example")
    publish_waiting(at)
    return recipient_of("national")


@some(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=30) | st.text("0123456789²٣-", max_size=25))
@example(typed="²")
@example(typed="0")
@example(typed="9" * 5000)
@example(typed=str(2**63))
def test_a_client_that_asks_for_no_number_of_objects_is_told_so(typed: str, national: Get) -> None:
    is_number = re.fullmatch("[0-9]{1,19}", typed) is not None and 0 < int(typed) < 2**63
    answer = national(200 if is_number else 400, limit=typed)
    assert is_number or "limit is a whole number" in answer["title"]


@pytest.mark.parametrize("scope", ["international", "national"])
def test_a_name_that_must_never_be_blocked_is_revoked_for_who_asks_for_news(
    scope: str,
    recipient_of: Callable[[str], Get],
    decide: Decide,
    at: datetime,
    data_dir: Path,
) -> None:
    for name in ("good.example", "bad.example", "x.shop.example"):
        decide(name)
    publish_waiting(at)
    get = recipient_of(scope)
    last = get()["headers"]["X-TAXII-Date-Added-Last"]
    (data_dir / "worstof" / "never-block.txt").write_text("good.example\nshop.example\n")
    publish_waiting(at + HOUR)
    new = get(added_after=last)["objects"]
    assert names_of(new, revoked=True) == ["good.example", "x.shop.example"]
    assert names_of(new, revoked=False) == []


def test_a_canary_that_must_never_be_blocked_is_revoked(
    recipient_of: Callable[[str], Get], decide: Decide, at: datetime, data_dir: Path
) -> None:
    decide("bad.example")
    publish_waiting(at)
    get = recipient_of("national")
    canaries = recipients.Recipient.objects.get().canaries
    domain = canaries[0].partition(".")[2]
    (data_dir / "worstof" / "never-block.txt").write_text(domain)
    lost = sorted(name for name in canaries if name.endswith(domain))
    assert names_of(get()["objects"], revoked=True) == lost
    assert len(get()["objects"]) == 9


def test_revoked_objects_come_also_when_the_clock_was_set_back_or_the_name_came_again(
    recipient_of: Callable[[str], Get], decide: Decide, at: datetime
) -> None:
    decide("bad.example")
    publish_waiting(at)
    get = recipient_of("national")
    first = get()
    old = next(said for said in first["objects"] if "'bad.example'" in said["pattern"])
    decide("bad.example", adds=False)
    publish_waiting(at - 400 * HOUR)
    decide("bad.example")
    publish_waiting(at - 400 * HOUR)
    new = get(added_after=first["headers"]["X-TAXII-Date-Added-Last"])["objects"]
    assert [said["id"] for said in new if said.get("revoked")] == [old["id"]]
    (again,) = (said for said in new if not said.get("revoked"))
    assert again["id"] != old["id"]
    assert again["pattern"] == old["pattern"]


def test_a_name_that_only_a_national_list_keeps_is_revoked_for_the_international_scope_alone(
    recipient_of: Callable[[str], Get], decide: Decide, at: datetime
) -> None:
    decide("bad.example")
    decide("bad.example", country="JM")
    publish_waiting(at)
    world, nation = recipient_of("international"), recipient_of("national")
    decide("bad.example", adds=False)
    publish_waiting(at + HOUR)
    assert names_of(world()["objects"], revoked=True) == ["bad.example"]
    assert names_of(nation()["objects"], revoked=True) == []
    assert "bad.example" in names_of(nation()["objects"], revoked=False)


def accepted_without(name: str, data_dir: Path, at: datetime) -> None:
    """Somebody accepts the names as they are kept, with one of them that may never be listed."""
    (data_dir / "worstof" / "never-block.txt").write_text(name)
    publishing.accept_copy(by="t", reason="repaired", at=at)


def never_to_block(name: str, data_dir: Path, at: datetime) -> None:
    (data_dir / "worstof" / "never-block.txt").write_text(name)
    publish_waiting(at)


@pytest.mark.parametrize("leaves", ["removed", never_to_block, accepted_without])
@pytest.mark.parametrize("comes_again", [False, True])
def test_a_name_of_a_national_list_alone_is_never_told_to_who_gets_the_common_list(
    leaves: str | Callable[[str, Path, datetime], None],
    comes_again: bool,
    recipient_of: Callable[[str], Get],
    decide: Decide,
    at: datetime,
    data_dir: Path,
) -> None:
    decide("bad.example")
    decide("home.example", country="JM")
    publish_waiting(at)
    world, nation = recipient_of("international"), recipient_of("national")
    if callable(leaves):
        leaves("home.example", data_dir, at + HOUR)
    else:
        decide("home.example", adds=False, country="JM")
        publish_waiting(at + HOUR)
    if comes_again:
        (data_dir / "worstof" / "never-block.txt").unlink(missing_ok=True)
        decide("home.example", country="JM")
        publish_waiting(at + 2 * HOUR)
    (told,) = (
        o for o in nation()["objects"] if "'home.example'" in o["pattern"] and o.get("revoked")
    )
    assert "home.example" not in json.dumps(world()["objects"])
    ids = {said["id"] for said in world()["objects"]}
    assert len(ids) == 9  # bad.example and the canaries
    assert {row["id"] for row in world(of="manifest/")["objects"]} == ids
    assert world(404, of=f"objects/{told['id']}/versions/")
    assert world(404, of=f"objects/{told['id']}/")
    assert nation(of=f"objects/{told['id']}/versions/")["versions"]


def test_a_name_that_only_a_restored_copy_has_comes_to_who_asks_for_news(
    recipient_of: Callable[[str], Get], decide: Decide, at: datetime
) -> None:
    """Its row has the serial of long ago, and no change tells of it; so the acceptance brings it."""
    decide("bad.example")
    publish_waiting(at)
    get = recipient_of("national")
    decide("late.example")
    publish_waiting(at + HOUR)
    last = get()["headers"]["X-TAXII-Date-Added-Last"]
    put_in_by_hand("kept.example", serial=1)
    publishing.accept_copy(by="t", reason="restored", at=at + 2 * HOUR)
    assert names_of(get(added_after=last)["objects"], revoked=False) == ["kept.example"]
    ZoneName.objects.filter(name="kept.example").delete()
    publishing.accept_copy(by="t", reason="repaired", at=at + 3 * HOUR)
    decide("later.example")
    publish_waiting(at + 4 * HOUR)
    assert names_of(get(added_after=last)["objects"], revoked=False) == ["later.example"]


@pytest.mark.parametrize("serial", [0, 3, 99])
def test_a_name_whose_publication_is_gone_stops_no_client(
    serial: int, recipient_of: Callable[[str], Get], decide: Decide, at: datetime
) -> None:
    decide("bad.example")
    publish_waiting(at)
    get = recipient_of("national")
    put_in_by_hand("kept.example", serial=serial)
    ZoneChange.objects.update(serial=serial)
    publishing.accept_copy(by="t", reason="restored", at=at + HOUR)
    assert {"bad.example", "kept.example"} <= {*names_of(get()["objects"], revoked=False)}


def put_in_by_hand(name: str, *, serial: int) -> None:
    ZoneName.objects.create(name=name, is_national=False, serial=serial, bucket=bucket_of(name))


def test_filters_and_answers_are_those_of_taxii(
    national: Get, client: Client, decide: Decide, at: datetime
) -> None:
    """Sections 1.6.8 and 3.4 of the standard; RFC 9110 for `Allow`."""
    every = len(national()["objects"])
    some = national()["objects"][0]
    for asked, count in (
        ({"match[spec_version]": "2.0"}, 0), ({"match[spec_version]": "2.0,2.1"}, every),
        ({"match[version]": "last"}, every), ({"match[version]": "all"}, every),
        ({"match[version]": "first"}, every), ({"match[version]": some["modified"]}, every),
        ({"match[version]": "2001-01-01T00:00:00Z"}, 0), ({"match[type]": "malware"}, 0),
    ):  # fmt: skip
        assert len(national(**asked)["objects"]) == count, asked
    assert "match[version] is a time" in national(400, **{"match[version]": "newest"})["title"]
    secret = recipients.new_secrets(recipients.Recipient.objects.get(), by="t", at=at).http
    known = {"Authorization": "Basic " + b64encode(f"net-national:{secret}".encode()).decode()}
    for accept, status in (
        ("application/taxii+json;version=2.1", 200), ("application/taxii+json", 200),
        ("application/taxii+json; version=2.0", 406), ("text/html", 406),
        ("application/taxii+json;version=2.0, */*;q=0.1", 200), ("*/*;q=0", 406),
    ):  # fmt: skip
        assert client.get("/taxii2/", headers={**known, "Accept": accept}).status_code == status
    answer = client.post("/taxii2/", headers=known)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_a_client_finds_pages_and_asks_for_what_is_new(live_server, at: datetime) -> None:
    on = BlockList.objects.create(name="all", legal_basis="Act")
    listed.decide(on, [f"n{i}.example" for i in range(5)], at=at)
    publish_waiting(at)
    net, secrets = recipients.create_recipient("Net", "net", by="t", at=at, forms=["taxii"])
    later = at + timedelta(hours=2)
    listed.decide(on, ["n0.example"], at=later, adds=False)
    last = publish_waiting(later)
    assert last
    address = f"{live_server.url}/taxii2/"
    server = taxii2client.Server(address, user="net", password=secrets.http)
    (collection,) = server.default.collections
    pages = list(taxii2client.as_pages(collection.get_objects, per_request=4))
    objects = [stix2.parse(said) for page in pages for said in page["objects"]]
    assert len(pages) == 4
    assert len({said.id for said in objects}) == len(objects) == 13
    revoked = [said.pattern for said in objects if said.revoked]
    assert revoked == ["[domain-name:value = 'n0.example']"]
    assert sum(any(name in said.pattern for name in net.canaries) for said in objects) == 8
    new = collection.get_objects(added_after=at)["objects"]
    assert [said["id"] for said in new] == [said.id for said in objects if said.revoked]
    assert collection.get_object(new[0]["id"])["objects"] == new
    assert len(collection.get_manifest()["objects"]) == 13
    taken = [json.loads(row.detail) for row in
             AuditEntry.objects.filter(verb="worstof.list.downloaded").order_by("seq")]  # fmt: skip
    assert [row["what"] for row in taken] == [*["objects"] * 6, "manifest"]
    assert {(row["serial"], row["address"]) for row in taken} == {(last.serial, "127.0.0.1")}
