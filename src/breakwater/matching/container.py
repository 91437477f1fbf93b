"""One file of named arrays: written whole or not at all, opened by mapping it.

A file is a magic, the length and checksum of a header in JSON, the header, and sections that start
at multiples of 4096 bytes. The header names each section with its type, shape, place and checksum
(XXH3, 64 bits). Opening reads the header and maps the rest, so it takes well under a millisecond
whatever the size, and all processes that open a file share one copy in memory; `verify` reads every
byte.
"""

import json
import mmap
import os
import struct
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import xxhash
from numpy.typing import NDArray

MAGIC = b"BRKWATER"
VERSION = 3
ALIGNMENT = 4096
MOST_HEADER = 1 << 20
PREFIX = struct.Struct("<8sIIQ")

AnyArray = NDArray[Any]


class NotAnIndex(ValueError):
    """The file is not an index of this version."""


class Damaged(ValueError):
    """The file says that it is an index, and its bytes are not the ones that were written."""


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int


def _place(parts: Iterable[tuple[str, Any, tuple[int, ...]]]) -> tuple[list[Section], int]:
    sections, at = [], 0
    for name, dtype, shape in parts:
        length = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        sections.append(Section(name, np.dtype(dtype).str, shape, at, length))
        at += -(-length // ALIGNMENT) * ALIGNMENT
    return sections, at


class Arena:
    """Arrays side by side in memory that asks for huge pages, in the layout of the file."""

    def __init__(self, parts: Iterable[tuple[str, Any, tuple[int, ...]]]) -> None:
        self.sections, size = _place(parts)
        # Private memory: shared anonymous memory gets no huge pages unless the system says so.
        self._memory = mmap.mmap(
            -1, max(size, ALIGNMENT), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        )
        if hasattr(mmap, "MADV_HUGEPAGE"):
            self._memory.madvise(mmap.MADV_HUGEPAGE)
        self.arrays = {s.name: _array(self._memory, s, 0) for s in self.sections}

    def write(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Write the arrays and `facts` (what JSON holds) to `path`, durably, in one step."""
        write(path, self.arrays, facts)


def _array(memory: mmap.mmap, section: Section, base: int) -> AnyArray:
    count = int(np.prod(section.shape, dtype=np.int64))
    if not count:
        return np.empty(section.shape, section.dtype)
    flat: AnyArray = np.frombuffer(
        memory, dtype=section.dtype, count=count, offset=base + section.offset
    )
    return flat.reshape(section.shape)


def write(path: Path, arrays: Mapping[str, AnyArray], facts: Mapping[str, Any]) -> None:
    """Write `arrays` with `facts` to `path`: after a kill, the old file is there or the new one.

    Raises:
        OSError: the disk is full or the folder may not be written; `path` is then as before.
    """
    sections, _ = _place((name, a.dtype, a.shape) for name, a in arrays.items())
    header = json.dumps(
        {
            "facts": dict(facts),
            "sections": [
                {
                    "name": s.name,
                    "dtype": s.dtype,
                    "shape": s.shape,
                    "offset": s.offset,
                    "length": s.length,
                    "checksum": xxhash.xxh3_64_hexdigest(_bytes(arrays[s.name])),
                }
                for s in sections
            ],
        }
    ).encode()
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False
    ) as out:
        part = Path(out.name)
        try:
            out.write(PREFIX.pack(MAGIC, VERSION, len(header), xxhash.xxh3_64_intdigest(header)))
            out.write(header)
            base = _base(len(header))
            for section in sections:
                out.seek(base + section.offset)
                out.write(_bytes(arrays[section.name]))
            out.truncate(_end(base, sections))
            out.flush()
            os.fsync(out.fileno())
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    _make_durable(path.parent)


def _bytes(array: AnyArray) -> memoryview:
    return memoryview(np.ascontiguousarray(array).data).cast("B") if array.size else memoryview(b"")


def _base(header_length: int) -> int:
    return -(-(PREFIX.size + header_length) // ALIGNMENT) * ALIGNMENT


def _end(base: int, sections: list[Section]) -> int:
    return max((base + s.offset + s.length for s in sections), default=base)


def _make_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Container:
    """A mapped file: `arrays` are read-only views on it."""

    def __init__(self, path: Path, memory: mmap.mmap, header: Mapping[str, Any], base: int) -> None:
        self.path = path
        self.facts: Mapping[str, Any] = header["facts"]
        self._checksums = {s["name"]: s["checksum"] for s in header["sections"]}
        sections = [_section(s) for s in header["sections"]]
        self.size = _end(base, sections)
        if len(memory) != self.size:
            raise Damaged(f"{path}: {len(memory)} bytes long, {self.size} were written")
        self.arrays = {s.name: _array(memory, s, base) for s in sections}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map the file at `path`.

        Raises:
            FileNotFoundError: there is none.
            NotAnIndex: it is something else, or of another version.
            Damaged: its header or its length is not what was written.
        """
        with path.open("rb") as file:
            start = file.read(PREFIX.size)
            if len(start) < PREFIX.size or not start.startswith(MAGIC):
                raise NotAnIndex(f"{path}: not an index of Breakwater")
            _, version, length, checksum = PREFIX.unpack(start)
            if version != VERSION:
                raise NotAnIndex(f"{path}: version {version}; this program reads {VERSION}")
            header = file.read(length) if length <= MOST_HEADER else b""
            if len(header) != length or xxhash.xxh3_64_intdigest(header) != checksum:
                raise Damaged(f"{path}: the header is not what was written")
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(path, memory, json.loads(header), _base(length))

    def verify(self) -> None:
        """Read every byte.

        Raises:
            Damaged: with the name of the first section that is not what was written.
        """
        for name, array in self.arrays.items():
            if xxhash.xxh3_64_hexdigest(_bytes(array)) != self._checksums[name]:
                raise Damaged(f"{self.path}: section {name} is not what was written")


def _section(said: Mapping[str, Any]) -> Section:
    return Section(
        said["name"], said["dtype"], tuple(said["shape"]), said["offset"], said["length"]
    )
