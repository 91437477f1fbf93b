"""A provider's copy is the zone that the desk signed, or it stays the one before."""

import base64
import dataclasses
import os
import re
import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from breakwater.formats.block_list import nesting
from breakwater.storage.whole_file import write_whole
from breakwater.worstof import primary_commands, signing, tsig
from breakwater.worstof.primary import following, snippets, zone_file
from breakwater.worstof.primary.configuration import BadAddress, Place, split
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import NotTaken, Source, check
from breakwater.worstof.primary.server import NoBind
from breakwater.worstof.primary.two_files import Files
from breakwater.worstof.rules import signatures
from breakwater.worstof.rules.addresses import BadAddress as NoAddress
from breakwater.worstof.rules.addresses import read_address
from breakwater.worstof.rules.zone_digest import digests_of, root_of
from breakwater.worstof.rules.zone_manifest import OWNER, ZoneManifest, read

AT = "2026-11-02T12:00:00+00:00"
SECRET = "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgIQ=="


WHOLE = base64.b64encode(b"a secret that a desk has made it").decode()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(signing, "key_path", lambda: tmp_path / "signing.key")
    key = tsig.key("isp", SECRET)
    return Source("127.0.0.1", 53, "wol.invalid", key, signing.public_key())


def record(
    serial: int, names: Sequence[str], signed: Sequence[str] | None = None
) -> tuple[str, ...]:
    listed = names if signed is None else signed
    root = root_of(digests_of(listed))
    manifest = ZoneManifest("wol.invalid", serial, AT, len(listed), root)
    return manifest.strings(signing.sign(manifest.signed))


def rr(owner: str, kind: str, text: str) -> tuple[object, object, object]:
    kind_of = dns.rdatatype.from_text(kind)
    rdata = dns.rdata.from_text(dns.rdataclass.IN, kind_of, text)
    return dns.name.from_text(owner, None), kind_of, rdata


def soa(serial: int) -> tuple[object, object, object]:
    return rr("@", "SOA", zone_file.soa(serial))


def names_of(copy: Copy) -> set[str]:
    return set(copy.every())


def listed(name: str) -> list[tuple[object, object, object]]:
    return [rr(name, "CNAME", "."), rr(f"*.{name}", "CNAME", ".")]


def test_a_whole_zone_and_then_differences_are_read(source: Source) -> None:
    whole = [
        soa(1),
        rr("@", "NS", "localhost."),
        *listed("a.example"),
        *listed("b.example"),
        soa(1),
    ]
    first = following._read(source, Copy(), iter(whole))
    assert (first.serial, names_of(first)) == (1, {"a.example", "b.example"})
    differences = [
        soa(3),
        soa(1), *listed("a.example"), soa(2), *listed("c.example"),
        soa(2), *listed("c.example"), soa(3), *listed("d.example"),
        soa(3),
    ]  # fmt: skip
    second = following._read(source, first, iter(differences))
    assert (second.serial, names_of(second)) == (3, {"b.example", "d.example"})
    assert names_of(first) == {"a.example", "b.example"}
    assert second.digests == second.digests | digests_of(["b.example", "d.example"])


def zone_of(names: Iterable[str]) -> set[str]:
    """The owners in a view with these names."""
    every = set(names)
    marked = nesting.between(every)
    both = {owner for name in every | marked for owner in (name, f"*.{name}")}
    return both | {f"{zone_file.BETWEEN}.{name}" for name in marked}


NAMES = st.sets(
    st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(lambda x: ".".join([*x, "test"]))
)


@given(st.lists(NAMES, min_size=2, max_size=4))
def test_what_stands_between_two_listed_names_is_never_taken_for_a_listed_one(
    states: list[set[str]],
) -> None:
    """As BIND tells it: a record that is in the zone before and after is in no difference."""
    key = Source("127.0.0.1", 53, "wol.invalid", tsig.key("isp", SECRET))
    zones = [zone_of(names) for names in states]
    last = len(zones)
    whole = [soa(1), *(rr(o, "CNAME", ".") for o in sorted(zones[0])), soa(1)]
    held = following._read(key, Copy(), iter(whole))
    assert (names_of(held), held.between) == (states[0], nesting.between(states[0]))
    differences = [soa(last)]
    for serial, (old, new) in enumerate(pairwise(zones), 1):
        differences += [soa(serial), *(rr(o, "CNAME", ".") for o in sorted(old - new))]
        differences += [soa(serial + 1), *(rr(o, "CNAME", ".") for o in sorted(new - old))]
    found = following._read(key, held, iter([*differences, soa(last)]))
    assert (names_of(found), found.between) == (states[-1], nesting.between(states[-1]))
    assert found.digests == found.digests | digests_of(states[-1])


def test_a_zone_with_a_name_between_none_is_refused(source: Source) -> None:
    names = ["host.test", "bad.pages.host.test"]
    good = Copy(7).changed(set(names), set())
    good.record, good.between = record(7, names), frozenset({"pages.host.test"})
    check(source, good)
    good.between = frozenset({"pages.other.test"})
    with pytest.raises(NotTaken, match="below no listed one"):
        check(source, good)


def test_nothing_new_gives_the_copy_that_is_held(source: Source) -> None:
    held = Copy(serial=7)
    assert following._read(source, held, iter([soa(7)])) is held


def test_an_older_serial_is_refused(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = iter([soa(6), *listed("a.example"), soa(6)])
    monkeypatch.setattr(following, "_transfer", lambda *_: answer)
    with pytest.raises(NotTaken, match="older"):
        following.take(source, Copy(serial=7))


def test_differences_that_do_not_give_what_was_signed_are_made_good_by_the_whole_zone(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["a.example", "lost.example", "new.example"]
    signed = rr(OWNER, "TXT", zone_file.txt(record(9, names)))
    differences = [soa(9), soa(7), soa(9), signed, *listed("new.example"), soa(9)]
    whole = [soa(9), signed, *(line for name in names for line in listed(name)), soa(9)]
    monkeypatch.setattr(
        following,
        "_transfer",
        lambda _source, serial, _query: iter(differences if serial else whole),
    )
    held = Copy(7).changed({"a.example"}, set())
    assert names_of(following.take(source, held)) == set(names)
    whole.pop(2)
    with pytest.raises(NotTaken, match="not those that the desk signed"):
        following.take(source, held)


@pytest.mark.parametrize("small", [False, True])
def test_an_older_zone_is_refused_also_after_a_new_start(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: bool
) -> None:
    """The old zone is rightly signed: only its serial tells that names have left since."""
    whole, recent = tmp_path / "zone.rpz", tmp_path / "recent.rpz" if small else None
    written: list[bool] = []
    for serial, names in (
        (7, ["a.example"]),
        (8, ["a.example", "b.example"]),
        (7, ["a.example"]),
        (8, ["a.example", "b.example"]),
        (9, ["c.example"]),
    ):
        signed = rr(OWNER, "TXT", zone_file.txt(record(serial, names)))
        records = [line for name in names for line in listed(name)]
        answer = [soa(serial), signed, *records, soa(serial)]
        monkeypatch.setattr(following, "_transfer", lambda *_, answer=answer: iter(answer))
        once = following.Following(source, whole, recent=recent, listen=None, poll=1, run="")
        written.append(once.turn())
    assert written == [True, True, False, True, True]


def test_a_small_file_that_is_newer_than_the_whole_one_says_how_new_a_zone_has_to_be(
    tmp_path: Path,
) -> None:
    files = Files("wol.invalid", tmp_path / "zone.rpz", tmp_path / "recent.rpz")
    assert files.serial() == 0
    for serial, name in ((7, "a.example"), (8, "b.example")):
        copy = files.whole.changed({name}, set())
        copy.serial = serial
        files.write(copy, 1.0)
    again = Files("wol.invalid", files.path, files.recent)
    assert (zone_file.serial_in(files.path.read_text(), "wol.invalid"), again.serial()) == (7, 8)
    assert Files("other.invalid", files.path, files.recent).serial() == 0


@pytest.mark.parametrize(
    ("signed", "public"),
    [(["a.example"], b""), (["a.example", "b.example", "c.example"], b""), (None, b"\1" * 32)],
)
def test_names_that_the_desk_did_not_sign_are_refused(
    source: Source, signed: list[str] | None, public: bytes
) -> None:
    names = ["a.example", "b.example"]
    found = Copy().changed(set(names), set())
    found.serial, found.record = 4, record(4, names, signed)
    wrong = Source("127.0.0.1", 53, "wol.invalid", source.key, public or source.public_key)
    with pytest.raises(NotTaken):
        check(wrong, found)


def test_names_that_the_desk_signed_are_taken(source: Source) -> None:
    found = (
        Copy().changed({"a.example", "b.example", "c.example"}, set()).changed(set(), {"c.example"})
    )
    found.serial, found.record = 4, record(4, ["a.example", "b.example"])
    check(source, found)
    found.serial = 5
    with pytest.raises(NotTaken):
        check(source, found)


def test_a_record_is_read_as_it_was_written(source: Source) -> None:
    manifest, signature = read("wol.invalid", record(4, ["a.example"]))
    assert (manifest.serial, manifest.names, manifest.at) == (4, 1, AT)
    assert signatures.verify(manifest.signed, signature, source.public_key)
    assert all(len(text) <= 255 for text in record(2**31, ["a.example"]))


def test_a_failed_transfer_leaves_the_file_as_it_was(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "zone.rpz"
    path.write_text("the last good zone")
    nobody = Source("127.0.0.1", 9, "wol.invalid", source.key)
    loop = following.Following(nobody, path, listen=None, poll=1, run="")
    assert not loop.turn()
    assert path.read_text() == "the last good zone"


def answering(monkeypatch: pytest.MonkeyPatch, serial: int, names: Sequence[str]) -> None:
    """Have the primary give this zone, rightly signed."""
    records = [line for name in names for line in listed(name)]
    signed = rr(OWNER, "TXT", zone_file.txt(record(serial, names)))
    answer = [soa(serial), signed, *records, soa(serial)]
    monkeypatch.setattr(following, "_transfer", lambda *_: iter(answer))


def silent(*_: object) -> Iterator[object]:
    raise OSError("no answer")
    yield


def test_nobody_but_owner_and_group_reads_a_provider_s_copy(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, recent = tmp_path / "zone.rpz", tmp_path / "recent.rpz"
    before = os.umask(0)
    try:
        answering(monkeypatch, 7, ["a.example"])
        following.Following(source, whole, recent=recent, listen=None, poll=1, run="").turn()
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (whole, recent)] == [0o640, 0o640]


@pytest.mark.parametrize("small", [False, True])
def test_a_zone_that_nobody_vouches_for_any_more_expires_like_any_secondary_s(
    source: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    small: bool,
) -> None:
    whole, recent = tmp_path / "zone.rpz", tmp_path / "recent.rpz" if small else None
    files, ran = [path for path in (recent, whole) if path], tmp_path / "ran"
    run = f"echo x >> {shlex.quote(str(ran))}"

    def follower() -> following.Following:
        return following.Following(source, whole, recent=recent, listen=None, poll=1, run=run)

    def blocks() -> bool:
        return any("a.example" in path.read_text() for path in files)

    def last_seen(days: float) -> None:
        then = time.time() - days * 86_400
        for path in (*files, tmp_path / "zone.rpz.seen"):
            os.utime(path, (then, then))

    loop = follower()
    answering(monkeypatch, 7, ["a.example"])
    assert loop.turn()
    last_seen(29.9)
    monkeypatch.setattr(following, "_transfer", silent)
    for one in (loop, follower()):
        assert not one.turn()
        assert blocks()
    last_seen(30.1)
    for one in (loop, follower()):
        assert not one.turn()
        assert not blocks()
        assert one.is_expired
    assert "the zone has expired" in caplog.text
    assert ran.read_text() == "x\n" * 3
    answering(monkeypatch, 6, ["a.example"])
    assert not loop.turn()
    assert not blocks()
    answering(monkeypatch, 7, ["a.example"])
    for one in (loop, follower()):
        assert one.turn()
        assert blocks()
        assert not one.is_expired
    assert time.time() - (tmp_path / "zone.rpz.seen").stat().st_mtime < 3600


def test_what_the_primary_still_vouches_for_never_expires(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list on which nothing changes is not an old one."""
    path = tmp_path / "zone.rpz"
    loop = following.Following(source, path, listen=None, poll=1, run="")
    answering(monkeypatch, 7, ["a.example"])
    assert loop.turn()
    then = time.time() - 40 * 86_400
    for one in (path, tmp_path / "zone.rpz.seen"):
        os.utime(one, (then, then))
    monkeypatch.setattr(following, "_transfer", lambda *_: iter([soa(7)]))
    assert not loop.turn()
    monkeypatch.setattr(following, "_transfer", silent)
    assert not loop.turn()
    assert "a.example" in path.read_text()


@pytest.mark.parametrize(
    ("file", "content", "public", "said"),
    [
        ("isp.key", None, "", "cannot be read: No such file"),
        ("isp.key", WHOLE[:20], "", "holds no TSIG secret"),
        ("isp.key", "", "", "holds no TSIG secret"),
        ("isp.key", "PUT-THE-TSIG-SECRET-HERE", "", "holds no TSIG secret"),
        ("isp.key", "ä\n", "", "holds no TSIG secret"),
        ("Not A Key.key", WHOLE, "", "holds no TSIG secret"),
        ("isp.key", WHOLE, "HEX", "64 hexadecimal digits"),
        ("isp.key", WHOLE, "PUT-THE-PUBLIC-KEY-HERE", "64 hexadecimal digits"),
        ("isp.key", WHOLE, "ab" * 31, "64 hexadecimal digits"),
        ("isp.key", WHOLE, WHOLE, "64 hexadecimal digits"),
    ],
)
def test_a_key_that_cannot_be_ends_following_with_what_to_do(
    tmp_path: Path, file: str, content: str | None, public: str, said: str
) -> None:
    """No secret is shown, also where one was given in the wrong place."""
    if content is not None:
        (tmp_path / file).write_text(content, "utf-8")
    words = ["follow", "127.0.0.1:9", "--key-file", str(tmp_path / file), "--once"]
    words += ["--write", str(tmp_path / "zone.rpz"), "--public-key", public]
    ended = CliRunner().invoke(primary_commands.app, words)
    told = " ".join(ended.output.split())
    assert (ended.exit_code, type(ended.exception)) == (2, SystemExit)
    assert said in told
    assert WHOLE[:20] not in told


@pytest.mark.parametrize("zone", ["a" * 51, "", ".", "Wol.invalid", 'wol";', "a..b", "wol invalid"])
def test_a_zone_that_no_long_name_fits_before_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """One long listed name would make every update fail for ever."""

    def started(place: Place) -> None:
        raise NoBind(f"started for {place.zone}")

    monkeypatch.setattr(primary_commands, "Serving", started)
    words = ["serve", "--folder", str(tmp_path), "--check-resolver", "127.0.0.1:9", "--zone"]
    ended = CliRunner().invoke(primary_commands.app, [*words, zone])
    assert (ended.exit_code, type(ended.exception)) == (2, SystemExit)
    assert "is no name for the zone" in ended.output
    good = CliRunner().invoke(primary_commands.app, [*words, "a" * 50 + "."])
    assert "started for " + "a" * 50 in good.output.replace("\n", "")


@pytest.mark.parametrize(
    "where", [("--address", "desk.example"), ("--address", "fe80::1%x"), ("--port", "0")]
)
def test_what_is_no_address_is_not_served(tmp_path: Path, where: tuple[str, str]) -> None:
    ended = CliRunner().invoke(primary_commands.app, ["serve", "--folder", str(tmp_path), *where])
    assert ended.exit_code == 2
    assert "is no address with a port" in ended.output.replace("\n", " ")


def test_good_keys_are_taken_and_only_the_primary_is_missing(tmp_path: Path) -> None:
    (tmp_path / "isp.key").write_text(f"{WHOLE}\n")
    words = ["follow", "127.0.0.1:9", "--key-file", str(tmp_path / "isp.key"), "--once"]
    words += ["--write", str(tmp_path / "zone.rpz"), "--public-key", "AB" * 32]
    assert CliRunner().invoke(primary_commands.app, words).exit_code == 1


def test_a_snippet_holds_the_key_and_the_stop_page() -> None:
    wish = snippets.Wish("wol.invalid", ("192.0.2.1", 5300), "isp", SECRET, "stop.isp.example")
    for resolver, text in snippets.SNIPPETS.items():
        written = text(wish)
        assert "wol.invalid" in written
        assert (SECRET in written) == (resolver != "knot")
        assert ("stop.isp.example" in written) == (resolver != "knot")


def test_by_default_each_program_keeps_its_files_where_debians_apparmor_lets_it() -> None:
    """/etc/apparmor.d/usr.sbin.named and usr.sbin.unbound of Debian 12; the others have none."""
    wish = snippets.Wish("wol.invalid", ("192.0.2.1", 5300), "isp", SECRET, "stop.isp.example")
    allowed = {
        snippets.bind: "/var/cache/bind/",
        snippets.sidecar: "/var/cache/bind/",
        snippets.unbound: "/var/lib/unbound/",
        snippets.pdns: "/var/lib/breakwater/",
        snippets.knot: "/var/lib/breakwater/",
    }
    for write, folder in allowed.items():
        paths = re.findall(r"""["'](/[^"']+)""", write(wish))
        assert paths
        assert all(f"{path}/".startswith(folder) for path in paths), paths
    named = Path("/etc/apparmor.d/usr.sbin.named")
    if named.exists():
        assert "/var/cache/bind/** lrw," in named.read_text()


def test_the_providers_own_lua_file_stays_the_one_that_is_read() -> None:
    wish = snippets.Wish("wol.invalid", ("192.0.2.1", 5300), "isp", SECRET, "stop.isp.example")
    settings, lua = snippets.pdns_parts(wish)
    assert not re.search("^lua-config-file", settings, re.MULTILINE)
    assert "rpzPrimary(" in lua
    assert "Leave what stands there" in lua


def test_no_port_of_ours_is_that_of_mdns_or_llmnr() -> None:
    wish = snippets.Wish("wol.invalid", ("192.0.2.1", 5300), "isp", SECRET, "stop.isp.example")
    for text in snippets.SNIPPETS.values():
        assert not re.search(r"\b535[35]\b", text(wish))


def test_the_command_for_a_primary_with_ipv6_hears_and_asks_ipv6() -> None:
    wish = snippets.Wish("wol.invalid", ("2001:db8::1", 5300), "isp", SECRET, "stop.isp.example")
    words = shlex.split(snippets.follow_command(wish))
    places = words[words.index("follow") + 1], words[words.index("--listen") + 1]
    assert [split(place) for place in places] == [("2001:db8::1", 5300), ("::", 5311)]


def test_an_address_needs_its_port() -> None:
    assert split("[2001:db8::1]:53") == ("2001:db8::1", 53)
    for text in ("192.0.2.1", "name:53", "192.0.2.1:0", "192.0.2.1:x", ""):
        with pytest.raises(BadAddress):
            split(text)


def test_a_key_is_made_once_and_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = dataclasses.replace(settings.CONFIG, data_dir=tmp_path)
    monkeypatch.setattr(settings, "CONFIG", here)
    secret = tsig.secret_of("isp-1")
    assert tsig.secret_of("isp-1") == secret
    assert tsig.key_path("isp-1").stat().st_mode & 0o077 == 0
    for name in ("../isp", "", "a" * 64, 'a";', "a/b", "desk.isp"):
        with pytest.raises(tsig.BadKeyName):
            tsig.secret_of(name)


def test_no_recipients_name_reaches_a_key_of_the_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = dataclasses.replace(settings.CONFIG, data_dir=tmp_path)
    monkeypatch.setattr(settings, "CONFIG", here)
    for name in ("rndc", "desk-stage"):
        own = tsig.own_secret(name)
        assert tsig.make_secret(name) != own
        assert tsig.own_secret(name) == own
    assert tsig.own_key_path("desk.isp").parent.stat().st_mode & 0o077 == 0
    for name in ("isp", "desk/isp", "../rndc", "rndc.x", "desk"):
        with pytest.raises(tsig.BadKeyName):
            tsig.own_secret(name)


def test_own_keys_of_earlier_versions_end_and_recipients_keep_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = dataclasses.replace(settings.CONFIG, data_dir=tmp_path)
    monkeypatch.setattr(settings, "CONFIG", here)
    secret, folder = tsig.secret_of("isp"), tmp_path / "worstof" / "keys"
    for name in ("rndc", "desk-stage", "desk.isp", "desk.desk-stage"):
        (folder / f"{name}.key").write_text("b2xk\n")
    tsig.forget_old_own_keys()
    assert [path.name for path in folder.iterdir()] == ["isp.key"]
    assert tsig.secret_of("isp") == secret
    assert tsig.own_secret("rndc") != "b2xk"


def test_an_address_with_a_scope_cannot_end_a_line_of_a_configuration() -> None:
    for text in ('[fe80::1%1;};include"x";]:53', "[fe80::1%eth0]:53"):
        with pytest.raises(BadAddress):
            split(text)
        with pytest.raises(NoAddress):
            read_address(text)


def test_a_secret_file_is_closed_to_others_before_its_first_octet(tmp_path: Path) -> None:
    def pieces() -> Iterator[str]:
        for path in tmp_path.iterdir():
            modes.append(path.stat().st_mode & 0o777)
        yield "secret"

    modes: list[int] = []
    before = os.umask(0)
    try:
        write_whole(tmp_path / "named.conf", pieces(), mode=0o600)
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert (tmp_path / "named.conf").stat().st_mode & 0o777 == 0o600
