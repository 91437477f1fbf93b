"""Whatever comes and goes, the two files together block exactly the names listed."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from breakwater.storage.whole_file import write_whole
from breakwater.worstof.commands import app
from breakwater.worstof.primary import two_files, zone_file
from breakwater.worstof.primary.copy import Copy, difference
from breakwater.worstof.primary.two_files import BESIDE, AlreadyKept, Files

NAMES = [f"n{n}.example" for n in range(8)]
# Names below one another, which exceptions must not open.
NESTED = ["a.example", "b.a.example", "c.b.a.example", "d.b.a.example", "e.example", "x.e.example"]
STEPS = st.lists(st.tuples(st.sets(st.sampled_from(NESTED)), st.sampled_from([1.0, 2 * BESIDE])))


def changed(held: Copy, names: set[str]) -> Copy:
    before = set(held.every())
    found = held.changed(names - before, before - names)
    found.serial = held.serial + 1
    return found


def made(folder: Path) -> Files:
    return Files("wol.invalid", folder / "whole.rpz", folder / "recent.rpz")


def read(path: Path) -> dict[str, str]:
    """A file's rules as Knot Resolver keeps them: owner and target."""
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split(" CNAME ") for line in lines if " CNAME " in line)


def rule_for(rules: dict[str, str], name: str) -> str:
    """What policy.rpz of Knot Resolver 5.6 finds: the name itself, else the nearest wildcard."""
    found = rules.get(name, "")
    while not found and name:
        name = name.partition(".")[2]
        found = rules.get(f"*.{name}", "")
    return found


def blocks(recent: dict[str, str], whole: dict[str, str], name: str) -> bool:
    """As the snippet for Knot Resolver asks the two files."""
    return (rule_for(recent, name) or rule_for(whole, name)) == "."


def blocked(files: Files, names: Sequence[str]) -> set[str]:
    assert files.recent
    recent, whole = read(files.recent), read(files.path)
    return {name for name in names if blocks(recent, whole, name)}


def with_below(names: Sequence[str]) -> list[str]:
    return [*names, *(f"www.{name}" for name in names), "other.example"]


def should(listed: set[str], name: str) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in listed)


@settings(max_examples=100, deadline=None)
@given(STEPS, st.sampled_from([1, 3, 500]))
def test_both_files_together_block_the_names_listed_and_no_other(
    steps: Sequence[tuple[set[str], float]], most: int
) -> None:
    asked = with_below(NESTED)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_files, "MOST", most)
        files, held, now = made(Path(folder)), Copy(), 0.0
        for names, pause in steps:
            now += pause
            held = changed(held, names)
            files.write(held, now)
            assert blocked(files, asked) == {name for name in asked if should(names, name)}


@settings(max_examples=100, deadline=None)
@given(STEPS, st.sampled_from([1, 3, 500]))
def test_a_resolver_still_reading_the_large_file_blocks_nothing_that_is_not_listed_now_or_before(
    steps: Sequence[tuple[set[str], float]], most: int
) -> None:
    """It has the new small file, and the large one as it was before this change or the one before."""
    asked = with_below(NESTED)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_files, "MOST", most)
        files, held = made(Path(folder)), Copy()
        assert files.recent
        for before, after in pairwise([set(), *(names for names, _ in steps)]):
            old = read(files.path)
            held = changed(held, after)
            files.write(held, 1.0 * held.serial)
            recent = read(files.recent)
            for name in asked:
                if should(before, name) == should(after, name):
                    assert blocks(recent, old, name) == should(after, name)


def test_names_enter_and_leave_through_the_small_file(tmp_path: Path) -> None:
    files = made(tmp_path)
    first = changed(Copy(), set(NAMES[:4]))
    files.write(first, 0)
    large = files.path.stat().st_mtime_ns
    second = changed(first, set(NAMES[:5]))
    files.write(second, 2 * BESIDE)
    files.write(changed(second, set(NAMES[1:5])), 3 * BESIDE)
    assert files.path.stat().st_mtime_ns == large
    assert files.late == ({NAMES[4]}, {NAMES[0]})
    assert blocked(files, NAMES) == set(NAMES[1:5])


def test_an_exception_does_not_open_what_is_listed_below_it(tmp_path: Path) -> None:
    files = made(tmp_path)
    first = changed(Copy(), {"a.example", "b.a.example"})
    files.write(first, 0)
    files.write(changed(first, {"b.a.example"}), 2 * BESIDE)
    assert blocked(files, ["a.example", "www.a.example", "www.b.a.example"]) == {"www.b.a.example"}


def test_many_names_at_once_go_into_the_large_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_files, "MOST", 2)
    files = made(tmp_path)
    first = changed(Copy(), set(NAMES[:1]))
    files.write(first, 0)
    files.write(changed(first, set(NAMES)), 2 * BESIDE)
    assert set(read(files.path)) == {*NAMES, *(f"*.{name}" for name in NAMES)}
    assert files.late == ({NAMES[0]}, set())  # until the large one was read for sure


def test_what_an_earlier_run_left_stays_if_it_is_still_true(tmp_path: Path) -> None:
    left = zone_file.records(["out.example", "n1.example"], zone_file.EXCEPTION)
    text = zone_file.records(["n0.example", "gone.example"]) + left
    (tmp_path / "recent.rpz").write_text(text)
    files = made(tmp_path)
    names = {"n0.example", "n1.example", *(f"m{n}.example" for n in range(600))}
    held = Copy().changed(names, set())
    held.serial = 9
    files.write(held, 0)
    assert files.late == ({"n0.example"}, {"out.example"})


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
        patch.setattr(two_files, "write_whole", full)
        with pytest.raises(OSError, match="space"):
            files.write(second, 1)
    assert blocked(files, NAMES) == set(NAMES[:4])
    files.write(second, 2)
    assert blocked(files, NAMES) == set(NAMES[1:])


def test_an_expiry_that_only_one_file_took_is_made_good_when_the_primary_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made(tmp_path)
    held = changed(Copy(), set(NAMES[:4]))
    files.write(held, 0)
    held = changed(held, set(NAMES[1:]))
    files.write(held, 1)

    def only_the_large(path: Path, pieces: Iterable[str]) -> None:
        if path != files.path:
            raise OSError(28, "No space left on device")
        write_whole(path, pieces)

    with monkeypatch.context() as patch:
        patch.setattr(two_files, "write_whole", only_the_large)
        with pytest.raises(OSError, match="space"):
            files.expire()
    assert blocked(files, NAMES) <= set(NAMES[1:]), "nothing that left is blocked"
    files.write(held, 2)
    assert blocked(files, NAMES) == set(NAMES[1:])


def test_two_processes_do_not_keep_the_same_files(tmp_path: Path) -> None:
    with made(tmp_path).alone():
        with pytest.raises(AlreadyKept), made(tmp_path).alone():
            pass
        Path(tmp_path / "other").mkdir()
        with made(tmp_path / "other").alone():
            pass
    with made(tmp_path).alone():
        pass


def test_a_second_follow_says_that_there_is_one(tmp_path: Path) -> None:
    key = tmp_path / "isp.key"
    key.write_text("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\n")
    files = made(tmp_path)
    words = ["follow", "127.0.0.1:1", "--key-file", str(key), "--write", str(files.path), "--once"]
    with files.alone():
        answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 1
    assert "Another `worstof follow` keeps" in answer.output
    answer = CliRunner().invoke(app, words)
    assert "Another" not in answer.output
    answer = CliRunner().invoke(app, [*words[:-2], str(tmp_path / "no" / "x.rpz"), "--once"])
    assert answer.exit_code == 2
    assert "x.rpz.lock»cannotbeopened:Nosuchfile" in "".join(answer.output.split())


def test_one_file_alone_holds_everything(tmp_path: Path) -> None:
    files = Files("wol.invalid", tmp_path / "whole.rpz")
    held = changed(Copy(), set(NAMES))
    files.write(held, 0)
    files.write(changed(held, set(NAMES[:2])), 1)
    assert set(read(files.path)) == {*NAMES[:2], *(f"*.{name}" for name in NAMES[:2])}


def test_a_difference_names_what_came_and_what_left() -> None:
    old = Copy().changed({"a.example", "b.example"}, set())
    new = old.changed({"c.example"}, {"a.example"})
    assert difference(old, new) == ({"c.example"}, {"a.example"})
