"""Brings more records than memory holds into the order of their keys, by sorted runs on disk.

A B-tree that takes keys in order writes each of its pages once; in random order it writes nearly
every page with every set. Runs are whole or not there: a process that was killed begins them anew,
and gets the same records at the same places, because the order depends on the records alone.
"""

import heapq
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

# Sorted in memory at once, and read at once of each run: so many records of so many bytes. A record
# of another tool may be some hundred bytes or some hundred thousand.
RUN, RUN_BYTES = 100_000, 32 << 20
BLOCK, BLOCK_BYTES = 500, 256 << 10
# Its presence says that every run is written to its end.
# The number grows when the keys or records change: runs of an earlier release are made anew.
WHOLE = "whole-2"
_LENGTH = 4

Record = tuple[str, int, bytes]  # key, place in the order of arrival, value
T = TypeVar("T")


class BrokenRuns(Exception):
    """A run is not as it was written; make the runs anew."""


def in_parts(
    items: Iterable[T], most: int, most_bytes: int, size: Callable[[T], int]
) -> Iterator[list[T]]:
    """Give the items in lists of at most `most`, each ended by the item that fills `most_bytes`."""
    part: list[T] = []
    held = 0
    for item in items:
        part.append(item)
        held += size(item)
        if len(part) == most or held >= most_bytes:
            yield part
            part, held = [], 0
    if part:
        yield part


def _size(record: Record) -> int:
    return len(record[2])


class Runs:
    """The runs of one source, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def is_whole(self) -> bool:
        return (self._folder / WHOLE).exists()

    def write(self, records: Iterable[tuple[str, bytes]]) -> None:
        """Write all records durably, over whatever an earlier attempt has left; then `seal` them."""
        self.remove()
        self._folder.mkdir(mode=0o700)
        numbered = ((key, place, value) for place, (key, value) in enumerate(records))
        for number, run in enumerate(in_parts(numbered, RUN, RUN_BYTES, _size)):
            _write_run(self._folder / f"{number:06d}", sorted(run))
        _sync(self._folder)

    def seal(self) -> None:
        """Say that the runs are whole: when what was found while writing them is kept as well."""
        (self._folder / WHOLE).touch()
        _sync(self._folder)

    def read(self) -> Iterator[tuple[str, bytes]]:
        """Give every key and value in the order of the keys; equal keys in that of their arrival.

        Raises:
            BrokenRuns: while reading, at the first record that is not as it was written.
        """
        runs = [_read_run(path) for path in sorted(self._folder.glob("[0-9]*"))]
        return ((key, value) for key, _, value in heapq.merge(*runs))

    def remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _write_run(path: Path, run: list[Record]) -> None:
    with path.open("wb") as out:
        for part in in_parts(run, BLOCK, BLOCK_BYTES, _size):
            block = msgspec.msgpack.encode(part)
            out.write(len(block).to_bytes(_LENGTH, "little") + block)
        out.flush()
        os.fsync(out.fileno())


def _read_run(path: Path) -> Iterator[Record]:
    decoder = msgspec.msgpack.Decoder(list[Record])
    with path.open("rb") as stream:
        while head := stream.read(_LENGTH):
            block = stream.read(int.from_bytes(head, "little"))
            try:
                yield from decoder.decode(block)
            except msgspec.MsgspecError as fault:
                raise BrokenRuns(path.name) from fault


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
