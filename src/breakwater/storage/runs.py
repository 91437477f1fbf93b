"""Brings more records than memory holds into the order of their keys, by sorted runs on disk.

A B-tree that takes keys in order writes each of its pages once; in random order it writes nearly
every page with every set. Runs are whole or not there: a process that was killed begins them anew,
and gets the same records at the same places, because the order depends on the records alone.
"""

import heapq
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

RUN = 100_000  # records sorted in memory at once
BLOCK = 500  # records read at once of each run
# Its presence says that every run is written to its end.
# The number grows when the keys or records change: runs of an earlier release are made anew.
WHOLE = "whole-2"
_LENGTH = 4

Record = tuple[str, int, bytes]  # key, place in the order of arrival, value


class BrokenRuns(Exception):
    """A run is not as it was written; make the runs anew."""


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
        for number in itertools.count():
            run = sorted(itertools.islice(numbered, RUN))
            if not run:
                break
            _write_run(self._folder / f"{number:06d}", run)
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
        for first in range(0, len(run), BLOCK):
            block = msgspec.msgpack.encode(run[first : first + BLOCK])
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
