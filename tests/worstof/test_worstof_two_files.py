"""Whatever comes and goes, the two files together block exactly the names listed."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.worstof.primary import two_files, zone_file
from breakwater.worstof.primary.copy import Copy, difference
from breakwater.worstof.primary.two_files import BESIDE, Files

NAMES = [f"n{n}.example" for n in range(8)]
STEPS = st.lists(st.tuples(st.sets(st.sampled_from(NAMES)), st.sampled_from([1.0, 2 * BESIDE])))


def changed(held: Copy, names: set[str]) -> Copy:
    before = set(held.every())
    found = held.changed(names - before, before - names)
    found.serial = held.serial + 1
    return found


def made(folder: Path) -> Files:
    return Files("wol.invalid", folder / "whole.rpz", folder / "recent.rpz")


def blocked(files: Files) -> set[str]:
    assert files.recent
    return two_files._names_of(files.path) | two_files._names_of(files.recent)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_both_files_together_block_the_names_listed_and_no_other(
    steps: Sequence[tuple[set[str], float]],
) -> None:
    with TemporaryDirectory() as folder:
        files, held, now = made(Path(folder)), Copy(), 0.0
        for names, pause in steps:
            now += pause
            held = changed(held, names)
            files.write(held, now)
            assert blocked(files) == names


def test_a_name_enters_through_the_small_file_and_leaves_with_the_large_one(
    tmp_path: Path,
) -> None:
    files = made(tmp_path)
    first = changed(Copy(), set(NAMES[:4]))
    files.write(first, 0)
    large = files.path.stat().st_mtime_ns
    second = changed(first, set(NAMES[:5]))
    files.write(second, 2 * BESIDE)
    assert files.path.stat().st_mtime_ns == large
    assert files.late == {NAMES[4]}
    files.write(changed(second, set(NAMES[1:5])), 3 * BESIDE)
    assert two_files._names_of(files.path) == set(NAMES[1:5])
    assert files.late == {NAMES[4]}  # until the large one was read for sure


def test_many_names_at_once_go_into_the_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_files, "MOST", 2)
    files = made(tmp_path)
    first = changed(Copy(), set(NAMES[:1]))
    files.write(first, 0)
    files.write(changed(first, set(NAMES)), 2 * BESIDE)
    assert two_files._names_of(files.path) == set(NAMES)
    assert files.late == {NAMES[0]}


def test_what_an_earlier_run_left_stays_if_it_is_still_listed(tmp_path: Path) -> None:
    (tmp_path / "recent.rpz").write_text(zone_file.records(["n0.example", "gone.example"]))
    files = made(tmp_path)
    held = Copy().changed({"n0.example", *(f"m{n}.example" for n in range(600))}, set())
    held.serial = 9
    files.write(held, 0)
    assert files.late == {"n0.example"}


def test_a_full_disk_leaves_both_files_and_the_next_write_makes_it_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made(tmp_path)
    first = changed(Copy(), set(NAMES[:4]))
    files.write(first, 0)
    second = changed(first, set(NAMES[1:]))

    def full(path: Path, pieces: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zone_file, "write_whole", full)
        with pytest.raises(OSError, match="space"):
            files.write(second, 1)
    assert blocked(files) == set(NAMES[:4])
    files.write(second, 2)
    assert blocked(files) == set(NAMES[1:])


def test_one_file_alone_holds_everything(tmp_path: Path) -> None:
    files = Files("wol.invalid", tmp_path / "whole.rpz")
    held = changed(Copy(), set(NAMES))
    files.write(held, 0)
    files.write(changed(held, set(NAMES[:2])), 1)
    assert two_files._names_of(files.path) == set(NAMES[:2])


def test_a_difference_names_what_came_and_what_left() -> None:
    old = Copy().changed({"a.example", "b.example"}, set())
    new = old.changed({"c.example"}, {"a.example"})
    assert difference(old, new) == ({"c.example"}, {"a.example"})
