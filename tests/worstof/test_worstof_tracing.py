"""A leaked file comes from an adversary: what it may cost is bounded, and no canary gets lost."""

import gzip
import io
import zipfile
from datetime import datetime
from pathlib import Path

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from breakwater.worstof.actions import recipients
from breakwater.worstof.models import ZoneName
from breakwater.worstof.queries import canaries
from breakwater.worstof.queries.canaries import TooMuch, opened, trace
from breakwater.worstof.recipient_commands import app
from breakwater.worstof.rules import tracing
from breakwater.worstof.rules.tracing import names_and_digests


@pytest.mark.parametrize("unit", ["1.", "a.", "-.", "a-", "aaaa", "xn--1.", "bad.example."])
def test_an_endless_name_is_read_as_names_of_at_most_127_labels(unit: str) -> None:
    """With a pattern that looks further, a line of 16 kB took seconds, and a longer one hours."""
    longest = max(
        (len(found.group().split(b".")) for found in tracing._NAME.finditer(unit.encode() * 8_000)),
        default=0,
    )
    assert longest <= 127
    words = list(names_and_digests([unit.encode() * 8_000]))
    assert len(words) <= 8_000
    assert all(len(word) <= 253 for word in words)


def test_no_long_run_is_looked_at_twice() -> None:
    """What the pattern takes, it goes on behind: numbers are taken as well, and left out later."""
    line = b"1." * 8_000
    assert sum(len(found.group()) + 1 for found in tracing._NAME.finditer(line)) == len(line)
    assert not list(names_and_digests([line]))


def test_a_name_behind_many_labels_is_found() -> None:
    found = set(names_and_digests([b"1." * 100 + b"word.quay.example end"]))
    assert "word.quay.example" in found


@given(
    st.lists(st.text("abz09_", min_size=1, max_size=9), min_size=1, max_size=5),
    st.text("abz09 .,-_/@", max_size=40),
)
def test_a_name_is_found_in_any_text_around_it(labels: list[str], around: str) -> None:
    name = ".".join([*labels, "example"])
    assert name in set(names_and_digests([f"{around} {name} {around}".encode()]))
    assert name in set(names_and_digests([f"https://{name}./x {around}".encode()]))


def test_a_sentence_that_ends_in_a_name_gives_the_name() -> None:
    assert "bad.example" in set(names_and_digests([b"Look at Bad.Example. 2"]))
    assert "bad.example" in set(names_and_digests([b"*.bad.example.wol.invalid CNAME ."]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize(
    "written",
    ["word.quay.example", "hxxps://word[.]quay[.]example/x", "word(dot)quay(.)EXAMPLE",
     "https%3A%2F%2Fword%2Equay%2eexample", "word{.}quay{dot}example"],
)  # fmt: skip
def test_a_name_is_found_however_its_letters_and_dots_are_written(
    written: str, encoding: str
) -> None:
    assert "word.quay.example" in set(names_and_digests([f"seen: {written}\n".encode(encoding)]))


def test_a_name_on_the_wire_is_found() -> None:
    name = dns.name.from_text("*.word.quay.example.wol.invalid.").to_wire()
    assert name is not None
    assert "word.quay.example" in set(names_and_digests([b"\0\0\2\1" + name + b"\0\5"]))


@pytest.mark.parametrize("place", range(-30, 2))
def test_a_name_on_the_border_of_two_pieces_is_found(place: int, monkeypatch) -> None:
    monkeypatch.setattr(canaries, "_PIECE", 4_096)
    text = b"x" * (4_096 + place - 1) + b" word.quay.example " + b"x" * 5_000
    assert "word.quay.example" in set(names_and_digests(opened(io.BytesIO(text))))


def packed_zip(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one", content)
        archive.writestr("two", content)
    return file.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, packed_zip])
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(pack, monkeypatch) -> None:
    monkeypatch.setattr(canaries, "MOST_UNPACKED", 3_000_000)
    small = pack(bytes(1_400_000))
    assert sum(1 for _ in opened(io.BytesIO(small)))
    bomb = pack(bytes(4_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(TooMuch):
        list(opened(io.BytesIO(bomb)))


@pytest.mark.django_db
def test_the_command_says_in_a_sentence_that_a_file_is_too_large(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(canaries, "MOST_UNPACKED", 1_000)
    file = tmp_path / "leak.gz"
    file.write_bytes(gzip.compress(bytes(5_000)))
    answer = CliRunner().invoke(app, ["trace", str(file)], env={"COLUMNS": "300"})
    assert answer.exit_code == 2
    assert "give it in parts" in answer.output


@pytest.mark.django_db
def test_a_name_that_stands_in_two_batches_counts_once(at: datetime, monkeypatch) -> None:
    monkeypatch.setattr(canaries, "_BATCH", 7)
    ZoneName.objects.bulk_create(
        ZoneName(name=f"n{i}.example", is_national=False, serial=1) for i in range(30)
    )
    net, _secrets = recipients.create_recipient("Net", "net", by="t", at=at)
    names = [*(f"n{i}.example" for i in range(20)), *net.canaries]
    found = trace(["\n".join(names).encode()] * 3)
    assert (found.names, found.listed) == (20, 30)
    assert found.found[0].canaries == tuple(net.canaries)
