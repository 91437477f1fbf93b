"""A live index of perceptual hashes: add, remove, search and compact, kept in one folder.

The hashes stand in sealed segments and in a tail of the newest ones, which is scanned. A full tail
is sealed, and neighbouring segments of like size are merged, so that there are never many; removed
ids are filtered from what a search finds until a merge leaves them out. Searches read a state that
nothing changes any more, so they never wait for a writer.

On disk a state is one file that names its segments and holds the tail and the removed ids. It
replaces the one before in one step: after a kill, the old state or the new one opens.
"""

import fcntl
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import _core, container
from breakwater.matching.segment import Codes, Found, Ids, Segment, as_codes

STATE = "index.bwx"
KIND = "radius index"
# A scan of this many codes takes well under a tenth of a millisecond.
TAIL = 16_384
# A segment swallows the one before it while that is at most this many times as large.
MERGE_BELOW = 3
# A merge on the way in stays below this, so that an insert takes seconds at most; `compact` has no
# limit.
MOST_TO_MERGE = 1_000_000
# `compact` writes a segment anew when of so many entries one was removed.
DELETED_IN = 8


@dataclass(frozen=True, slots=True)
class _Sealed:
    segment: Segment
    # Removals after this moment hide entries of the segment.
    born: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    sealed: tuple[_Sealed, ...]
    codes: Codes
    ids: Ids
    tail: _core.RadiusTables
    removed: Ids
    removed_at: NDArray[np.int64]
    moment: int

    @property
    def has_tail(self) -> bool:
        return len(self.ids) > 0


class RadiusIndex:
    """All entries within a radius of a query, complete, over hashes that come and go.

    One process writes; any number search, in it or in others that opened the same folder.
    """

    def __init__(self, *, bits: int = 256, radius: int = 31, threads: int = 1) -> None:
        if bits not in (64, 128, 256, 512):
            raise ValueError("hashes have 64, 128, 256 or 512 bits")
        self.words, self.radius, self.threads = bits // 64, radius, threads
        self._writing = threading.RLock()
        self._folder: Path | None = None
        self.mark = ""
        self._read_from: tuple[int, int] | None = None
        self._state = self._with_tail(
            _State((), *self._no_entries(), self._tables(self._no_entries()[0]), *_nothing_removed(), 0),
            *self._no_entries(),
        )  # fmt: skip

    @classmethod
    def build(
        cls, hashes: NDArray[np.uint8], ids: Ids, *, radius: int = 31, threads: int = 1
    ) -> Self:
        """An index of `hashes` (n, bytes) with `ids` (n), in one segment."""
        codes = as_codes(hashes)
        index = cls(bits=codes.shape[1] * 64, radius=radius, threads=threads)
        segment = Segment.build(codes, ids, radius, threads=threads)
        index._state = replace(index._state, sealed=(_Sealed(segment, 0),))
        return index

    def __len__(self) -> int:
        """Entries, those removed but not yet left out by a merge among them."""
        return sum(len(s.segment) for s in self._state.sealed) + len(self._state.ids)

    # --- searching

    def search(
        self, hashes: NDArray[np.uint8], radius: int | None = None, *, threads: int = 1
    ) -> Found:
        """The entries within `radius` (the index's own unless given) of each row of `hashes`."""
        state, limit = self._state, self.radius if radius is None else radius
        queries = as_codes(hashes)
        parts = []
        for sealed in state.sealed:
            found = sealed.segment.search(queries, limit, threads=threads)
            parts.append(_without_removed(found, state, sealed.born))
        if state.has_tail:
            splits, positions, distances, _ = state.tail.search(queries, limit, threads, True)
            parts.append(Found(splits, state.ids[positions], distances))
        return joined(parts, len(queries))

    def near(self, value: bytes, radius: int | None = None) -> list[tuple[int, int]]:
        """Pairs of id and distance for one hash, the nearest first."""
        state, limit = self._state, self.radius if radius is None else radius
        if len(state.removed) or len(value) != 8 * self.words:
            return self.search(np.frombuffer(value, np.uint8)[None, :], radius).of(0)
        pairs = [pair for sealed in state.sealed for pair in sealed.segment.near(value, limit)]
        if state.has_tail:
            pairs += [(int(state.ids[at]), far) for at, far in state.tail.near(value, limit)]
        return sorted(pairs, key=_nearest_first) if len(pairs) > 1 else pairs

    def newest_id(self) -> int:
        """The highest id that was ever added and not merged away; 0 for an empty index."""
        state = self._state
        tops = [
            int(ids.max())
            for ids in (*(s.segment.ids for s in state.sealed), state.ids)
            if len(ids)
        ]
        return max(tops, default=0)

    def entries(self) -> tuple[NDArray[np.uint8], Ids]:
        """Every hash with its id, the removed left out: rows of bytes and as many ids."""
        codes, ids = self._live_entries(self._state)
        return np.ascontiguousarray(codes).view(np.uint8), ids

    # --- changing

    def add(self, hashes: NDArray[np.uint8], ids: Ids | Sequence[int]) -> None:
        """Add entries; the same hash and the same id may come several times."""
        codes, new = as_codes(hashes), np.asarray(ids, dtype=np.int64)
        if codes.shape[1] != self.words or len(codes) != len(new):
            raise ValueError(
                f"{len(codes)} hashes of {codes.shape[1] * 64} bits with {len(new)} ids; "
                f"the index holds hashes of {self.words * 64} bits"
            )
        with self._writing:
            state = self._state
            moment = state.moment + 1
            codes = np.concatenate([state.codes, codes])
            new = np.concatenate([state.ids, new])
            if len(new) < TAIL:
                self._state = replace(self._with_tail(state, codes, new), moment=moment)
                return
            segment = Segment.build(codes, new, self.radius, threads=self.threads)
            sealed = self._merged((*state.sealed, _Sealed(segment, moment)), state, MOST_TO_MERGE)
            empty = self._with_tail(state, *self._no_entries())
            self._state = replace(empty, sealed=sealed, moment=moment)

    def remove(self, ids: Ids | Sequence[int]) -> None:
        """Hide every entry with one of `ids`; an entry added with such an id later is seen again."""
        gone = np.unique(np.asarray(ids, dtype=np.int64))
        if not len(gone):
            return
        with self._writing:
            state = self._state
            moment = state.moment + 1
            kept = ~np.isin(state.removed, gone)
            removed = np.concatenate([state.removed[kept], gone])
            at = np.concatenate([state.removed_at[kept], np.full(len(gone), moment)])
            order = np.argsort(removed)
            stay = ~np.isin(state.ids, gone)
            tail = self._with_tail(state, state.codes[stay], state.ids[stay])
            self._state = replace(tail, removed=removed[order], removed_at=at[order], moment=moment)

    def compact(self) -> None:
        """Leave the removed out where they are many, merge what is small, and keep all the rest.

        A segment that has lost less than one in `DELETED_IN` and is large beside the newer ones
        stays as it is, so the work is in proportion to what changed. Searches go on meanwhile.
        """
        with self._writing:
            state = self._state
            sealed: tuple[_Sealed, ...] = ()
            for one in state.sealed:
                kept = self._without_its_removed(one, state)
                if len(kept.segment):
                    sealed = self._merged((*sealed, kept), state, sys.maxsize)
            # What hides nothing in a segment that stayed is forgotten.
            still = np.zeros(len(state.removed), bool)
            for one in sealed:
                hidden = one.segment.ids[_hidden(one.segment.ids, state, one.born)]
                still |= np.isin(state.removed, hidden)
            removed, at = state.removed[still], state.removed_at[still]
            self._state = replace(state, sealed=sealed, removed=removed, removed_at=at)

    def _without_its_removed(self, sealed: _Sealed, state: _State) -> _Sealed:
        ids = sealed.segment.ids
        hidden = np.count_nonzero(_hidden(ids, state, sealed.born))
        if not hidden or hidden * DELETED_IN < len(ids):
            return sealed
        codes, stay = _live(sealed, state)
        return _Sealed(Segment.build(codes, stay, self.radius, threads=self.threads), state.moment)

    def _merged(
        self, sealed: tuple[_Sealed, ...], state: _State, limit: int
    ) -> tuple[_Sealed, ...]:
        while len(sealed) > 1:
            older, newer = sealed[-2], sealed[-1]
            together = len(older.segment) + len(newer.segment)
            if len(older.segment) > MERGE_BELOW * len(newer.segment) or together > limit:
                break
            entries = [_live(s, state) for s in (older, newer)]
            codes = np.concatenate([e[0] for e in entries])
            ids = np.concatenate([e[1] for e in entries])
            merged = Segment.build(codes, ids, self.radius, threads=self.threads)
            sealed = (*sealed[:-2], _Sealed(merged, newer.born))
        return sealed

    def _live_entries(self, state: _State) -> tuple[Codes, Ids]:
        entries = [_live(s, state) for s in state.sealed] + [(state.codes, state.ids)]
        return np.concatenate([e[0] for e in entries]), np.concatenate([e[1] for e in entries])

    def _with_tail(self, state: _State, codes: Codes, ids: Ids) -> _State:
        codes = np.ascontiguousarray(codes)
        return replace(state, codes=codes, ids=ids, tail=self._tables(codes))

    def _tables(self, codes: Codes) -> _core.RadiusTables:
        return _core.RadiusTables(codes, [], self.radius)

    def _no_entries(self) -> tuple[Codes, Ids]:
        return np.empty((0, self.words), np.uint64), np.empty(0, np.int64)

    # --- keeping

    def save(self, folder: Path, mark: str = "") -> None:
        """Write the state to `folder`, segments that are not there yet first.

        `mark` is of the owner's choice, and read again with the state.

        Raises:
            BlockingIOError: another process is writing to the folder.
            OSError: the disk is full or may not be written; the state of before is still there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with self._writing, _only_writer(folder):
            state = self._state
            same = self._folder == folder
            sealed = tuple(
                s if same and s.file else _written(s, folder, state.moment, i)
                for i, s in enumerate(state.sealed)
            )
            container.write(
                folder / STATE,
                {
                    "codes": state.codes,
                    "ids": state.ids,
                    "removed": state.removed,
                    "removed_at": state.removed_at,
                },
                {
                    "kind": KIND,
                    "words": self.words,
                    "radius": self.radius,
                    "moment": state.moment,
                    "mark": mark,
                    "segments": [(s.file, s.born) for s in sealed],
                },
            )
            self._state, self._folder = replace(state, sealed=sealed), folder
            self.mark = mark
            self._read_from = _identity(folder / STATE)
            _sweep(folder, {s.file for s in sealed})

    @classmethod
    def open(cls, folder: Path, *, threads: int = 1) -> Self:
        """Map the index kept in `folder`; takes milliseconds whatever its size.

        Raises:
            FileNotFoundError: there is none.
            container.NotAnIndex, container.Damaged: as for `container.Container.open`; a segment
                that the state names and that is not there is damage too.
        """
        while True:
            seen = _identity(folder / STATE)
            try:
                return cls._opened(folder, seen, threads)
            except FileNotFoundError as fault:
                # Otherwise a writer replaced state and segments while they were being opened.
                if _identity(folder / STATE) == seen:
                    raise container.Damaged(f"{fault.filename}: is not there") from fault

    @classmethod
    def _opened(cls, folder: Path, seen: tuple[int, int], threads: int) -> Self:
        mapped = container.Container.open(folder / STATE)
        facts = mapped.facts
        if facts.get("kind") != KIND:
            raise container.NotAnIndex(f"{folder / STATE}: holds {facts.get('kind')}")
        mapped.verify()
        index = cls(bits=facts["words"] * 64, radius=facts["radius"], threads=threads)
        sealed = tuple(
            _Sealed(Segment.open(folder / file), born, file) for file, born in facts["segments"]
        )
        arrays = mapped.arrays
        state = index._with_tail(index._state, arrays["codes"], arrays["ids"])
        index._state = replace(
            state, sealed=sealed, removed=arrays["removed"], removed_at=arrays["removed_at"],
            moment=facts["moment"],
        )  # fmt: skip
        index._folder, index._read_from, index.mark = folder, seen, facts.get("mark", "")
        return index

    def refresh(self) -> bool:
        """Take over what another process saved since; false when nothing changed."""
        if self._folder is None or _identity(self._folder / STATE) == self._read_from:
            return False
        newer = type(self).open(self._folder, threads=self.threads)
        with self._writing:
            self._state, self._read_from = newer._state, newer._read_from
            self.mark = newer.mark
        return True

    def verify(self) -> None:
        """Read every byte of the kept files. Raises container.Damaged."""
        if self._folder is None:
            return
        container.Container.open(self._folder / STATE).verify()
        for sealed in self._state.sealed:
            container.Container.open(self._folder / sealed.file).verify()


def _nothing_removed() -> tuple[Ids, NDArray[np.int64]]:
    return np.empty(0, np.int64), np.empty(0, np.int64)


def _hidden(ids: Ids, state: _State, born: int) -> NDArray[np.bool_]:
    if not len(state.removed):
        return np.zeros(len(ids), bool)
    at = np.minimum(np.searchsorted(state.removed, ids), len(state.removed) - 1)
    hidden: NDArray[np.bool_] = (state.removed[at] == ids) & (state.removed_at[at] > born)
    return hidden


def _nearest_first(pair: tuple[int, int]) -> tuple[int, int]:
    return pair[1], pair[0]


def _without_removed(found: Found, state: _State, born: int) -> Found:
    if not len(found.ids) or not len(state.removed):
        return found
    hidden = _hidden(found.ids, state, born)
    if not hidden.any():
        return found
    before = np.concatenate(([0], np.cumsum(~hidden)))
    return Found(before[found.splits], found.ids[~hidden], found.distances[~hidden])


def _live(sealed: _Sealed, state: _State) -> tuple[Codes, Ids]:
    codes, ids = sealed.segment.entries()
    if not len(state.removed):
        return codes, ids
    stay = ~_hidden(ids, state, sealed.born)
    return codes[stay], ids[stay]


def joined(parts: list[Found], queries: int) -> Found:
    """One answer to the same `queries` from several indexes that share no entry."""
    filled = [p for p in parts if len(p.ids)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return Found(np.zeros(queries + 1, np.int64), np.empty(0, np.int64), np.empty(0, np.uint16))
    counts = [p.splits[1:] - p.splits[:-1] for p in filled]
    asked = np.concatenate([np.repeat(np.arange(queries), c) for c in counts])
    order = np.argsort(asked, kind="stable")
    splits = np.concatenate(([0], np.cumsum(np.sum(counts, axis=0))))
    return Found(
        splits,
        np.concatenate([p.ids for p in filled])[order],
        np.concatenate([p.distances for p in filled])[order],
    )


def _written(sealed: _Sealed, folder: Path, moment: int, place: int) -> _Sealed:
    # A name is never used twice: a process may still have an older file of that name mapped.
    name = f"segment-{moment}-{place}-{os.urandom(4).hex()}.bwx"
    sealed.segment.write(folder / name)
    return replace(sealed, file=name)


def _sweep(folder: Path, kept: set[str]) -> None:
    """Remove segments that no state names: replaced ones, and those of writers that were killed."""
    for path in [*folder.glob("segment-*.bwx"), *folder.glob(".*.part")]:
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    handle = os.open(folder / "writer.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
