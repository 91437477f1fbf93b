"""Everything that can be hashed of one file: digests of its bytes, PDQ of its pictures."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import kinds, pdq, pictures, videos
from breakwater.matching.pictures import Unreadable

# Larger pictures are digested, and not decoded. Videos are decoded from the disk.
LARGEST_PICTURE = 1 << 30
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to take of pictures and videos. `seconds` is the time between frames of a video."""

    video: bool = True
    turns: bool = False
    upright: bool = True
    seconds: float = videos.SECONDS
    most_frames: int = videos.MOST_FRAMES
    most_pixels: int = pictures.MOST_PIXELS


@dataclass(frozen=True, slots=True)
class FrameOfFile:
    """A hash with its place; `turn` is a name of `pdq.TURNS`, `seconds` is of videos alone."""

    frame: int
    seconds: float | None
    turn: str
    pdq: pdq.Pdq


@dataclass(slots=True)
class HashedFile:
    """`fault` says what could not be read, and is empty if all was; the rest is what was read."""

    path: bytes
    size: int | None = None
    kind: kinds.Kind | None = None
    md5: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    frames: list[FrameOfFile] = field(default_factory=list)
    fault: str = ""


def hash_file(path: bytes, wanted: Wanted) -> HashedFile:
    """Hash one file. A link is not followed, and nothing else is opened.

    Nothing of the file's content raises; what could not be read is told in `fault`.
    """
    found = HashedFile(path)
    try:
        # A pipe that somebody put there must not make this wait for a writer.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(number, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                found.fault = "This is not a plain file."
                return found
            hash_open(file, status.st_size, found, wanted)
    except OSError as problem:
        found.fault = f"The file cannot be read: {problem.strerror or problem}."
    return found


def hash_open(file: BinaryIO, size: int, found: HashedFile, wanted: Wanted) -> None:
    """Hash what was opened, of `size` bytes, into `found`. Raises OSError alone."""
    try:
        _hash_content(file, size, found, wanted)
    except Unreadable as problem:
        found.fault = str(problem)


def _hash_content(file: BinaryIO, size: int, found: HashedFile, wanted: Wanted) -> None:
    head = file.read(kinds.HEAD)
    found.kind = kinds.kind_by_bytes(head)
    keep = found.kind == "picture" and size <= LARGEST_PICTURE
    content = _digest(head, file, found, keep=keep)
    if found.kind == "other":
        _compare_with_name(found)
    elif found.kind == "video" and wanted.video:
        file.seek(0)
        _take_video(file, found, wanted)
    elif found.kind == "picture" and content is None:
        raise Unreadable(f"The picture is larger than {LARGEST_PICTURE} bytes.")
    elif content is not None:
        _take_picture(content, found, wanted)


def _digest(head: bytes, file: BinaryIO, found: HashedFile, *, keep: bool) -> bytes | None:
    """Read to the end once; the content, if it is to be kept."""
    digests = [hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")]
    kept, size, chunk = [], 0, head
    while chunk:
        for digest in digests:
            digest.update(chunk)
        size += len(chunk)
        if keep:
            kept.append(chunk)
        chunk = file.read(_CHUNK)
    found.size = size
    found.md5, found.sha1, found.sha256 = (digest.hexdigest() for digest in digests)
    return b"".join(kept) if keep else None


def _compare_with_name(found: HashedFile) -> None:
    named = kinds.kind_by_name(found.path)
    if named == "other":
        return
    if not found.size:
        raise Unreadable("The file is empty.")
    raise Unreadable(f"Its name is that of a {named}, its content is of no known kind.")


def _take_picture(content: bytes, found: HashedFile, wanted: Wanted) -> None:
    for number, pixels in pictures.frames(
        content,
        most_frames=min(wanted.most_frames, pictures.MOST_FRAMES),
        most_pixels=wanted.most_pixels,
        upright=wanted.upright,
    ):
        found.frames.extend(_hashes(number, None, pixels, wanted))


def _take_video(file: BinaryIO, found: HashedFile, wanted: Wanted) -> None:
    for frame in videos.frames(
        file,
        seconds=wanted.seconds,
        most_frames=wanted.most_frames,
        most_pixels=wanted.most_pixels,
    ):
        found.frames.extend(_hashes(frame.number, round(frame.seconds, 3), frame.pixels, wanted))


def _hashes(
    number: int, seconds: float | None, pixels: NDArray[np.uint8], wanted: Wanted
) -> Iterator[FrameOfFile]:
    found = pdq.turns(pixels) if wanted.turns else [pdq.hash_pixels(pixels)]
    for turn, one in zip(pdq.TURNS, found, strict=False):
        yield FrameOfFile(number, seconds, turn, one)
