"""Exact digests are found, all of them and nothing else."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.matching import container
from breakwater.matching.digests import WIDTHS, DigestTable, from_hex


@settings(max_examples=80, deadline=None)
@given(
    known=st.lists(st.binary(min_size=16, max_size=16) | st.just(bytes(16)), max_size=60),
    other=st.lists(st.binary(min_size=16, max_size=16), max_size=20),
)
def test_every_digest_gives_back_all_its_ids_and_others_none(
    known: list[bytes], other: list[bytes]
) -> None:
    # Leading zeros crowd one prefix, as a hostile list would.
    crowded = [bytes(12) + k[:4] for k in known] + known
    rows = np.frombuffer(b"".join(crowded), np.uint8).reshape(len(crowded), 16)
    table = DigestTable.build(rows, np.arange(len(crowded)))
    for digest in crowded + other:
        assert table.ids_of(digest) == [i for i, k in enumerate(crowded) if k == digest]


@pytest.mark.parametrize("kind", WIDTHS)
def test_a_table_is_the_same_after_writing_and_opening(kind: str, tmp_path: Path) -> None:
    texts = [hashlib.new(kind, str(i).encode()).hexdigest() for i in range(5000)]
    table = DigestTable.build(from_hex(texts), np.arange(5000))
    table.write(tmp_path / "known.bwx")
    opened = DigestTable.open(tmp_path / "known.bwx")
    assert opened.known(from_hex(texts), threads=2).all()
    assert opened.ids_of(bytes.fromhex(texts[77])) == [77]
    assert len(opened) == 5000


def test_a_damaged_prefix_table_is_an_error_and_no_crash() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (5000, 16), dtype=np.uint8)
    table = DigestTable.build(rows, np.arange(5000))
    table.arrays["prefixes"][:] = 2**32 - 1
    with pytest.raises(RuntimeError, match="damaged"):
        table.known(rows)


def test_an_index_of_another_kind_does_not_open_as_digests(tmp_path: Path) -> None:
    container.write(tmp_path / "other.bwx", {"a": np.arange(3)}, {"kind": "something"})
    with pytest.raises(container.NotAnIndex, match="holds something"):
        DigestTable.open(tmp_path / "other.bwx")
    (tmp_path / "text.bwx").write_text("no index at all")
    with pytest.raises(container.NotAnIndex):
        DigestTable.open(tmp_path / "text.bwx")


def test_digests_of_mixed_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        from_hex(["00" * 16, "00" * 20])
    table = DigestTable.build(np.zeros((1, 16), np.uint8), np.arange(1))
    with pytest.raises(ValueError, match="another length"):
        table.known(np.zeros((1, 20), np.uint8))
