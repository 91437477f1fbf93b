"""A live index: what is added is found, what is removed is not, and a kill leaves one that opens."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from breakwater.matching import container, radius, segment
from breakwater.matching.layout import TableSpec
from breakwater.matching.radius import RadiusIndex
from tests.dying import DIE_AT, STEPS

Hashes = NDArray[np.uint8]


def random_hashes(count: int, seed: int = 1) -> Hashes:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


class Life(RuleBasedStateMachine):
    """Any order of adding, removing, compacting, saving and opening answers like a plain list."""

    @initialize(seed=st.integers(0, 1000), tail=st.integers(1, 40))
    def begin(self, seed: int, tail: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.tail_before, radius.TAIL = radius.TAIL, tail
        self.folder = Path(os.environ["PYTEST_LIFE"]) / os.urandom(6).hex()
        self.index = RadiusIndex()
        self.plain: list[tuple[bytes, int]] = []
        self.centre = self.rng.integers(0, 256, 32, dtype=np.uint8)

    def teardown(self) -> None:
        radius.TAIL = self.tail_before

    @rule(count=st.integers(1, 30))
    def add(self, count: int) -> None:
        hashes = np.repeat(self.centre[None, :], count, axis=0)
        for row in hashes:
            if self.rng.random() < 0.3:
                row[self.rng.integers(0, 32, 3)] ^= np.uint8(self.rng.integers(0, 256))
            else:
                row[:] = self.rng.integers(0, 256, 32)
        ids = self.rng.integers(0, 25, count)
        self.index.add(hashes, ids)
        self.plain += [(h.tobytes(), int(i)) for h, i in zip(hashes, ids, strict=True)]

    @rule(ids=st.lists(st.integers(0, 25), max_size=6))
    def remove(self, ids: list[int]) -> None:
        self.index.remove(ids)
        self.plain = [(h, i) for h, i in self.plain if i not in ids]

    @rule()
    def compact(self) -> None:
        self.index.compact()
        too_many = len(self.plain) * radius.DELETED_IN / (radius.DELETED_IN - 1)
        assert len(self.plain) <= len(self.index) <= too_many

    @rule()
    def save_and_open(self) -> None:
        self.index.save(self.folder)
        self.index = RadiusIndex.open(self.folder)
        self.index.verify()

    @invariant()
    def answers_like_a_plain_list(self) -> None:
        if not hasattr(self, "index"):
            return
        wanted = int.from_bytes(self.centre.tobytes())
        expected = sorted(
            (i, d) for h, i in self.plain if (d := (int.from_bytes(h) ^ wanted).bit_count()) <= 31
        )
        assert sorted(self.index.near(self.centre.tobytes())) == expected
        assert sorted(self.index.search(self.centre[None, :]).of(0)) == expected


@pytest.fixture(autouse=True)
def _folder_of_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_LIFE", str(tmp_path))


class TestLife(Life.TestCase):
    settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


class TestLifeWithTables(Life.TestCase):
    """Segments have tables, which so few hashes would not be given."""

    settings = settings(max_examples=25, stateful_step_count=20, deadline=None)

    @pytest.fixture(autouse=True)
    def _tables_for_any_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        flips = [1] * 7 + [0] * 18
        tables = tuple(
            TableSpec(i * 8, 8, 2, t, (i + 1) % len(flips) * 8, 6) for i, t in enumerate(flips)
        )
        monkeypatch.setattr(segment, "plan", lambda *_: tables)


def test_queries_keep_their_order_when_segments_and_tail_all_answer() -> None:
    hashes = random_hashes(40_000)
    index = RadiusIndex.build(hashes[:20_000], np.arange(20_000))
    index.add(hashes[20_000:37_000], np.arange(20_000, 37_000))
    index.add(hashes[37_000:], np.arange(37_000, 40_000))
    asked = np.array([39_999, 5, 25_000, 5])
    found = index.search(hashes[asked])
    assert [found.of(i)[0] for i in range(4)] == [(int(i), 0) for i in asked]
    assert [index.near(hashes[i].tobytes()) for i in asked] == [found.of(i) for i in range(4)]


def test_compacting_writes_anew_only_what_lost_many_or_is_small() -> None:
    hashes = random_hashes(120_000, seed=3)
    index = RadiusIndex.build(hashes[:100_000], np.arange(100_000))
    index.add(hashes[100_000:], np.arange(100_000, 120_000))
    large, small = (sealed.segment for sealed in index._state.sealed)
    index.remove([7, *range(100_000, 104_000)])
    index.compact()
    assert [len(s.segment) for s in index._state.sealed] == [100_000, 16_000]
    assert index._state.sealed[0].segment is large
    assert index._state.sealed[1].segment is not small
    assert index._state.removed.tolist() == [7]
    assert [index.near(hashes[i].tobytes()) for i in (7, 8, 100_001)] == [[], [(8, 0)], []]
    index.remove(np.arange(60_000))
    index.compact()
    assert [len(s.segment) for s in index._state.sealed] == [56_000]
    assert not len(index._state.removed)
    assert index.near(hashes[59_999].tobytes()) == []
    assert index.near(hashes[60_000].tobytes()) == [(60_000, 0)]


def test_other_threads_run_while_one_searches() -> None:
    hashes = random_hashes(100_000)
    index = RadiusIndex.build(hashes, np.arange(len(hashes)))
    queries, took = 1_000, 0.0
    while took < 0.5:
        queries *= 2
        start = time.perf_counter()
        index.search(np.resize(hashes, (queries, 32)), 90)
        took = time.perf_counter() - start
    begun, done = threading.Event(), threading.Event()

    def search() -> None:
        begun.set()
        # Wider than the tables: one call that scans all for every query.
        index.search(np.resize(hashes, (queries, 32)), 90)
        done.set()

    # A thread that holds the interpreter would be asked for it once in so many seconds.
    before = sys.getswitchinterval()
    thread = threading.Thread(target=search)
    turns = 0
    try:
        sys.setswitchinterval(1e-4)
        thread.start()
        begun.wait()
        while not done.is_set():
            turns += 1
            time.sleep(0.001)
    finally:
        sys.setswitchinterval(before)
        thread.join()
    assert turns > 10


def test_searches_go_on_while_another_thread_adds() -> None:
    hashes = random_hashes(60_000, seed=2)
    index = RadiusIndex.build(hashes[:30_000], np.arange(30_000))
    done, wrong = threading.Event(), []

    def ask() -> None:
        while not done.is_set():
            if index.near(hashes[7].tobytes()) != [(7, 0)]:
                wrong.append(1)

    thread = threading.Thread(target=ask)
    thread.start()
    for first in range(30_000, 60_000, 1_000):
        index.add(hashes[first : first + 1_000], np.arange(first, first + 1_000))
    done.set()
    thread.join()
    assert not wrong
    assert index.near(hashes[59_999].tobytes()) == [(59_999, 0)]


def test_another_process_sees_what_was_saved_after_a_refresh(tmp_path: Path) -> None:
    hashes = random_hashes(100)
    writer = RadiusIndex.build(hashes[:50], np.arange(50))
    writer.save(tmp_path)
    reader = RadiusIndex.open(tmp_path)
    assert not reader.refresh()
    writer.add(hashes[50:], np.arange(50, 100))
    writer.save(tmp_path)
    assert reader.near(hashes[60].tobytes()) == []
    assert reader.refresh()
    assert reader.near(hashes[60].tobytes()) == [(60, 0)]


def test_only_one_writer_may_save_to_a_folder(tmp_path: Path) -> None:
    index = RadiusIndex.build(random_hashes(10), np.arange(10))
    with radius._only_writer(tmp_path), pytest.raises(BlockingIOError):
        index.save(tmp_path)
    index.save(tmp_path)


@pytest.mark.parametrize("at", [0, 30, 5000, -1])
def test_a_changed_byte_is_found(tmp_path: Path, at: int) -> None:
    RadiusIndex.build(random_hashes(3000), np.arange(3000)).save(tmp_path)
    path = next(tmp_path.glob("segment-*.bwx"))
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.write_bytes(content)
    with pytest.raises((container.Damaged, container.NotAnIndex)):
        RadiusIndex.open(tmp_path).verify()


def test_a_shortened_file_does_not_open(tmp_path: Path) -> None:
    RadiusIndex.build(random_hashes(3000), np.arange(3000)).save(tmp_path)
    path = next(tmp_path.glob("segment-*.bwx"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(container.Damaged, match="bytes long"):
        RadiusIndex.open(tmp_path)


def test_a_segment_that_is_gone_is_damage_and_not_an_empty_folder(tmp_path: Path) -> None:
    RadiusIndex.build(random_hashes(3000), np.arange(3000)).save(tmp_path)
    next(tmp_path.glob("segment-*.bwx")).unlink()
    with pytest.raises(container.Damaged, match="is not there"):
        RadiusIndex.open(tmp_path)


def test_hashes_of_another_length_are_refused() -> None:
    index = RadiusIndex()
    with pytest.raises(ValueError, match="the index holds hashes of 256 bits"):
        index.add(np.zeros((2, 8), np.uint8), [1, 2])
    with pytest.raises(ValueError, match="rows of 8, 16, 32 or 64 bytes"):
        index.add(np.zeros((2, 31), np.uint8), [1, 2])


WRITER = f"""{DIE_AT}
import numpy as np
from pathlib import Path
from breakwater.matching import radius
from breakwater.matching.radius import RadiusIndex
place = Path(sys.argv[4])
radius.TAIL = 200
hashes = np.random.default_rng(1).integers(0, 256, (200_000, 32), dtype=np.uint8)
index = RadiusIndex.open(place)
n = len(index)
print(n, flush=True)
while n < len(hashes):
    index.add(hashes[n:n + 150], np.arange(n, n + 150))
    n += 150
    if n % 1050 == 0:
        # Many, so that segments are written anew; they come again at once.
        many = np.arange(0, n, 3)
        index.remove(many)
        index.compact()
        index.add(hashes[many], many)
    index.save(place)
    print(n, flush=True)
"""


def killed(folder: Path, step: str = "", times: int = 0, after: float = 0) -> int:
    """Let a writer die; gives how many hashes it was heard to have kept."""
    command = [sys.executable, "-c", WRITER, step, str(times), folder.name, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        said = [writer.stdout.readline()]
        if not step:
            time.sleep(after)
            writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    assert writer.returncode < 0
    return int([line for line in said if line.endswith("\n")][-1])


@pytest.mark.integration
def test_a_killed_writer_leaves_the_old_or_the_new_index(tmp_path: Path) -> None:
    """At each step of writing state, segment, merged segment and compacted one, and at moments."""
    hashes = np.random.default_rng(1).integers(0, 256, (200_000, 32), dtype=np.uint8)
    RadiusIndex.build(hashes[:300], np.arange(300)).save(tmp_path)
    moments = np.random.default_rng(int(os.environ.get("KILL_SEED", "1")))
    deaths = [(step, times, 0.0) for times in (1, 2, 3, 7, 9) for step in STEPS]
    deaths += [("", 0, float(moments.uniform(0, 0.2))) for _ in range(4)]
    for step, times, after in deaths:
        kept = killed(tmp_path, step, times, after)
        rests = list(tmp_path.glob(".*.part"))
        assert not step or len(rests) == STEPS[step], (step, times)
        index = RadiusIndex.open(tmp_path)
        index.verify()
        assert len(index) >= kept
        for i in (0, kept - 1, len(index) - 1):
            assert index.near(hashes[i].tobytes()) == [(i, 0)]
        index.save(tmp_path)
        assert not list(tmp_path.glob(".*.part"))


SHARER = """
import sys
from pathlib import Path
from breakwater.matching.radius import RadiusIndex
index = RadiusIndex.open(Path(sys.argv[1]))
index.near(bytes(32), 90)  # wider than the tables: reads every hash
print("read", flush=True)
sys.stdin.readline()
index.refresh()
value = bytes.fromhex(sys.stdin.readline())
print(index.near(value), flush=True)
sys.stdin.readline()
"""


def shared_bytes(pid: int) -> tuple[int, int]:
    """Bytes of the index's files that a process has in memory, and of them what it has alone."""
    resident = private = 0
    ours = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            ours = line.endswith(".bwx")
        elif ours and name == "Rss:":
            resident += int(rest.split()[0]) * 1024
        elif ours and name.startswith("Private_"):
            private += int(rest.split()[0]) * 1024
    return resident, private


def test_processes_share_one_copy_in_memory_and_see_what_another_saved(tmp_path: Path) -> None:
    hashes = random_hashes(30_100)
    writer = RadiusIndex.build(hashes[:30_000], np.arange(30_000))
    writer.save(tmp_path)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", SHARER, str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        for reader in readers:
            assert reader.stdout
            assert reader.stdout.readline() == "read\n"
        for reader in readers:
            resident, private = shared_bytes(reader.pid)
            assert resident >= 30_000 * 32
            assert private < resident / 20
        writer.add(hashes[30_000:], np.arange(30_000, 30_100))
        writer.save(tmp_path)
        for reader in readers:
            assert reader.stdin
            assert reader.stdout
            reader.stdin.write(f"\n{hashes[30_050].tobytes().hex()}\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "[(30050, 0)]\n"
    finally:
        for reader in readers:
            reader.communicate("\n")


def test_a_file_of_another_version_says_so_and_does_not_open(tmp_path: Path) -> None:
    RadiusIndex.build(random_hashes(300), np.arange(300)).save(tmp_path)
    path = next(tmp_path.glob("segment-*.bwx"))
    content = bytearray(path.read_bytes())
    magic, version, *rest = container.PREFIX.unpack_from(content)
    container.PREFIX.pack_into(content, 0, magic, version + 1, *rest)
    path.write_bytes(content)
    with pytest.raises(container.NotAnIndex, match=f"version {version + 1}; this program reads"):
        RadiusIndex.open(tmp_path)
