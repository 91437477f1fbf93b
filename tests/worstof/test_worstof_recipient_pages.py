"""The pages of recipients: made, granted, given new keys, closed; and whose copy leaked."""

import dataclasses
import gzip
import io
import json
import random
import re
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.reports import import_uploads
from breakwater.worstof import signing, tsig
from breakwater.worstof.actions.recipients import create_recipient, recipient_for
from breakwater.worstof.models import Probe, Publication, Recipient, ZoneName
from breakwater.worstof.primary import zone_file
from breakwater.worstof.primary.logs import Logs
from breakwater.worstof.recipient_commands import app

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]
PAGES = "/worst-of/recipients/"
NEW = {
    "name": "Example Net",
    "key_name": "example-net",
    "scope": "national",
    "forms": ["dns", "csv"],
}


@pytest.fixture(autouse=True)
def room(settings, tmp_path):
    settings.CONFIG = dataclasses.replace(settings.CONFIG, data_dir=tmp_path)


@pytest.fixture
def client(supervisor: User, client_for: ClientFor) -> Client:
    return client_for(supervisor)


@pytest.fixture
def recipient(db: None, at: datetime) -> Recipient:
    return create_recipient("Example Net", "example-net", by="test", at=at, forms=["dns", "csv"])[0]


def text(answer) -> str:
    return answer.content.decode()


def probed(recipient: Recipient, at: datetime, blocked: int, **more: object) -> None:
    Probe.objects.create(
        recipient=recipient, resolver="192.0.2.1:53", at=at, asked=12, blocked=blocked,
        canaries_asked=8, canaries_blocked=8, **more,
    )  # fmt: skip


def test_a_recipient_is_made_and_its_secrets_are_shown_this_once(client):
    made = client.post(f"{PAGES}new/", NEW)
    recipient = Recipient.objects.get()
    secret = made.context["secrets"]
    assert secret.http in text(made)
    assert secret.tsig in text(made)
    assert recipient_for("example-net", secret.http) == recipient
    page = text(client.get(f"{PAGES}{recipient.pk}/"))
    assert secret.http not in page
    assert secret.tsig not in page
    assert "no-store" in made["Cache-Control"]
    assert "1 recipient gets the list" in text(client.get(PAGES))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("key_name", "Über key", "Small letters, digits and hyphens only."),
        ("key_name", "example-net\n", ""),
        ("forms", [], "Choose at least one form."),
        ("name", "", "This field is required."),
    ],
)
def test_what_cannot_be_made_is_said_beside_its_field(client, field, value, said):
    answer = client.post(f"{PAGES}new/", NEW | {field: value})
    assert said in text(answer)
    assert Recipient.objects.count() == (0 if said else 1)


def test_a_second_recipient_of_that_name_is_refused(client, recipient):
    assert "Another recipient has this name" in text(client.post(f"{PAGES}new/", NEW))


def test_the_page_says_how_much_is_blocked_and_how_soon(client, recipient):
    # Of one day, whatever the hour is.
    last = timezone.now() - timedelta(hours=1)
    probed(recipient, last, 12, delay_ms=800)
    probed(recipient, last - timedelta(microseconds=1), 10)
    page = text(client.get(f"{PAGES}{recipient.pk}/"))
    assert "Example Net blocks 95 % of the names asked, 0.8 s after a decision" in page
    assert page.count("<svg xmlns") == 2
    csv = client.get(f"{PAGES}{recipient.pk}/?export=coverage&as=csv")
    assert ",95,2,0," in csv.content.decode("utf-8-sig")


def test_the_page_says_why_the_primary_refuses_its_resolvers(client, recipient):
    page = f"{PAGES}{recipient.pk}/"
    assert "refuses" not in text(client.get(page))
    Recipient.objects.update(refusal="clock", refused_at=timezone.now())
    assert "The primary refuses Example Net: its clock and the desk" in text(client.get(page))


def test_a_recipient_that_was_never_asked_has_a_page_that_says_so(client, recipient):
    page = text(client.get(f"{PAGES}{recipient.pk}/"))
    assert "none of its resolvers was entered" in page
    recipient.resolvers = ["192.0.2.1:53"]
    recipient.save()
    page = text(client.get(f"{PAGES}{recipient.pk}/"))
    assert "were not asked in the last 24 hours" in page
    assert "No probe asked its resolvers" in page


def test_snippets_hold_the_place_that_was_put_in_and_no_secret(client, recipient):
    query = "?primary=10.9.8.7:5301&stop_v4=10.9.8.6&stop_v6=2001:db8::7"
    page = client.get(f"{PAGES}{recipient.pk}/{query}")
    said = " ".join(snippet for _key, _name, snippet in page.context["snippets"])
    assert "10.9.8.7 port 5301" in said
    assert "10.9.8.6" in said
    assert "2001:db8::7" in said
    assert tsig.secret_of("example-net") not in text(page)


def test_no_address_of_a_stop_page_is_made_up_for_knot(client, recipient):
    page = client.get(f"{PAGES}{recipient.pk}/")
    knot = {key: said for key, _name, said in page.context["snippets"]}["knot"]
    assert "str2ip('PUT-THE-STOP-PAGES-ADDRESS-HERE')" in knot
    assert "192.0.2.10" not in knot
    assert "AAAA" not in knot
    assert not page.context["place"].errors


def test_the_command_for_knot_checks_what_the_desk_signs(client, recipient):
    def command() -> str:
        page = client.get(f"{PAGES}{recipient.pk}/")
        return {key: said for key, _name, said in page.context["snippets"]}["knot"]

    assert f"--public-key {signing.public_key().hex()}\n" in command()
    signing.key_path().write_text("damaged")
    assert "--public-key PUT-THE-PUBLIC-KEY-HERE\n" in command()


@pytest.mark.parametrize("primary", ['1.2.3.4"; };', "primary.example", ""])
def test_what_is_no_address_is_never_put_into_a_snippet(client, recipient, primary):
    page = client.get(f"{PAGES}{recipient.pk}/", {"primary": primary})
    said = " ".join(snippet for _key, _name, snippet in page.context["snippets"])
    assert "192.0.2.1 port 5300" in said


def test_grants_and_addresses_are_changed(client, recipient):
    one = f"{PAGES}{recipient.pk}/"
    client.post(f"{one}grant/", {"scope": "international", "forms": ["hosts"]})
    given = {
        "notify": "192.0.2.7:53\n2001:db8::1",
        "resolvers": "",
        "stop_page": "Stop.ISP.example.",
    }
    client.post(f"{one}addresses/", given)
    recipient.refresh_from_db()
    assert (recipient.scope, recipient.forms) == ("international", ["hosts"])
    assert recipient.notify == ["192.0.2.7:53", "[2001:db8::1]:53"]
    assert recipient.stop_page == "stop.isp.example"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"notify": "resolver.example"}, "is no address with a port."),
        ({"stop_page": 'x"; };'}, "This is no name of a host."),
    ],
)
def test_wrong_addresses_change_nothing_and_are_named(client, recipient, given, said):
    answer = client.post(f"{PAGES}{recipient.pk}/addresses/", given)
    assert said in text(answer)
    recipient.refresh_from_db()
    assert (recipient.notify, recipient.stop_page) == ([], "")


@pytest.mark.parametrize("host", ["isp-hosting.example", "stop.isp-hosting.example"])
def test_a_stop_page_that_the_list_blocks_is_refused_and_kept_off(client, recipient, at, host):
    ZoneName.objects.create(name="isp-hosting.example", is_national=True, serial=1)
    page = f"/worst-of/recipients/{recipient.pk}/"
    answer = client.post(page + "addresses/", {"stop_page": host})
    assert "The list blocks the host of its stop page" in text(answer)
    recipient.refresh_from_db()
    assert recipient.stop_page == ""
    client.post(page + "addresses/", {"stop_page": "other-hosting.example"})
    recipient.refresh_from_db()
    assert recipient.stop_page == "other-hosting.example"


def test_a_recipient_whose_stop_page_was_listed_meanwhile_is_not_opened_again(
    client, recipient, at
):
    Recipient.objects.update(stop_page="stop.isp-hosting.example", closed_at=at)
    ZoneName.objects.create(name="isp-hosting.example", is_national=False, serial=1)
    page = f"/worst-of/recipients/{recipient.pk}/"
    answer = client.post(page + "closed/", {"closed": "no"}, follow=True)
    assert "The list blocks the host of its stop page" in text(answer)
    said = CliRunner().invoke(app, ["recipient", "close", recipient.key_name, "--undo"])
    assert said.exit_code == 2
    assert "stop.isp-hosting.example" in said.output
    recipient.refresh_from_db()
    assert recipient.closed_at == at


def test_new_secrets_end_the_old_ones_and_a_closed_recipient_gets_none(client, recipient):
    one = f"{PAGES}{recipient.pk}/"
    before = tsig.secret_of("example-net")
    made = client.post(f"{one}secrets/").context["secrets"]
    assert tsig.secret_of("example-net") == made.tsig != before
    client.post(f"{one}closed/", {"closed": "yes"})
    assert "is closed: it gets nothing" in text(client.get(one))
    assert "Open it again first" in text(client.post(f"{one}secrets/", follow=True))
    client.post(f"{one}closed/", {"closed": "no"})
    recipient.refresh_from_db()
    assert recipient.closed_at is None
    assert recipient_for("example-net", made.http) == recipient


@pytest.mark.parametrize(
    ("line", "said"),
    [("-lantern.example", "Line 2: A part begins or ends with a hyphen."),
     ("fbcdn.net", "fbcdn.net: ")],
)  # fmt: skip
def test_a_file_of_canary_domains_that_cannot_be_used_is_told_in_words(
    line, said, client, tmp_path
):
    (tmp_path / "worstof").mkdir(exist_ok=True)
    (tmp_path / "worstof" / "canary-domains.txt").write_text(f"lanternway.example\n{line}\n")
    page = text(client.post(f"{PAGES}new/", NEW))
    assert f"has to be put right first. {said}" in page
    assert "below_cdn" not in page


def test_a_leaked_file_names_the_recipient_whose_copy_it_was(client, recipient):
    leaked = "\n".join(recipient.canaries[:3]).encode()
    answer = client.post(f"{PAGES}trace/", {"file": SimpleUploadedFile("x.txt", leaked)})
    assert "This file was made of the copy of Example Net" in text(answer)
    assert recipient.canaries[0] in text(answer)
    nobody = {"file": SimpleUploadedFile("x.txt", b"clean.example")}
    assert "No recipient&#x27;s canary is in this file" in text(
        client.post(f"{PAGES}trace/", nobody)
    )


def test_the_file_in_which_a_resolver_keeps_the_zone_names_the_recipient(
    client, recipient, tmp_path
):
    """BIND's secondaries keep it in a form of their own, and that is what lies there to be taken."""
    zone, raw = tmp_path / "wol.zone", tmp_path / "wol.invalid.db"
    names = ["bad.example", *recipient.canaries]
    zone.write_text("".join(zone_file.lines("wol.invalid", 7, ["none"], names)))
    said = subprocess.run(
        ["named-compilezone", "-F", "raw", "-o", raw, "wol.invalid", zone], check=False
    )
    assert said.returncode == 0
    answer = client.post(f"{PAGES}trace/", {"file": SimpleUploadedFile(raw.name, raw.read_bytes())})
    assert "This file was made of the copy of Example Net" in text(answer)
    assert all(canary in text(answer) for canary in recipient.canaries)


def test_a_damaged_file_is_said_to_be_damaged(client, recipient):
    damaged = io.BytesIO(b"\x1f\x8bnot gzip at all").getvalue()
    answer = client.post(f"{PAGES}trace/", {"file": SimpleUploadedFile("x.gz", damaged)})
    assert "The file is damaged and cannot be read." in text(answer)


@pytest.fixture
def no_disk(monkeypatch):
    """Nothing that is uploaded may go to a file, not even for a moment."""

    def refuse(*_args, **_more):
        raise AssertionError("an upload went to a file")

    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", refuse)


def zipped(content):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("found.txt", content)
    return made.getvalue()


@pytest.mark.parametrize("pack", [bytes, zipped, gzip.compress])
def test_a_large_leaked_file_is_read_without_touching_the_disk(
    pack, client, recipient, no_disk, settings
):
    # No packing makes it small.
    large = random.Random(1).randbytes(3_000_000).hex().encode()  # noqa: S311
    leaked = pack(large + b"\n" + recipient.canaries[0].encode())
    assert len(leaked) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    answer = client.post(f"{PAGES}trace/", {"file": SimpleUploadedFile("x", leaked)})
    assert "This file was made of the copy of Example Net" in text(answer)


def test_a_picture_given_as_a_leaked_file_is_refused_at_its_first_bytes(client, no_disk):
    picture = b"\xff\xd8\xff\xe0" + bytes(range(32)) * 200_000
    answer = client.post(f"{PAGES}trace/", {"file": SimpleUploadedFile("x.txt", picture)})
    assert answer.status_code == 400
    assert "never choose a picture or video" in text(answer)
    assert not AuditEntry.objects.filter(verb="worstof.list.traced").exists()


@pytest.mark.parametrize("announced", [None, 400 * 1024 * 1024])
def test_a_leaked_file_above_the_limit_is_refused_and_the_command_named(
    announced, client, monkeypatch, no_disk
):
    monkeypatch.setattr(import_uploads, "MAX_UPLOAD", 1_000_000 if announced is None else 1 << 28)
    file = {"file": SimpleUploadedFile("x.txt", b"bad.example\n" * 100_000)}
    more = {} if announced is None else {"CONTENT_LENGTH": str(announced)}
    answer = client.post(f"{PAGES}trace/", file, **more)
    assert answer.status_code == 400
    assert "breakwater worstof trace FILE" in text(answer)


def test_a_trace_is_made_by_a_form_of_this_desk_only(supervisor):
    client = Client(enforce_csrf_checks=True)
    client.force_login(supervisor, backend="django.contrib.auth.backends.ModelBackend")
    file = {"file": SimpleUploadedFile("x.txt", b"bad.example")}
    assert client.post(f"{PAGES}trace/", file).status_code == 403


def sent(
    view: str, serial: int, moment: str, kind: str = "IXFR", address: str = "127.0.0.1"
) -> str:
    """What BIND's log says of one transfer."""
    who = f"{moment} client @0x7f8d8c0 {address}#40123/key {view} (wol.invalid): view {view}: transfer of "
    serials = f"serial {serial - 1} -> {serial}" if kind == "IXFR" else f"serial {serial}"
    return (
        f"{who}'wol.invalid/IN': {kind} started: TSIG {view} ({serials})\n"
        f"{who}'wol.invalid/IN': {kind} ended: 1 messages, 6 records, 310 bytes, 0.001 secs (serial {serial})\n"
    )


def test_each_whole_transfer_and_each_new_address_is_in_the_log_and_shown(
    client, recipient, tmp_path, analyst, client_for
):
    """Who takes what changed every few seconds is shown, and not logged each time."""
    now = timezone.now().replace(microsecond=0)
    moments = iter(f"{now - timedelta(minutes=30 - n):%Y-%m-%dT%H:%M:%S.000Z}" for n in range(30))

    def took(serial: int, kind: str, address: str) -> None:
        with (tmp_path / "transfers.log").open("a") as file:
            file.write(sent("example-net", serial, next(moments), kind, address))

    def logged() -> list[tuple[str, str, bool]]:
        rows = AuditEntry.objects.filter(verb="worstof.list.downloaded").order_by("seq")
        details = [json.loads(row.detail) for row in rows]
        return [(x["kind"], x["address"], x["is_new_address"]) for x in details]

    took(3, "AXFR", "192.0.2.53")
    for serial in range(4, 12):
        took(serial, "IXFR", "192.0.2.53")
    Logs(tmp_path).read()
    first = [("AXFR", "192.0.2.53", True)]
    assert logged() == first
    assert "192.0.2.53" not in text(client_for(analyst).get("/blocking/"))
    logs = Logs(tmp_path)  # a new start reads the log once more
    logs.read()
    assert logged() == first
    took(12, "AXFR-style IXFR", "192.0.2.53")
    took(12, "IXFR", "2001:db8::66")
    logs.read()
    assert logged() == [*first, ("AXFR", "192.0.2.53", False), ("IXFR", "2001:db8::66", True)]
    page = text(client.get(f"{PAGES}{recipient.pk}/"))
    assert "2001:db8::66" in page
    assert "the whole list" in page
    overview = text(client_for(analyst).get("/blocking/"))
    assert "Example Net never took it from before: 2001:db8::66." in overview


def test_a_providers_page_shows_its_last_transfer_and_how_far_it_is_behind(
    client, recipient, tmp_path
):
    for serial in range(1, 8):
        Publication.objects.create(
            serial=serial, at=timezone.now(), names=1, added=1, removed=0, size=0, manifest="{}"
        )
    page = f"{PAGES}{recipient.pk}/"
    assert "It never took the list" in text(client.get(page))
    logs = Logs(tmp_path)
    moments = ("2026-11-02T09:00:00.120Z", "2026-11-02T09:31:07.456Z", "2026-11-02T10:00:00.001Z")
    log = tmp_path / "transfers.log"
    log.write_text("".join(sent("example-net", 3 + n, m) for n, m in enumerate(moments[:2])))
    logs.read()
    recipient.refresh_from_db()
    assert recipient.seen_serial == 4
    assert recipient.transferred_at == datetime.fromisoformat(moments[1])
    told = text(client.get(page))
    assert "3 publications behind" in told
    assert "serial 4 / 7" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", told))
    assert "2 Nov 2026" in told
    with log.open("a") as file:
        file.write(sent("another", 6, moments[2]) + sent("example-net", 7, moments[2]))
    logs.read()
    recipient.refresh_from_db()
    assert recipient.seen_serial == 7
    assert "It has what was published last" in text(client.get(page))
    why = "PrimaryFailed: the primary answered SERVFAIL"
    Recipient.objects.update(stays_because=why)
    for address in (page, PAGES):
        assert "does not take the change." in text(client.get(address))


def test_a_page_of_a_provider_that_takes_files_says_how_far_they_are_behind(client, recipient, at):
    for serial in range(1, 8):
        Publication.objects.create(
            serial=serial, at=at, names=1, added=1, removed=0, size=0, manifest="{}"
        )
    Recipient.objects.update(forms=["hosts"], downloaded_serial=5, downloaded_at=at)
    page = text(client.get(f"{PAGES}{recipient.pk}/"))
    assert "2 publications behind" in page
    assert "serial 5 / 7" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
    assert "2 publications behind" in text(client.get(PAGES))
