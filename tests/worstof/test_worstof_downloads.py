"""Recipients take their copies: what they are granted, with their canaries, signed and logged."""

import base64
import dataclasses
import gzip
import hashlib
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pymisp import MISPEvent
from typer.testing import CliRunner

from benchmarks import listed
from breakwater.custody.models import AuditEntry
from breakwater.worstof import download_views, signing
from breakwater.worstof.actions import recipients
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.commands import app as every_command
from breakwater.worstof.list_commands import app
from breakwater.worstof.models import BlockList, Publication, Recipient, ZoneName
from breakwater.worstof.queries import known_names
from breakwater.worstof.queries.canaries import opened, trace
from breakwater.worstof.queries.indicators import all_listed
from breakwater.worstof.rules import signatures

pytestmark = pytest.mark.django_db
Answer = Callable[..., object]
FILES = [form for form in recipients.FORMS if form not in (recipients.DNS, recipients.TAXII)]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, data_dir=tmp_path))
    monkeypatch.setattr(download_views, "FAILURES", type(download_views.FAILURES)(10, 300.0))
    return tmp_path


@pytest.fixture
def publish(db: None, at: datetime) -> Callable[..., Publication]:
    def published(*names: str, country: str = "", adds: bool = True) -> Publication:
        on, _ = BlockList.objects.get_or_create(
            name=country or "all", country=country, defaults={"legal_basis": "Act"}
        )
        listed.decide(on, names, at=at, adds=adds)
        made = publish_waiting(at)
        assert made
        return made

    return published


class Caller:
    def __init__(self, recipient: Recipient, secret: str) -> None:
        self.recipient, self.secret = recipient, secret

    def get(self, path: str, **headers: str):
        pair = base64.b64encode(f"{self.recipient.key_name}:{self.secret}".encode()).decode()
        given = {"authorization": f"Basic {pair}"} | headers
        address = f"/worst-of/lists/{path}".replace("lists/../", "")
        return Client().get(address, headers=given)

    def body(self, path: str, **headers: str) -> bytes:
        return b"".join(self.get(path, **headers).streaming_content)


@pytest.fixture
def net(db: None, at: datetime) -> Callable[..., Caller]:
    def made(key_name: str = "net-a", **terms: object) -> Caller:
        terms = {"forms": FILES, **terms}
        return Caller(
            *_opened(recipients.create_recipient(key_name, key_name, by="t", at=at, **terms))
        )

    return made


def _opened(made: tuple[Recipient, recipients.Secrets]) -> tuple[Recipient, str]:
    return made[0], made[1].http


def test_a_copy_has_the_names_and_the_recipients_canaries_mixed(net, publish) -> None:
    publish("a-one.example", "z-two.example")
    caller = net()
    lines = caller.body("squid").decode().splitlines()
    found = [line.lstrip(".") for line in lines if line and not line.startswith("#")]
    assert sorted(found) == sorted([*caller.recipient.canaries, "a-one.example", "z-two.example"])
    assert found == sorted(found)


def test_a_canary_that_must_never_be_blocked_leaves_a_copy_that_is_there_already(
    net, publish
) -> None:
    publish("one.example")
    caller = net()
    lost = caller.recipient.canaries[0].encode()
    assert lost in caller.body("squid")
    path = known_names.folder() / "never-block.txt"
    path.write_bytes(lost)
    assert lost not in caller.body("squid")
    path.unlink()
    assert lost in caller.body("squid")


@pytest.mark.parametrize("form", FILES)
def test_every_form_is_given_signed_and_traced(form: str, net, publish) -> None:
    publish("one.example")
    caller = net()
    body, said = caller.body(form), caller.get(f"{form}/manifest").json()
    text = said["manifest"].encode()
    key = bytes.fromhex(said["public_key"])
    assert signatures.verify(text, bytes.fromhex(said["signature"]), key)
    manifest = json.loads(text)
    assert manifest["sha256"] == hashlib.sha256(body).hexdigest()
    assert (manifest["size"], manifest["count"]) == (len(body), 9)
    assert (manifest["recipient"], manifest["form"]) == ("net-a", form)
    assert len(trace(opened(io.BytesIO(body))).found[0].canaries) == 8


def test_misp_reads_the_folder_of_the_feed(net, publish) -> None:
    publish("one.example")
    caller = net()
    (uuid,) = json.loads(caller.body("../misp/manifest.json"))
    event = MISPEvent()
    event.load(json.loads(caller.body(f"../misp/{uuid}.json")))
    values = {attribute.value for attribute in event.attributes}
    assert values == {"one.example", *caller.recipient.canaries}
    lines = caller.get("../misp/hashes.csv").content.decode().splitlines()
    digests = {hashlib.md5(value.encode()).hexdigest() for value in values}  # noqa: S324
    assert {tuple(line.split(",")) for line in lines} == {(d, uuid) for d in digests}
    assert len(trace(line.encode() for line in lines).found[0].canaries) == 8
    assert caller.get("../misp/other.json").status_code == 404
    assert net("no-misp", forms=["csv"]).get("../misp/manifest.json").status_code == 404
    assert AuditEntry.objects.filter(verb="worstof.list.downloaded").count() == 2


def event_of(caller: Caller) -> MISPEvent:
    (uuid,) = json.loads(caller.body("../misp/manifest.json"))
    event = MISPEvent()
    event.load(json.loads(caller.body(f"../misp/{uuid}.json")))
    return event


def test_misp_deletes_a_name_that_left_and_takes_it_back_when_it_comes_again(net, publish) -> None:
    """MISP edits the event by its feed: what is only missing there stays with the consumer."""
    publish("one.example", "two.example")
    caller = net()
    (first,) = [a for a in event_of(caller).attributes if a.value == "one.example"]
    publish("one.example", adds=False)
    found = {attribute.value: attribute for attribute in event_of(caller).attributes}
    assert found["one.example"].deleted
    assert found["one.example"].uuid == first.uuid
    assert [value for value, attribute in found.items() if attribute.deleted] == ["one.example"]
    digest = hashlib.md5(b"one.example").hexdigest()  # noqa: S324
    assert digest not in caller.get("../misp/hashes.csv").content.decode()
    publish("one.example")
    (again,) = [a for a in event_of(caller).attributes if a.value == "one.example"]
    assert (again.deleted, again.uuid) == (False, first.uuid)


def test_misp_tells_nobody_of_a_name_that_left_and_that_they_never_had(
    net, publish, at: datetime
) -> None:
    publish("home.example", country="JM")
    publish("old.example", "new.example")
    home, abroad = net("home"), net("abroad", scope="international")
    publish("home.example", country="JM", adds=False)
    publish("old.example", adds=False)
    later = at + timedelta(hours=1)
    made = recipients.create_recipient("late", "late", by="t", at=later, forms=FILES)
    late = Caller(*_opened(made))
    deleted = [
        {a.value for a in event_of(caller).attributes if a.deleted}
        for caller in (home, abroad, late)
    ]
    assert deleted == [{"home.example", "old.example"}, {"old.example"}, set()]


def test_a_name_that_is_listed_again_is_a_new_object_of_stix(net, publish) -> None:
    """TAXII revoked the first one, and what is revoked stays so; both ways give the same one."""

    def current() -> str:
        objects = json.loads(caller.body("stix"))["objects"]
        (found,) = [o["id"] for o in objects if "'one.example'" in o.get("pattern", "")]
        return str(found)

    publish("one.example", "two.example")
    caller = net(forms=recipients.FORMS)
    first = current()
    publish("one.example", adds=False)
    publish("one.example")
    assert current() != first
    by_id = {row.id: row for row in all_listed(caller.recipient)}
    assert (by_id[first].is_revoked, by_id[current()].is_revoked) == (True, False)


def test_the_digests_of_the_feed_are_a_download_as_well(net, publish) -> None:
    made = publish("one.example")
    net().get("../misp/hashes.csv", **{"x-forwarded-for": "203.0.113.9"})
    detail = json.loads(AuditEntry.objects.get(verb="worstof.list.downloaded").detail)
    assert (detail["form"], detail["serial"], detail["address"]) == (
        "misp", made.serial, "127.0.0.1",
    )  # fmt: skip


def test_the_log_tells_the_providers_address_and_not_that_of_the_proxy(
    net, publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish("one.example")
    config = dataclasses.replace(settings.CONFIG, trusted_proxies=1)
    monkeypatch.setattr(settings, "CONFIG", config)
    net().get("csv", **{"x-forwarded-for": "192.0.2.1, 198.51.100.7"})
    detail = json.loads(AuditEntry.objects.get(verb="worstof.list.downloaded").detail)
    assert detail["address"] == "198.51.100.7"


def test_national_additions_stay_with_those_who_are_granted_them(net, publish) -> None:
    publish("world.example")
    publish("home.example", country="JM")
    home, abroad = net("home"), net("abroad", scope="international")
    assert b"home.example" in home.body("csv")
    assert b"home.example" not in abroad.body("csv")
    assert b"world.example" in abroad.body("csv")
    recipients.grant(home.recipient, FILES, "international", by="t", at=home.recipient.created_at)
    assert b"home.example" not in home.body("csv")


def test_a_form_that_was_not_granted_is_not_there(net, publish) -> None:
    publish("one.example")
    caller = net(forms=["csv"])
    assert [caller.get(form).status_code for form in ("rpz", "dns", "fax")] == [404] * 3
    assert Client().post("/worst-of/lists/csv").status_code == 401
    assert AuditEntry.objects.filter(verb="worstof.list.downloaded").count() == 0


def test_who_has_the_wrong_secret_gets_nothing_and_locks_nobody_out(net, publish) -> None:
    publish("one.example")
    caller = net()
    guesser = Caller(caller.recipient, "guess")
    assert {guesser.get("csv").status_code for _ in range(12)} == {401}
    assert caller.get("csv").status_code == 200


def test_a_closed_recipient_gets_nothing(net, publish, at: datetime) -> None:
    publish("one.example")
    caller = net()
    caller.body("csv")
    assert recipients.copies_of(caller.recipient).exists()
    recipients.close(caller.recipient, by="t", at=at)
    assert caller.get("csv").status_code == 401
    assert not recipients.copies_of(caller.recipient).exists()


def test_what_the_recipient_has_already_is_not_sent_again(net, publish) -> None:
    publish("one.example")
    caller = net()
    tag = caller.get("csv")["ETag"]
    assert caller.get("csv", **{"if-none-match": f'"x", {tag}'}).status_code == 304
    publish("two.example")
    answer = caller.get("csv", **{"if-none-match": tag})
    assert answer.status_code == 200
    assert b"two.example" in b"".join(answer.streaming_content)


def test_a_packed_copy_has_the_same_bytes(net, publish) -> None:
    publish("one.example")
    caller = net()
    packed = caller.body("rpz", **{"accept-encoding": "gzip, br"})
    assert gzip.decompress(packed) == caller.body("rpz")


def test_conditions_and_encodings_are_read_as_http_has_them(net, publish) -> None:
    """RFC 9110, sections 8.8.3, 12.5.3 and 13.1.2."""
    publish("one.example")
    caller = net()
    tag = caller.get("csv")["ETag"]
    for condition in (tag, f"W/{tag}", "*", f'"other", {tag}'):
        answer = caller.get("csv", **{"if-none-match": condition})
        assert (answer.status_code, answer["ETag"]) == (304, tag)
    assert caller.get("csv", **{"if-none-match": '"other"'}).status_code == 200
    for accepted, is_packed in (
        ("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("gzip; q=0", False),
        ("gzip;q=0.000, *", False), ("identity", False), ("*;q=0", False), ("", False),
    ):  # fmt: skip
        answer = caller.get("csv", **{"accept-encoding": accepted})
        assert (answer.get("Content-Encoding") == "gzip") is is_packed, accepted
        assert (answer["ETag"] != tag) is is_packed
    packed = {"accept-encoding": "gzip"}
    own = caller.get("csv", **packed)["ETag"]
    assert caller.get("csv", **packed, **{"if-none-match": own}).status_code == 304
    assert caller.get("csv", **packed, **{"if-none-match": tag}).status_code == 200


def test_asking_for_the_head_of_a_file_is_no_download(net, publish) -> None:
    publish("one.example")
    caller = net()
    (uuid,) = json.loads(caller.body("../misp/manifest.json"))
    for path in (f"misp/{uuid}.json", "misp/hashes.csv", "lists/csv"):
        pair = base64.b64encode(f"net-a:{caller.secret}".encode()).decode()
        head = Client().head(f"/worst-of/{path}", headers={"authorization": f"Basic {pair}"})
        assert head.status_code == 200
    assert not AuditEntry.objects.filter(verb="worstof.list.downloaded").exists()


def test_every_download_is_logged_and_a_copy_not_modified_is_none(net, publish) -> None:
    publish("one.example")
    caller = net()
    tag = caller.get("csv")["ETag"]
    caller.get("csv", **{"if-none-match": tag})
    logged = AuditEntry.objects.get(verb="worstof.list.downloaded")
    assert logged.target == "net-a"
    assert "one.example" not in logged.detail
    caller.recipient.refresh_from_db()
    assert caller.recipient.downloaded_at is not None
    assert caller.recipient.downloaded_serial == json.loads(logged.detail)["serial"]


def test_who_took_a_copy_checks_it_with_a_pinned_key_and_without_the_desk(
    net, publish, tmp_path: Path
) -> None:
    publish("one.example")
    caller = net()
    file, manifest = tmp_path / "list.csv", tmp_path / "manifest.json"
    file.write_bytes(caller.body("csv"))
    manifest.write_bytes(caller.get("csv/manifest").content)
    key = signing.public_key().hex()

    def verify(*more: str, key: str = key) -> tuple[int, str]:
        words = ["verify", str(file), "--manifest", str(manifest), "--key", key, *more]
        done = CliRunner().invoke(every_command, words)
        return done.exit_code, done.output

    assert verify()[0] == 0
    assert "csv for net-a, serial 1," in verify()[1]
    assert verify("--at-least", "1")[0] == 0
    assert verify("--at-least", "2") == (1, "Do not use this copy: serial 1 is older than 2.\n")
    assert verify(key="00" * 32)[0] == 1
    assert verify(key="zz")[0] == 2
    data = json.loads(manifest.read_text())
    good, body = manifest.read_text(), file.read_bytes()
    forged = data | {"manifest": data["manifest"].replace('"serial":1', '"serial":9')}
    for text, code in ((json.dumps(forged), 1), ("{}", 2), ("[" * 99_999, 2), ("[1]", 2)):
        manifest.write_text(text)
        assert verify()[0] == code
    manifest.write_text(good)
    for changed in (body + b"x", body[:-1], body.replace(b"one.example", b"two.example")):
        file.write_bytes(changed)
        assert verify()[0] == 1
    file.unlink()
    assert verify()[0] == 2


def test_names_that_were_not_signed_are_never_given(net, publish) -> None:
    publish("one.example")
    caller, late = net(), net("late")
    good = caller.body("csv")
    Publication.objects.update(sha256="0" * 64)
    ZoneName.objects.create(name="google.example", is_national=False, serial=1)
    Publication.objects.create(
        serial=Publication.objects.get().serial + 1, at=Publication.objects.get().at, names=1,
        added=0, removed=0, sha256="", size=0, manifest=Publication.objects.get().manifest,
        signature="",
    )  # fmt: skip
    assert caller.body("csv") == good
    assert late.get("csv").status_code == 503


def test_nothing_is_given_before_the_first_publication(net) -> None:
    assert net().get("csv").status_code == 503


def test_copies_are_the_desks_own_files_and_old_ones_go(net, publish, data_dir: Path) -> None:
    publish("one.example")
    caller = net()
    caller.body("csv")
    publish("two.example")
    caller.body("csv")
    folder = recipients.copies_of(caller.recipient)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.glob("csv-*"))) == 1
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_copy_is_written_on_the_command_line_as_a_download_that_is_logged(
    net: Callable[..., Caller], publish: Callable[..., Publication], tmp_path: Path
) -> None:
    publish("one.example")
    caller, to = net(forms=["csv"]), tmp_path / "list.csv"
    words = ["write", "net-a", "--form", "csv", "--output", str(to)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert to.read_bytes() == caller.body("csv")
    assert to.stat().st_mode & 0o777 == 0o600
    said = json.loads((tmp_path / "list.csv.manifest.json").read_text())
    key, signature = bytes.fromhex(said["public_key"]), bytes.fromhex(said["signature"])
    assert signatures.verify(said["manifest"].encode(), signature, key)
    line = AuditEntry.objects.filter(verb="worstof.list.downloaded").earliest("at")
    assert json.loads(line.detail)["address"].endswith("(command line)")


def test_no_copy_is_written_that_is_not_granted_or_not_there(
    net: Callable[..., Caller], publish: Callable[..., Publication], tmp_path: Path
) -> None:
    caller, to = net(forms=["csv"]), tmp_path / "list"
    for key_name, form in (("net-a", "csv"), ("net-a", "rpz"), ("nobody", "csv")):
        words = ["write", key_name, "--form", form, "--output", str(to)]
        assert CliRunner().invoke(app, words).exit_code == 2
    publish("one.example")
    recipients.close(caller.recipient, by="t", at=caller.recipient.created_at)
    words = ["write", "net-a", "--form", "csv", "--output", str(to)]
    assert CliRunner().invoke(app, words).exit_code == 2
    assert not to.exists()
    assert not AuditEntry.objects.filter(verb="worstof.list.downloaded").exists()
