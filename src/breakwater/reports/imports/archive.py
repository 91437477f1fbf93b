"""Opens ZIP archives from outside without believing what they say of themselves."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

MAX_ENTRIES = 200_000
MAX_DIRECTORY = 40 * 1024 * 1024
MAX_RATIO = 250
RATIO_FROM = 64 * 1024 * 1024  # smaller members may be as repetitive as they like
TOTAL_RATIO = 100
TOTAL_FROM = 2 * 1024 * 1024 * 1024

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)
_ENCRYPTED = 0x1
_END = b"PK\5\6"
_END64 = b"PK\6\6"
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,  # includes names that are not the encoding they claim
    NotImplementedError,
    RuntimeError,
    OverflowError,
    KeyError,
)
"""What the standard library raises for archives that are damaged or forged."""


class BadArchive(Exception):
    """An archive or a member that is not read; `code` says what to do about it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass
class Budget:
    """How many bytes an archive may still unfold to."""

    left: int


@dataclass
class Archive:
    """An opened archive. `size` is that of the archive itself."""

    zip: zipfile.ZipFile
    budget: Budget
    members: list[zipfile.ZipInfo] = field(default_factory=list)


def is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\3\4", b"PK\5\6"))


def opened(stream: BinaryIO) -> Archive:
    """Open an archive and look at its directory.

    Raises:
        BadArchive: truncated, forged, or with more in it than is read.
    """
    size = stream.seek(0, 2)
    _check_directory(stream, size)
    stream.seek(0)
    try:
        found = zipfile.ZipFile(stream)
    except BROKEN as problem:
        raise BadArchive("zip_broken", f"not a whole ZIP archive: {problem}") from problem
    members = [m for m in found.infolist() if not m.is_dir()]
    if len(members) > MAX_ENTRIES:
        raise BadArchive("zip_large", f"{len(members):,} members, at most {MAX_ENTRIES:,} are read")
    return Archive(found, Budget(TOTAL_FROM + TOTAL_RATIO * size), members)


def _check_directory(stream: BinaryIO, size: int) -> None:
    """Refuse a directory that would fill the memory before the members can be counted."""
    stream.seek(max(0, size - 66_000))
    tail = stream.read(66_000)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise BadArchive("zip_broken", "not a whole ZIP archive: its end is missing")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    at64 = tail.rfind(_END64)
    if length == 0xFFFFFFFF and 0 <= at64 <= len(tail) - 48:
        length = int.from_bytes(tail[at64 + 40 : at64 + 48], "little")
    if min(length, size) > MAX_DIRECTORY:
        raise BadArchive("zip_large", f"its directory has {length:,} bytes, too many to read")


class Member:
    """A reader of one member that stops when the member unfolds to more than it may."""

    def __init__(self, archive: Archive, info: zipfile.ZipInfo) -> None:
        if info.flag_bits & _ENCRYPTED:
            raise BadArchive("zip_encrypted", "encrypted")
        if info.compress_type not in _METHODS:
            raise BadArchive("zip_method", f"compressed by method {info.compress_type}")
        self._budget = archive.budget
        self._limit = max(RATIO_FROM, MAX_RATIO * info.compress_size)
        self._read = 0
        try:
            self._stream = archive.zip.open(info)
        except BROKEN as problem:
            raise BadArchive("zip_broken", f"damaged: {problem}") from problem

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes.

        Raises:
            BadArchive: damaged, or a bomb.
        """
        try:
            piece = self._stream.read(size)
        except BROKEN as problem:
            raise BadArchive("zip_broken", f"damaged: {problem}") from problem
        self._read += len(piece)
        self._budget.left -= len(piece)
        if self._read > self._limit or self._budget.left < 0:
            raise BadArchive("zip_bomb", f"unfolds to more than {self._read:,} bytes")
        return piece

    def close(self) -> None:
        self._stream.close()


def names(archive: Archive) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Members with their names, which are labels: `..` and drive letters mean nothing here."""
    for info in archive.members:
        yield info.filename.replace("\\", "/"), info
