"""What the open tools of ThreatExchange keep in files is read, and nothing else is trusted."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threatexchange.cli.dataset.simple_serialization import (
    CliIndicatorSerialization,
    HMASerialization,
)
from threatexchange.exchanges.clients.fb_threatexchange.descriptor import SimpleDescriptorRollup

from breakwater.formats.hash_collection import read_collection
from breakwater.formats.hash_entry import Fault, HashEntry

PDQ, MD5 = f"{5 << 200:064x}", f"{7:032x}"


def read(text: str | bytes, name: str) -> list[HashEntry | Fault]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_collection(io.BytesIO(data), name))


@pytest.mark.parametrize("shape", [CliIndicatorSerialization, HMASerialization])
def test_what_the_tools_store_themselves_is_read(shape: type, tmp_path: Path) -> None:
    rollup = SimpleDescriptorRollup(12, "2026-01-01", {"known"})
    ids = () if shape is CliIndicatorSerialization else ("34",)
    for kind, value in (("HASH_PDQ", PDQ), ("HASH_VIDEO_MD5", MD5)):
        order = (kind, value) if shape is CliIndicatorSerialization else (value, kind)
        (path,) = shape.store(tmp_path, [shape(*order, *ids, rollup)])
        (entry,) = read(path.read_bytes(), path.name)
        assert isinstance(entry, HashEntry)
        assert (entry.fingerprints[0].value, entry.tags) == (value, ("known",))
        assert entry.media == ("video" if "VIDEO" in kind else "image")


def test_the_dataset_command_s_csv_is_read_without_what_is_harmless() -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["signal_type", "signal_str", "collab", "category", "tags"])
    writer.writerow(["pdq", PDQ, "Sample Data", "POSITIVE_CLASS", "a b"])
    writer.writerow(["video_md5", MD5, "Sample Data", "NEGATIVE_CLASS", ""])
    writer.writerow(["raw_text", "hello", "Sample Data", "POSITIVE_CLASS", ""])
    entry, harmless, words = read(out.getvalue(), "collection.csv")
    assert isinstance(entry, HashEntry)
    assert (entry.member_name, entry.tags, entry.media) == ("Sample Data", ("a", "b"), "image")
    assert isinstance(harmless, Fault)
    assert isinstance(words, Fault)
    assert [f.problem for f in (harmless, words)] == ["contradiction", "unknown_kind"]


def test_lines_of_kind_and_hash_are_read() -> None:
    found = read(f"pdq {PDQ}\n\nvideo_md5 {MD5}\npdq abc\n{MD5}\n", "local.txt")
    assert [f.fingerprints[0].value for f in found if isinstance(f, HashEntry)] == [PDQ, MD5]
    faults = [(f.place, f.problem) for f in found if isinstance(f, Fault)]
    assert faults == [(4, "wrong_length"), (5, "unknown_kind")]


@given(st.binary(max_size=300), st.sampled_from(["simple.HASH_PDQ.te", "a.csv", "a.txt"]))
def test_any_bytes_are_entries_or_faults(data: bytes, name: str) -> None:
    assert all(isinstance(found, HashEntry | Fault) for found in read(data, name))


def test_what_the_tools_users_took_for_harmless_is_left_out_of_their_own_file_too() -> None:
    text = f'{MD5},12,2026-01-01,"NEGATIVE_CLASS seen"\n{PDQ[:32]},12,2026-01-01,known\n'
    harmless, known = read(text, "simple.HASH_MD5.te")
    assert isinstance(harmless, Fault)
    assert isinstance(known, HashEntry)


def test_sha1_and_a_tab_between_kind_and_hash_are_read() -> None:
    found = read(f"SHA1\t{'ab' * 20}\nPDQ \t {PDQ}\npdq\n", "local.txt")
    assert [f.fingerprints[0].kind for f in found if isinstance(f, HashEntry)] == ["sha1", "pdq"]
    assert [f.place for f in found if isinstance(f, Fault)] == [3]
