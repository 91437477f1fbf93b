"""The files that a resolver reads: one with the whole list, and a small one with what changed lately.

When a file changes, Knot Resolver 5.6 reads all of it and answers nobody meanwhile: 0.5 to 1.2 s
at 100,000 names. A small file costs nothing, so names enter and leave through it: one that left
stands there as an exception. The resolver looks into the small file first, and into the whole list
only for what the small one says nothing of (`snippets.knot`); the longest name wins in each.
"""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from breakwater.formats.block_list.nesting import parents
from breakwater.storage.whole_file import write_whole
from breakwater.worstof.primary import zone_file
from breakwater.worstof.primary.copy import Copy, difference

# Changes in the small file before the whole list takes them in.
MOST = 500
# Seconds that changes stay in the small file beside the whole list, which is still being read.
BESIDE = 60.0
_HEAD = 1024  # bytes in which a file's serial stands, whatever the name of the zone


class CannotLock(Exception):
    """The lock beside the files cannot be opened; the message names it and says why."""


class AlreadyKept(Exception):
    """Another process keeps these files."""


class Late(NamedTuple):
    """What the small file says: names to block, and names to leave open whatever the large says."""

    blocked: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()


@dataclass
class Files:
    """Written so that at any moment both files together block the names listed, and no other."""

    zone: str
    path: Path
    recent: Path | None = None  # without it, `path` is written at every change
    whole: Copy = field(default_factory=Copy)  # what `path` holds
    late: Late = field(default_factory=Late)  # what `recent` holds
    written_at: float = 0.0  # when `path` was written

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from these files: of two, the slower would write what is older.

        Raises:
            AlreadyKept: another has them.
            CannotLock: the lock beside the file cannot be opened.
        """
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as problem:
            raise CannotLock(f"«{lock}» cannot be opened: {problem.strerror}.") from problem
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyKept(str(self.path)) from None
            yield
        finally:
            os.close(descriptor)

    def serial(self) -> int:
        """The serial that an earlier run left in the files; 0 if there is none of this zone.

        Raises:
            OSError: a file is there and cannot be read.
        """
        paths = [path for path in (self.path, self.recent) if path]
        return max(zone_file.serial_in(_beginning(path), self.zone) for path in paths)

    def write(self, found: Copy, now: float) -> None:
        """Bring the files to this copy; `now` is in seconds of any clock that only goes forward.

        Raises:
            OSError: a file was not written; write again.
        """
        if self.recent is None:
            self._write_whole(found, now)
            return
        came, left = difference(self.whole, found)
        is_first = not self.whole.serial
        is_much = len(came) + len(left) > MOST
        beside = _read(self.recent) if is_first else self.late
        if not is_first and not is_much and now - self.written_at > BESIDE:
            beside = Late()
        if is_much:
            # What the small file blocks already goes on there until the large one was read.
            came = {n for n in came if not beside.blocked.isdisjoint((n, *parents(n)))}
            left = set()
        self._write_recent(found, _late(found, beside.blocked | came, beside.open | left))
        if is_first or is_much:
            self._write_whole(found, now)

    def seen_at(self) -> float:
        """When the primary last vouched for the files, in seconds since 1970; 0.0 if never.

        Raises:
            OSError: a file is there and cannot be read.
        """
        for path in (self._seen, self.path):
            if path.exists():
                return path.stat().st_mtime
        return 0.0

    def see(self) -> None:
        """Keep that the primary vouches for the files now; a resolver does not read this one."""
        self._seen.touch()

    @property
    def _seen(self) -> Path:
        return self.path.with_name(f"{self.path.name}.seen")

    def expire(self) -> None:
        """Block nothing any more, and still take no older zone than the one that was held.

        Raises:
            OSError: a file was not written; expire again.
        """
        nothing = Copy(self.serial())
        # First: of files of which one was not written nothing is known, and the next write is of both.
        self.whole, self.late = Copy(), Late()
        # The whole list first: without the exceptions of the small one, it would block what left it.
        for path in (self.path, self.recent):
            if path:
                write_whole(path, _head(self.zone, nothing))

    def _write_recent(self, found: Copy, late: Late) -> None:
        if self.recent is None or (late == self.late and self.whole.serial):
            return
        blocked = zone_file.records(sorted(late.blocked))
        left = zone_file.records(sorted(late.open), zone_file.EXCEPTION)
        write_whole(self.recent, [*_head(self.zone, found), blocked, left])
        self.late = late

    def _write_whole(self, found: Copy, now: float) -> None:
        between = zone_file.records(sorted(found.between))
        write_whole(self.path, [*_head(self.zone, found), *found.texts.values(), between])
        self.whole, self.written_at = found, now


def _late(found: Copy, blocked: Collection[str], left: Collection[str]) -> Late:
    """Of these names, those still blocked and those to leave open.

    An exception opens all below a name, so what is still listed there stands beside it; and there
    is none below a name still listed, which goes on blocking it.
    """
    gone = {name for name in left if not _blocks(found, name)}
    kept = {name for name in blocked if _blocks(found, name)}
    if gone:
        # Most lists hold hardly a name below another: counting dots spares nearly all the looks.
        fewest = min(name.count(".") for name in gone)
        every = (name for names in found.names.values() for name in names)
        below = (name for name in every if name.count(".") > fewest)
        kept.update(name for name in below if not gone.isdisjoint((name, *parents(name))))
    return Late(frozenset(kept), frozenset(gone))


def _blocks(found: Copy, name: str) -> bool:
    return any(map(found.lists, (name, *parents(name))))


def _head(zone: str, found: Copy) -> list[str]:
    return list(zone_file.lines(zone, found.serial, found.record or ["none"], ()))


def _beginning(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).decode("ascii", "replace")
    except FileNotFoundError:
        return ""


def _read(path: Path) -> Late:
    """What an earlier run left in the small file: a resolver may rely on it."""
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return Late()
    said: dict[str, set[str]] = {zone_file.BLOCK: set(), zone_file.EXCEPTION: set()}
    for owner, kind, target in (line.partition(" CNAME ") for line in lines):
        if kind and target in said and not owner.startswith("*."):
            said[target].add(owner)
    return Late(frozenset(said[zone_file.BLOCK]), frozenset(said[zone_file.EXCEPTION]))
