"""A reader that is not ours finds in a written zone the names that were given, and no other."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.zone
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from breakwater.formats.block_list import FORMS, Header, forms
from breakwater.formats.block_list.nesting import between, parents
from breakwater.formats.domain_name import ZONE_ROOM, BadName, read_name
from breakwater.worstof.primary import two_files, zone_file
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.two_files import Files
from breakwater.worstof.rules.zone_manifest import OWNER, ZoneManifest

AT = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
LABELS = st.one_of(
    st.text("abcxyz0189-_", min_size=1, max_size=63),
    st.text("äßéñøğžбйяωλ東京한글ا", min_size=1, max_size=12),
    st.sampled_from(
        ["a" * 63, "0", "xn--mnchen-3ya", "at", "ns", "soa", "in", "txt", "cname", "ttl"]
    ),
)
TEXTS = st.builds(
    lambda labels, end: ".".join([*labels, end]),
    st.lists(LABELS, min_size=1, max_size=4),
    st.sampled_from(["example", "test", "site.example", "пример.example"]),
)  # fmt: skip
ZONES = st.sampled_from(["wol.invalid", "z", "z" * ZONE_ROOM, "a.b.c.invalid"])
SERIALS = st.integers(0, 2**32 - 1)
LONGEST = ".".join(["a" * 63] * 3 + ["example"])


def taken(texts: Iterable[str]) -> list[str]:
    """The names among these texts as a list keeps them: in A-labels, sorted, each once."""
    names = set()
    for text in texts:
        try:
            names.add(read_name(text).name)
        except BadName:
            continue
    return sorted(names)


NAMES = st.lists(TEXTS, max_size=12).map(taken)


def read(text: str, zone: str) -> tuple[int, dict[str, str], dns.zone.Zone]:
    """Serial, and the target of each owner; the reader refuses what is no zone."""
    found = dns.zone.from_text(text, origin=f"{zone}.")
    rows = found.iterate_rdatas("CNAME")
    targets = {owner.to_text(): rdata.target.to_text() for owner, _ttl, rdata in rows}
    assert text.count(" CNAME ") == len(targets)
    return found.get_soa().serial, targets, found


def two_each(names: Iterable[str], target: str = ".") -> dict[str, str]:
    return {owner: target for name in names for owner in (name, f"*.{name}")}


@settings(deadline=None, max_examples=50)
@given(NAMES, ZONES, SERIALS, st.sampled_from([1, 3, 10_000]))
@example([LONGEST], "z" * ZONE_ROOM, 2**32 - 1, 1)
def test_a_zone_file_that_is_handed_out_holds_the_names_given_and_those_between_twice_each(
    names: list[str], zone: str, serial: int, batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "_BATCH", batch)
        pieces = FORMS["rpz"].write(iter(names), Header(serial, AT, zone, "Of\ntests; a title"))
        text = b"".join(pieces).decode("ascii")
    told, targets, _ = read(text, zone)
    assert (told, targets) == (serial, two_each([*names, *between(names)]))


@settings(deadline=None, max_examples=50)
@given(NAMES, ZONES, SERIALS, st.binary(min_size=64, max_size=64))
@example([LONGEST], "z" * ZONE_ROOM, 2**32 - 1, b"\xff" * 64)
def test_a_view_of_the_primary_holds_the_names_given_twice_each_and_what_was_signed(
    names: list[str], zone: str, serial: int, signature: bytes
) -> None:
    manifest = ZoneManifest(zone, serial, AT.isoformat(), len(names), "ab" * 32)
    strings = manifest.strings(signature)
    told, targets, found = read("".join(zone_file.lines(zone, serial, strings, names)), zone)
    assert (told, targets) == (serial, two_each(names))
    rdata = found.get_rdataset(OWNER, "TXT")[0]
    assert tuple(text.decode() for text in rdata.strings) == strings


def copy_of(names: Sequence[str], serial: int, held: Copy) -> Copy:
    before = set(held.every())
    found = held.changed(set(names) - before, before - set(names))
    found.serial = serial
    return found


@settings(deadline=None, max_examples=50)
@given(NAMES, NAMES, st.integers(1, 2**32 - 2), st.sampled_from([1, 500]))
@example(["0.0.example"], ["0.example"], 1, 500)
def test_both_files_of_a_follower_are_zones_of_the_names_given(
    first: list[str], second: list[str], serial: int, most: int
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_files, "MOST", most)
        whole, recent = Path(name) / "whole.rpz", Path(name) / "recent.rpz"
        files = Files("wol.invalid", whole, recent)
        held = copy_of(first, serial, Copy())
        files.write(held, 0.0)
        assert read(whole.read_text(), "wol.invalid")[:2] == (serial, two_each(first))
        told, targets, _ = read(recent.read_text(), "wol.invalid")
        assert told == serial
        assert targets.items() <= two_each(first).items()
        files.write(copy_of(second, serial + 1, held), 1.0)
        came, left = set(second) - set(first), set(first) - set(second)
        if len(came) + len(left) > most:
            said = serial + 1, two_each(second)
            assert read(whole.read_text(), "wol.invalid")[:2] == said
            return
        assert read(whole.read_text(), "wol.invalid")[:2] == (serial, two_each(first))
        _, targets, _ = read(recent.read_text(), "wol.invalid")
        assert two_each(came).items() <= targets.items()
        for owner in (owner for owner, target in targets.items() if target == "."):
            name = owner.removeprefix("*.")
            assert not set(second).isdisjoint((name, *parents(name))), "blocked by nothing listed"
        opened = {owner for owner, target in targets.items() if target == "rpz-passthru."}
        assert opened <= two_each(left).keys()
