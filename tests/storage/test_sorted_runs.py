"""More records than memory holds come back in the order of their keys, none of them lost."""

import tempfile
import tracemalloc
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.storage import runs as module
from breakwater.storage.runs import BrokenRuns, Runs

RECORDS = st.lists(st.tuples(st.text(max_size=3), st.binary(max_size=3)), max_size=60)


@given(RECORDS, st.integers(1, 20), st.integers(1, 7), st.integers(1, 9))
def test_all_records_come_by_key_and_then_as_they_arrived(
    records: list[tuple[str, bytes]], run: int, block: int, most_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RUN", run)
        patch.setattr(module, "BLOCK", block)
        patch.setattr(module, "RUN_BYTES", 2 * most_bytes)
        patch.setattr(module, "BLOCK_BYTES", most_bytes)
        runs = Runs(Path(folder) / "runs")
        runs.write(records)
        assert list(runs.read()) == sorted(records, key=itemgetter(0))


def test_large_records_take_no_more_memory_than_many_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RUN_BYTES", 1 << 20)
    monkeypatch.setattr(module, "BLOCK_BYTES", 1 << 16)
    runs = Runs(tmp_path / "runs")
    tracemalloc.start()
    runs.write((f"{n * 7919 % 400:03d}", bytes(50_000)) for n in range(400))
    assert sum(1 for _ in runs.read()) == 400
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20  # of 20 MB


def test_runs_that_broke_off_are_not_whole_and_are_begun_anew(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs")

    def breaking() -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        raise InterruptedError

    with pytest.raises(InterruptedError):
        runs.write(breaking())
    assert not runs.is_whole
    runs.write([("b", b"2")])
    assert not runs.is_whole
    runs.seal()
    assert runs.is_whole
    assert list(runs.read()) == [("b", b"2")]


def test_a_damaged_run_is_told_and_not_read_as_something_else(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs")
    runs.write([("a", b"1"), ("b", b"2")])
    path = tmp_path / "runs" / "000000"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(BrokenRuns):
        list(runs.read())
