"""The real TAXII client pages through the list, and sees what left as revoked."""

import dataclasses
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import stix2
import taxii2client
from django.conf import settings

from breakwater.custody.models import AuditEntry
from breakwater.worstof.actions import recipients
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.actions.zone import queue_change
from breakwater.worstof.models import BlockList, Entry

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_client_finds_pages_and_asks_for_what_is_new(
    live_server, at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, data_dir=tmp_path))
    on = BlockList.objects.create(name="all", legal_basis="Act")
    facts = {"block_list": on, "created_at": at}
    made = [Entry.objects.create(name=f"n{i}.example", shown="n", **facts) for i in range(5)]
    for entry in made:
        queue_change(entry, adds=True, at=at)
    publish_waiting(at)
    net, secrets = recipients.create_recipient("Net", "net", by="t", at=at, forms=["taxii"])
    later = at + timedelta(hours=2)
    queue_change(made[0], adds=False, at=later)
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
