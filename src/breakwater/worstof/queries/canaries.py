"""Whose canary is this name; and whose copies a leaked file was made of."""

import gzip
import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from breakwater.worstof.models import Recipient, ZoneName
from breakwater.worstof.queries.zone import pieces
from breakwater.worstof.rules.canaries import chance_of_none
from breakwater.worstof.rules.tracing import names_and_digests


@dataclass(frozen=True)
class Found:
    """A recipient of whose canaries some are in the file."""

    recipient: Recipient
    canaries: tuple[str, ...]

    @property
    def given(self) -> int:
        return len(self.recipient.canaries)


@dataclass(frozen=True)
class Trace:
    """What a file says of its origin.

    `names` counts the listed names in it, of `listed` in all. `none_by_chance`: how likely a copy
    of that size, taken blindly out of one recipient's list, would have none of its canaries.
    """

    names: int
    listed: int
    found: tuple[Found, ...] = field(default=())

    @property
    def share(self) -> float:
        return self.names / self.listed if self.listed else 0.0

    @property
    def none_by_chance(self) -> float:
        given = Recipient.objects.order_by("-pk").values_list("canaries", flat=True)
        return chance_of_none(self.share, min(map(len, given), default=0))


def owners() -> dict[str, Recipient]:
    """Each canary that was ever given, and whose it is; closed recipients leak as well."""
    return {name: row for row in Recipient.objects.all() for name in row.canaries}


def owner_of(name: str) -> Recipient | None:
    """Whose canary this name is, if anybody's."""
    return owners().get(name.lower().strip("."))


def trace(lines: Iterable[bytes]) -> Trace:
    """Say whose copies a file was made of, whatever its form and however dirty its lines are."""
    words = set(names_and_digests(lines))
    found: dict[int, tuple[Recipient, set[str]]] = {}
    for name, recipient in owners().items():
        if name in words or not words.isdisjoint(_digests(name)):
            found.setdefault(recipient.pk, (recipient, set()))[1].add(name)
    rows = (Found(recipient, tuple(sorted(names))) for recipient, names in found.values())
    most_first = sorted(rows, key=lambda row: (-len(row.canaries), row.recipient.name))
    return Trace(_listed(words), ZoneName.objects.count(), tuple(most_first))


def opened(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of a zip's files and of a gzip's content, if it is one.

    Raises:
        OSError, EOFError, zipfile.BadZipFile, zlib.error: it is damaged.
    """
    first = file.read(2)
    file.seek(0)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                with archive.open(member) as lines:
                    yield from lines
        return
    file.seek(0)
    if first == b"\x1f\x8b":
        with gzip.open(file) as unpacked:
            yield from unpacked
    else:
        yield from file


def _digests(name: str) -> set[str]:
    """A name as feeds hash it: MISP's `hashes.csv` has the MD5 of each value."""
    value = name.encode()
    algorithms = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    return {made(value, usedforsecurity=False).hexdigest() for made in algorithms}


def _listed(words: set[str]) -> int:
    names = sorted(word for word in words if "." in word)
    rows = (ZoneName.objects.filter(name__in=piece).count() for piece in pieces(names))
    return sum(rows)
