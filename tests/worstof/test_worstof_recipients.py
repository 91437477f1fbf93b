"""Recipients: keys, grants, canaries; and whose copy a leaked file was."""

import base64
import dataclasses
import hashlib
import json
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from breakwater.custody.models import AuditEntry
from breakwater.worstof import signing, tsig
from breakwater.worstof.actions import recipients
from breakwater.worstof.actions.tracing import trace_leak
from breakwater.worstof.commands import app
from breakwater.worstof.models import Recipient, ZoneName
from breakwater.worstof.primary.configuration import update_key
from breakwater.worstof.queries import known_names
from breakwater.worstof.queries.canaries import given_to, owner_of, trace
from breakwater.worstof.rules import canaries
from breakwater.worstof.rules.addresses import BadAddress, read_addresses
from breakwater.worstof.rules.tracing import names_and_digests

pytestmark = pytest.mark.django_db
LISTED = [f"name-{number}.example" for number in range(200)]
Make = Callable[..., Recipient]


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, data_dir=tmp_path))
    return tmp_path


@pytest.fixture
def make(db: None, at: datetime) -> Make:
    def made(key_name: str, **terms: object) -> Recipient:
        return recipients.create_recipient(key_name.upper(), key_name, by="t", at=at, **terms)[0]

    return made


@pytest.fixture
def listed(db: None) -> list[str]:
    ZoneName.objects.bulk_create(ZoneName(name=n, is_national=False, serial=1) for n in LISTED)
    return LISTED


def lines(*names: str) -> list[bytes]:
    return [f"{name}\n".encode() for name in names]


def test_a_recipient_gets_two_secrets_once(data_dir: Path, at: datetime) -> None:
    made, given_ = recipients.create_recipient(
        "Net A", "net-a", by="t", at=at, forms=["csv", "dns"]
    )
    assert recipients.recipient_for("net-a", given_.http) == made
    assert recipients.recipient_for("net-a", given_.http + "x") is None
    assert recipients.recipient_for("net-a", "") is None
    assert made.forms == ["dns", "csv"]
    path = data_dir / "worstof" / "keys" / "net-a.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert tsig.secret_of("net-a") == given_.tsig
    assert len(base64.b64decode(given_.tsig)) == 32
    logged = AuditEntry.objects.get(verb="worstof.recipient.created")
    assert logged.target == "net-a"
    assert given_.http not in str(vars(logged))
    assert given_.tsig not in str(vars(logged))
    assert made.canaries[0] not in str(vars(logged))


@pytest.mark.parametrize("key_name", ["", "Net", "-net", "net-", "../net", "a.b", "n" * 59, "né"])
def test_a_key_name_is_a_label_and_never_a_path(key_name: str, at: datetime) -> None:
    with pytest.raises(tsig.BadKeyName):
        recipients.create_recipient("Net", key_name, by="t", at=at)
    assert not Recipient.objects.exists()


@pytest.mark.parametrize("key_name", ["rndc", "desk", "desk-stage", "desktop"])
def test_no_recipient_is_called_like_a_key_of_the_desk(key_name: str, at: datetime) -> None:
    with pytest.raises(tsig.ReservedKeyName):
        recipients.create_recipient("Net", key_name, by="t", at=at)
    assert not tsig.key_path(key_name).exists()


def test_a_key_name_may_be_as_long_as_the_desks_own_key_leaves_room(at: datetime) -> None:
    made, _ = recipients.create_recipient("Net", "n" * tsig.LONGEST, by="t", at=at)
    assert len(update_key(made.key_name)) == 63
    assert tsig.own_secret(update_key(made.key_name))


def test_a_secret_that_is_shown_again_is_in_the_log_without_it(at: datetime) -> None:
    made, given_ = recipients.create_recipient("Net A", "net-a", by="t", at=at)
    assert recipients.tell_secret(made, by="somebody", at=at) == given_.tsig
    logged = AuditEntry.objects.get(verb="worstof.recipient.secret_shown")
    assert (logged.target, logged.actor) == ("net-a", "somebody")
    assert given_.tsig not in str(vars(logged))
    recipients.close(made, by="t", at=at)
    with pytest.raises(recipients.Closed):
        recipients.tell_secret(made, by="t", at=at)


def test_a_name_is_given_once(make: Make, at: datetime) -> None:
    make("net-a")
    for name, key_name in (("NET-A", "other"), ("Other", "net-a")):
        with pytest.raises(recipients.RecipientExists):
            recipients.create_recipient(name, key_name, by="t", at=at)


def test_nothing_is_made_when_the_key_cannot_be_written(data_dir: Path, at: datetime) -> None:
    (data_dir / "worstof").mkdir()
    (data_dir / "worstof" / "keys").write_text("a file where the folder belongs")
    with pytest.raises(OSError, match="keys"):
        recipients.create_recipient("Net", "net-a", by="t", at=at)
    assert not Recipient.objects.exists()
    assert not AuditEntry.objects.filter(verb="worstof.recipient.created").exists()


def test_new_secrets_end_the_old_ones(at: datetime) -> None:
    made, old = recipients.create_recipient("Net A", "net-a", by="t", at=at)
    new = recipients.new_secrets(made, by="t", at=at)
    assert recipients.recipient_for("net-a", old.http) is None
    assert recipients.recipient_for("net-a", new.http) == made
    assert tsig.secret_of("net-a") == new.tsig != old.tsig


def test_a_closed_recipient_opens_nothing_until_it_is_open_again(at: datetime) -> None:
    made, given_ = recipients.create_recipient("Net A", "net-a", by="t", at=at)
    recipients.close(made, by="t", at=at)
    assert recipients.recipient_for("net-a", given_.http) is None
    with pytest.raises(recipients.Closed):
        recipients.new_secrets(made, by="t", at=at)
    recipients.reopen(made, by="t", at=at)
    assert recipients.recipient_for("net-a", given_.http) == made


def test_forms_and_scope_are_what_was_granted(make: Make, at: datetime) -> None:
    net = make("net-a")
    recipients.grant(net, ["hosts", "dns"], "international", by="t", at=at)
    net.refresh_from_db()
    assert (net.forms, net.scope) == (["dns", "hosts"], "international")
    logged = AuditEntry.objects.get(verb="worstof.recipient.granted")
    assert json.loads(logged.detail)["from"] == {"forms": ["dns"], "scope": "national"}
    with pytest.raises(recipients.NoSuchForm):
        recipients.grant(net, ["fax"], "national", by="t", at=at)
    with pytest.raises(recipients.NoSuchForm):
        recipients.grant(net, ["dns"], "galactic", by="t", at=at)


def test_addresses_are_kept_with_their_ports(make: Make, at: datetime) -> None:
    net = make("net-a")
    recipients.set_addresses(
        net, notify=["192.0.2.1"], resolvers=["2001:db8::1"], stop_page="Stop.Net.example.",
        by="t", at=at,
    )  # fmt: skip
    net.refresh_from_db()
    assert (net.notify, net.resolvers) == (["192.0.2.1:53"], ["[2001:db8::1]:53"])
    assert net.stop_page == "stop.net.example"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1:5353, 192.0.2.2\n192.0.2.2", ["192.0.2.1:5353", "192.0.2.2:53"]),
        ("[2001:DB8::1]:853", ["[2001:db8::1]:853"]),
        ("", []),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, found: list[str]) -> None:
    assert read_addresses(text) == found


@pytest.mark.parametrize(
    "text", ["resolver.example", "192.0.2.1:0", "192.0.2.1:x", "1.2.3", "[::1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        read_addresses(text + ":99999" if text == "[::1" else text)


def test_canaries_are_each_recipients_own_and_below_domains_of_the_operator(
    make: Make, data_dir: Path
) -> None:
    (data_dir / "worstof").mkdir()
    owned = data_dir / "worstof" / "canary-domains.txt"
    owned.write_text("# registered for this\nLanternway.example.\nbrightmoor.test # second\n")
    first, second = make("net-a"), make("net-b")
    assert len(first.canaries) == len(second.canaries) == canaries.COUNT
    assert set(first.canaries).isdisjoint(second.canaries)
    for name in first.canaries + second.canaries:
        assert name.partition(".")[2] in ("lanternway.example", "brightmoor.test")
    assert owner_of(first.canaries[0].upper() + ".") == first
    assert owner_of("lanternway.example") is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("co.uk", "co.uk: public_suffix"),
        ("github.io", "github.io: public_suffix"),
        ("tumblr.com", "tumblr.com: below_shared_host"),
        ("cloudfront.net", "cloudfront.net: public_suffix"),
        ("fbcdn.net", "fbcdn.net: below_cdn"),
        ("windows.com", "windows.com: above_named"),
        ("big-site.example", "big-site.example: below_top_site"),
        ("bank.example", "bank.example: never_block"),
        ("listed.example", "listed.example: listed"),
        ("example", "line 2: single_label"),
        ("192.0.2.1", "line 2: ip_address"),
        ("-lantern.example", "line 2: hyphen"),
    ],
)
def test_no_canary_stands_where_a_block_would_hurt_others(
    line: str, why: str, data_dir: Path, at: datetime
) -> None:
    folder = data_dir / "worstof"
    folder.mkdir()
    ZoneName.objects.create(name="listed.example", is_national=False, serial=1)
    (folder / "top-sites.txt").write_text("1,big-site.example\n")
    (folder / "never-block.txt").write_text("bank.example\n")
    (folder / "canary-domains.txt").write_text(f"\ufefflanternway.example\n{line}\n")
    with pytest.raises(recipients.BadCanaryDomains) as refused:
        recipients.create_recipient("Net", "net", by="t", at=at)
    assert str(refused.value) == why
    assert not Recipient.objects.exists()


def test_a_canary_that_meets_a_guard_later_is_given_no_more_and_still_traced(
    make: Make, data_dir: Path
) -> None:
    net = make("net-a")
    lost = net.canaries[0]
    (data_dir / "worstof" / "never-block.txt").write_text(f"{lost.title()}\n")
    domain = lost.partition(".")[2]
    # The domain is used for something else as well, so nothing below it is safe to block.
    assert given_to(net) == [name for name in net.canaries if not name.endswith(domain)]
    assert owner_of(lost) == net


@given(st.integers())
def test_invented_names_are_names_and_new(seed: int) -> None:
    taken = canaries.invent(canaries.RESERVED, (), random.Random(seed))  # noqa: S311 – a test
    again = canaries.invent(canaries.RESERVED, taken, random.Random(seed))  # noqa: S311
    assert len(taken) == len(set(taken)) == canaries.COUNT
    assert set(taken).isdisjoint(again)
    for name in taken:
        assert tsig.KEY_NAME.fullmatch(name.partition(".")[0])


def test_a_leaked_copy_mixed_with_part_of_another_names_both(make: Make, listed: list[str]) -> None:
    first, second, third = make("net-a"), make("net-b"), make("net-c")
    leaked = [*listed, *first.canaries, *second.canaries[:2]]
    found = trace(lines(*sorted(leaked)))
    assert (found.names, found.listed) == (200, 200)
    assert [(row.recipient, len(row.canaries)) for row in found.found] == [(first, 8), (second, 2)]
    assert third not in [row.recipient for row in found.found]


def test_a_copy_of_somebody_who_was_closed_is_traced_as_well(make: Make, at: datetime) -> None:
    net = make("net-a")
    recipients.close(net, by="t", at=at)
    assert trace(lines(net.canaries[0])).found[0].recipient == net


@pytest.mark.parametrize(
    "form",
    [
        "{name}", "||{name}^", "0.0.0.0 {name}", "https://www.{name}:8443/a?b=c", "*.{name} CNAME .",
        "{name}.rpz.breakwater.test. 60 IN CNAME .", '"pattern": "[domain-name:value = \'{name}\']"',
        "address=/{name}/", "see {name}. And so on", "{name};2026-11-02", ".{name}", "{NAME}.",
        'local-zone: "{name}" always_nxdomain', "{md5},0e0c", "{sha256}",
    ],
)  # fmt: skip
def test_a_canary_is_found_in_every_form_and_however_dirty(form: str, make: Make) -> None:
    net = make("net-a")
    name = net.canaries[3]
    digests = {kind: hashlib.new(kind, name.encode()).hexdigest() for kind in ("md5", "sha256")}
    line = form.format(name=name, NAME=name.upper(), **digests)
    assert trace([b"\xff\xfe\x00 noise", line.encode()]).found[0].canaries == (name,)


@given(st.binary(max_size=400))
def test_no_bytes_stop_the_tracing(data: bytes) -> None:
    for found in names_and_digests([data]):
        assert found == found.lower()


def test_a_copy_without_canaries_says_how_likely_that_is(make: Make, listed: list[str]) -> None:
    make("net-a")
    found = trace(lines(*listed[:100]))
    assert found.found == ()
    assert found.none_by_chance == pytest.approx(0.5**8)


def test_tracing_is_logged_without_a_name(make: Make, listed: list[str], at: datetime) -> None:
    net = make("net-a")
    trace_leak(lines(*listed[:5], *net.canaries), sha256="0" * 64, by="t", at=at)
    logged = AuditEntry.objects.get(verb="worstof.list.traced")
    assert json.loads(logged.detail) == {"names": 5, "listed": 200, "canaries": {"net-a": 8}}


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


def test_where_a_recipients_servers_are_can_be_said_one_by_one(make: Make) -> None:
    make("net-a")
    command = ("recipient", "addresses", "net-a")
    assert run(*command, "--notify", "10.0.0.1:5310", "--resolvers", "10.0.0.1:53,10.0.0.2")[0] == 0
    code, said = run(*command, "--stop-page", "Stop.Net-A.example")
    assert code == 0
    assert "10.0.0.1:5310" in said
    found = Recipient.objects.get()
    assert found.notify == ["10.0.0.1:5310"]
    assert found.resolvers == ["10.0.0.1:53", "10.0.0.2:53"]
    assert found.stop_page == "stop.net-a.example"
    assert run(*command, "--resolvers", "")[0] == 0
    assert Recipient.objects.get().resolvers == []
    for words in (("--resolvers", "name:53"), ("--stop-page", "no host"), ("--notify", "1:x")):
        assert run(*command, *words)[0] == 2
    assert Recipient.objects.get().stop_page == "stop.net-a.example"


PRIMARY = "10.0.0.5:5300"


def test_for_knot_the_stop_pages_own_addresses_have_to_be_said(
    make: Make, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    monkeypatch.setattr(signing, "key_path", lambda: data_dir / "signing.key")
    make("net-a")
    words = ("snippet", "net-a", "--resolver", "knot", "--stop-host", "stop.example")
    code, said = run(*words, "--primary", PRIMARY)
    assert code == 2
    assert "--stop-v4" in said
    assert not AuditEntry.objects.filter(verb="worstof.recipient.secret_shown").exists()
    code, said = run(*words, "--primary", PRIMARY, "--stop-v4", "10.0.0.80")
    assert code == 0
    assert "str2ip('10.0.0.80')" in said
    assert "AAAA" not in said
    assert run(*words, "--stop-v4", "10.0.0.80")[0] == 2  # nobody's primary is on the loopback


@pytest.mark.parametrize(
    "wrong",
    [
        ("--stop-host", 'x; } ; }; include "/etc/shadow"; //'),
        ("--stop-v4", "192.0.2.10')"),
        ("--stop-v6", "2001:db8::10%';x"),
        ("--primary", 'isp"; };'),
        ("--primary", '[fe80::1%";x]:53'),
        ("--zone", 'wol"; };'),
        ("--folder", '/var"; include "x'),
    ],
)
def test_no_word_of_the_command_line_becomes_a_line_of_a_snippet(
    make: Make, wrong: tuple[str, str]
) -> None:
    make("net-a")
    words = {"--resolver": "bind", "--stop-host": "stop.example", "--primary": PRIMARY}
    words[wrong[0]] = wrong[1]
    code, said = run("snippet", "net-a", *(word for pair in words.items() for word in pair))
    assert code == 2
    assert tsig.secret_of("net-a") not in said
    assert not AuditEntry.objects.filter(verb="worstof.recipient.secret_shown").exists()


def test_a_snippet_that_shows_a_secret_is_in_the_log(
    make: Make, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    monkeypatch.setattr(signing, "key_path", lambda: data_dir / "signing.key")
    make("net-a")
    words = ("--resolver", "bind", "--stop-host", "Stop.ISP.example", "--folder", "/srv/dns")
    code, said = run("snippet", "net-a", "--primary", PRIMARY, *words)
    assert code == 0
    assert tsig.secret_of("net-a") in said
    assert "policy cname stop.isp.example" in said
    logged = AuditEntry.objects.get(verb="worstof.recipient.secret_shown")
    assert logged.target == "net-a"
    assert logged.actor.endswith("(command line)")


def test_a_snippet_keeps_the_stop_page_that_it_leads_to_and_takes_no_other(
    make: Make, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    """The probe looks for it, and a guard keeps it from being listed."""
    monkeypatch.setattr(signing, "key_path", lambda: data_dir / "signing.key")
    make("net-a")
    snippet = ("snippet", "net-a", "--primary", PRIMARY, "--resolver", "bind", "--stop-host")
    assert run(*snippet, "stop.isp.example")[0] == 0
    assert Recipient.objects.get().stop_page == "stop.isp.example"
    assert "stop.isp.example" in known_names.own_hosts()
    code, said = run(*snippet, "other.isp.example")
    assert (code, "is «stop.isp.example»" in said.replace("\n", " ")) == (2, True)
    assert tsig.secret_of("net-a") not in said
    addresses = ("recipient", "addresses", "net-a", "--stop-page", "other.isp.example")
    assert run(*addresses, "--resolvers", "10.0.0.1:53")[0] == 0
    assert run(*snippet, "other.isp.example")[0] == 0
    assert Recipient.objects.get().resolvers == ["10.0.0.1:53"]


@pytest.mark.parametrize("key_name", ["rndc", "n" * 60])
def test_a_recipient_of_an_earlier_version_with_a_bad_key_name_is_refused_in_words(
    make: Make, key_name: str
) -> None:
    net = make("net-a")
    Recipient.objects.filter(pk=net.pk).update(key_name=key_name)
    words = ("--resolver", "bind", "--stop-host", "stop.example", "--primary", PRIMARY)
    code, said = run("snippet", "NET-A", *words)
    assert code == 1
    assert "is no key name that the primary serves" in said.replace("\n", "")


def test_a_key_name_that_cannot_be_is_refused_with_the_reason() -> None:
    code, said = run("recipient", "add", "Net", "--key", "rndc")
    assert (code, "own keys" in said) == (2, True)
    code, said = run("recipient", "add", "Net", "--key", "n" * 59)
    assert (code, "at most 58" in said) == (2, True)


def test_the_commands_make_show_grant_renew_and_close() -> None:
    code, said = run("recipient", "add", "Net A", "--key", "net-a", "--forms", "dns,csv")
    assert code == 0
    secret = said.splitlines()[0].rpartition(" ")[2]
    assert recipients.recipient_for("net-a", secret)
    assert secret not in run("recipient", "list")[1]
    assert run("recipient", "add", "Net A", "--key", "net-b")[0] == 2
    assert run("recipient", "add", "Net B", "--key", "Net B")[0] == 2
    assert run("recipient", "grant", "net-a", "--forms", "fax")[0] == 2
    assert run("recipient", "grant", "net-a", "--forms", "csv", "--scope", "international")[0] == 0
    assert run("recipient", "secret", "net-a")[0] == 0
    assert recipients.recipient_for("net-a", secret) is None
    assert run("recipient", "close", "net-a")[0] == 0
    assert run("recipient", "secret", "net-a")[0] == 2
    assert "closed" in run("recipient", "list")[1]
    assert run("recipient", "close", "net-a", "--undo")[0] == 0
    assert run("recipient", "close", "nobody")[0] == 2


def test_the_command_keeps_who_is_told_of_changes_and_makes_nothing_of_a_wrong_address() -> None:
    asked = ("recipient", "add", "Net A", "--key", "net-a", "--notify")
    code, said = run(*asked, "192.0.2.1, stop.net.example:53")
    assert code == 2
    assert "--notify stop.net.example:53" in said
    assert not Recipient.objects.exists()
    assert run(*asked, "192.0.2.1:5355,[2001:db8::1]")[0] == 0
    made = Recipient.objects.get()
    assert made.notify == ["192.0.2.1:5355", "[2001:db8::1]:53"]
    assert made.notify == json.loads(AuditEntry.objects.get().detail)["notify"]


def test_the_command_traces_a_file(make: Make, listed: list[str], tmp_path: Path) -> None:
    net = make("net-a")
    leak = tmp_path / "leak.txt"
    leak.write_bytes(b"".join(lines(*listed, *net.canaries[:3])))
    code, said = run("trace", str(leak))
    assert code == 0
    assert "200 of 200" in said
    assert "«NET-A»: 3 of 8 canaries" in said
    leak.write_text("nothing.example")
    assert run("trace", str(leak))[0] == 1
    assert run("trace", str(tmp_path / "none"))[0] == 2
