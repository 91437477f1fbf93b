"""Goes through members in two passes: first what lies beside reports, then the reports.

The order matters because a report takes up the hashes of the files it names. Members
are opened one at a time and read in pieces, so the size of a delivery does not matter.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from breakwater.formats import filing, le_delivery
from breakwater.reports.imports import archive
from breakwater.reports.imports.archive import Archive, BadArchive
from breakwater.reports.imports.finds import Beside, Find, Refusal, hashed, label, reports_in

REPORT_SUFFIXES = (".json", ".xml", ".filing")
_HEAD = 64


class Stream(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Member:
    """Something that can be opened. `name` is its label, `folder` where it says it lies."""

    name: str
    folder: str
    base: str
    source: object

    def open(self) -> Stream:
        if isinstance(self.source, Path):
            return self.source.open("rb")
        if isinstance(self.source, tuple):
            return archive.Member(*self.source)
        return _Lent(self.source)  # type: ignore[arg-type]


class _Lent:
    """An uploaded file, which its owner closes."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        self.read = stream.read

    def close(self) -> None:
        """Leave it open."""


class Walk:
    """Yields finds; `seen` of `total` members are done, and `total` grows with archives."""

    def __init__(self, members: list[_Member], refused: Sequence[Refusal] = ()) -> None:
        self._members = members
        self._refused = refused
        self.total = len(members) + len(refused)
        self.seen = 0

    def __iter__(self) -> Iterator[Find]:
        for refusal in self._refused:
            self.seen += 1
            yield refusal
        yield from self._group(self._members, nested=False)

    def _group(self, members: list[_Member], *, nested: bool) -> Iterator[Find]:
        reports: list[_Member] = []
        archives: list[_Member] = []
        beside = Beside()
        for member in members:
            try:
                kind = _kind(member)
                if kind == "report":
                    reports.append(member)
                elif kind == "archive" and not nested:
                    archives.append(member)
                else:
                    yield self._measured(member, beside, nested and kind == "archive")
            except (BadArchive, OSError) as problem:
                yield self._refusal(member.name, problem)
        for member in reports:
            yield from self._report(member, beside)
        for member in archives:
            yield from self._archive(member)

    def _measured(self, member: _Member, beside: Beside, is_archive: bool) -> Find:
        if is_archive:
            raise BadArchive("zip_nested", "an archive inside of an archive")
        with closing(member.open()) as stream:
            found = hashed(member.name, stream)  # type: ignore[arg-type]
        self.seen += 1
        beside.add(member.folder, member.base, found)
        return found

    def _report(self, member: _Member, beside: Beside) -> Iterator[Find]:
        try:
            with closing(member.open()) as stream:
                data = _whole(stream)
        except (BadArchive, OSError) as problem:
            yield self._refusal(member.name, problem)
            return
        self.seen += 1
        yield from reports_in(member.name, member.folder, data, beside)

    def _archive(self, member: _Member) -> Iterator[Find]:
        self.seen += 1
        try:
            with _seekable(member) as stream:
                opened = archive.opened(stream)
                inside = _inside(member.name, opened)
                self.total += len(inside)
                if not inside:
                    yield Refusal(member.name, "an archive without any file in it", "empty")
                yield from self._group(inside, nested=True)
        except (BadArchive, OSError) as problem:
            self.seen -= 1
            yield self._refusal(member.name, problem)

    def _refusal(self, name: str, problem: BadArchive | OSError) -> Refusal:
        self.seen += 1
        if isinstance(problem, BadArchive):
            return Refusal(name, label(problem.reason, 400), problem.code)
        return Refusal(name, f"cannot be opened: {problem.strerror}", "unreadable")


def of_path(path: Path) -> Walk:
    """Walk a file, an archive or a folder with all that is below it."""
    if path.is_dir():
        return _of_folder(path)
    return Walk([_Member(label(path.name), "", path.name, path)])


def of_uploads(files: Sequence[tuple[str, BinaryIO]]) -> Walk:
    """Walk files that lie in memory, by the names their sender gave them."""
    members = []
    for name, stream in files:
        folder, _, base = name.replace("\\", "/").rpartition("/")
        members.append(_Member(label(name), folder, base, stream))
    return Walk(members)


def _of_folder(top: Path) -> Walk:
    members: list[_Member] = []
    refused: list[Refusal] = []
    for folder, folders, names in os.walk(top):
        folders.sort()
        below = Path(folder).relative_to(top).as_posix()
        below = "" if below == "." else below
        for base in sorted(names):
            path = Path(folder, base)
            name = label(f"{below}/{base}" if below else base)
            if path.is_symlink() or not path.is_file():
                refused.append(Refusal(name, "a link or device, not followed", "link"))
            else:
                members.append(_Member(name, below, base, path))
        for linked in [f for f in folders if Path(folder, f).is_symlink()]:
            refused.append(Refusal(label(linked), "a link or device, not followed", "link"))
    return Walk(members, refused)


def _inside(name: str, opened: Archive) -> list[_Member]:
    found = []
    for inner, info in archive.names(opened):
        folder, _, base = inner.rpartition("/")
        found.append(_Member(label(f"{name}/{inner}"), folder, base, (opened, info)))
    return found


def _seekable(member: _Member) -> AbstractContextManager[BinaryIO]:
    if isinstance(member.source, Path):
        return member.source.open("rb")
    return nullcontext(member.source)  # type: ignore[arg-type] # its owner closes it


def _kind(member: _Member) -> str:
    """Say whether a member is read as a report, opened as an archive, or only measured."""
    base = member.base.lower()
    if base.startswith(".") or "__macosx" in member.folder.lower():
        return "other"
    if base.endswith(REPORT_SUFFIXES):
        return "report"
    if "." in base and not base.endswith((".zip", ".txt")):
        return "other"
    with closing(member.open()) as stream:
        head = stream.read(_HEAD)
    if archive.is_archive(head) or base.endswith(".zip"):
        return "archive"
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    return "report" if start in (b"{", b"[") or head.startswith(filing.MAGIC) else "other"


def _whole(stream: Stream) -> bytes:
    limit = le_delivery.MAX_BYTES
    pieces: list[bytes] = []
    size = 0
    while piece := stream.read(1024 * 1024):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise BadArchive("size", f"more than {limit:,} bytes in one file of reports")
    return b"".join(pieces)
