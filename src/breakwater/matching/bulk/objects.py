"""Files in object storage, listed and read as those of a folder are.

An address is what Arrow's file systems read: `s3://bucket/folder`, `gs://…`, `file:///folder`. Keys
for a storage come from the environment, as its own tools take them; another server than Amazon's
is named by `?endpoint_override=https://…` (Arrow, "Filesystem Interface").
"""

import io
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, BinaryIO

from pyarrow import fs

from breakwater.matching.folders import Entry, Walk

# One request for each so many bytes.
_READ_AT_ONCE = 8 << 20


class BadAddress(ValueError):
    """No file system knows the address; the text says why."""


def is_address(text: str) -> bool:
    """Whether a path is an address of a storage rather than a path of this machine."""
    return "://" in text


@lru_cache(maxsize=64)
def storage(address: str) -> tuple[Any, str]:
    """The file system of an address and the path inside of it.

    Raises:
        BadAddress: its form is wrong or nothing here reads its kind.
    """
    try:
        system, path = fs.FileSystem.from_uri(address)
    except (ValueError, NotImplementedError, OSError) as problem:
        raise BadAddress(f"{address}: {problem}") from problem
    return system, path


class Listing:
    """All objects under addresses and files under paths, in the order that was given.

    Below an address the order is that of folders: by the bytes of names, so that a folder that was
    copied to a storage is read in the same order.
    """

    def __init__(self, paths: Sequence[str], skipped: os.stat_result | None = None) -> None:
        self._paths = paths
        self._skipped = skipped
        self.links = 0
        self.special = 0

    def __iter__(self) -> Iterator[Entry]:
        for path in self._paths:
            if is_address(path):
                yield from _below(path)
                continue
            walk = Walk([os.fsencode(path)], skipped=self._skipped)
            yield from walk
            self.links += walk.links
            self.special += walk.special


def _below(address: str) -> Iterator[Entry]:
    system, root = storage(address)
    prefix = address.partition("://")[0] + "://"
    # Objects are named without the options of the address.
    [found] = system.get_file_info([root])
    if found.type == fs.FileType.NotFound:
        yield Entry(os.fsencode(prefix + root), fault="There is nothing at this address.")
        return
    waiting = [iter([found])]
    while waiting:
        info = next(waiting[-1], None)
        if info is None:
            waiting.pop()
        elif info.type == fs.FileType.File:
            yield Entry(os.fsencode(prefix + info.path), info.size, store=address)
        elif info.type == fs.FileType.Directory:
            try:
                inside = system.get_file_info(fs.FileSelector(info.path))
            except OSError as problem:
                yield Entry(os.fsencode(prefix + info.path), fault=_unlisted(problem))
                continue
            waiting.append(iter(sorted(inside, key=lambda i: os.fsencode(i.path.rstrip("/")))))


def _unlisted(problem: OSError) -> str:
    return f"The folder cannot be read: {problem}."


def opened(entry: Entry) -> BinaryIO:
    """An object, to be read from its beginning or any place. Raises OSError."""
    system, _ = storage(entry.store)
    file = system.open_input_file(os.fsdecode(entry.path).partition("://")[2])
    return io.BufferedReader(file, _READ_AT_ONCE)
