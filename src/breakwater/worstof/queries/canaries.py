"""Whose canary is this name; and whose copies a leaked file was made of."""

import gzip
import hashlib
import zipfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, BinaryIO

from breakwater.worstof.models import Recipient, ZoneName
from breakwater.worstof.queries import known_names
from breakwater.worstof.queries.zone import pieces as parts_of
from breakwater.worstof.rules.canaries import chance_of_none
from breakwater.worstof.rules.guards import form_fault, guards_for
from breakwater.worstof.rules.tracing import names_and_digests

# A million names as STIX, the widest form, are some 600 MB.
MOST_UNPACKED = 2 * 1024**3
_PIECE, _OVERLAP = 1024 * 1024, 512  # bytes
_BATCH = 100_000  # words


class TooMuch(ValueError):
    """A file holds more bytes than any copy of the list: small ones can unpack to terabytes."""


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


def stands_against(canary: str) -> str:
    """Why this canary may be given to nobody, in one key; or "".

    Blocked names have met the guards, and a canary is blocked as well: neither it nor the domain
    that it stands below may be anybody else's.
    """
    if fault := form_fault(canary):
        return fault
    known = known_names.known()
    found = [*guards_for(canary, known), *guards_for(canary.partition(".")[2], known)]
    return found[0].key if found else ""


def given_to(recipient: Recipient) -> list[str]:
    """The canaries that stand in a recipient's copies: those that still meet no guard."""
    return [canary for canary in recipient.canaries if not stands_against(canary)]


def trace(pieces: Iterable[bytes]) -> Trace:
    """Say whose copies a file was made of, whatever its form and however dirty its lines are.

    What is kept meanwhile is bounded by the list and the canaries, not by the file.
    """
    whose = owners()
    telling = {word: name for name in whose for word in (name, *_digests(name))}
    canaries: set[str] = set()
    listed: set[str] = set()
    words = iter(names_and_digests(pieces))
    while batch := set(islice(words, _BATCH)):
        canaries.update(telling[word] for word in batch & telling.keys())
        listed.update(_listed(batch))
    found: dict[int, tuple[Recipient, list[str]]] = {}
    for name in sorted(canaries):
        found.setdefault(whose[name].pk, (whose[name], []))[1].append(name)
    rows = (Found(recipient, tuple(names)) for recipient, names in found.values())
    most_first = sorted(rows, key=lambda row: (-len(row.canaries), row.recipient.name))
    return Trace(len(listed), ZoneName.objects.count(), tuple(most_first))


def opened(file: BinaryIO) -> Iterator[bytes]:
    """The content of a file in pieces; of a zip's files and of a gzip's content, if it is one.

    Each piece begins with the end of the one before, so that no name is cut in two unseen.

    Raises:
        TooMuch: unpacked, it is larger than anything that is a list.
        OSError, EOFError, zipfile.BadZipFile, zlib.error: it is damaged.
    """
    first = file.read(2)
    file.seek(0)
    left = MOST_UNPACKED
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                with archive.open(member) as unpacked:
                    left = yield from _pieces(unpacked, left)
        return
    file.seek(0)
    if first == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield from _pieces(unpacked, left)
    else:
        yield from _pieces(file, left)


def _pieces(file: IO[bytes] | gzip.GzipFile, left: int) -> Generator[bytes, None, int]:
    """Give pieces of a file, then how many bytes may still come of others."""
    end = b""
    while piece := file.read(_PIECE):
        left -= len(piece)
        if left < 0:
            raise TooMuch(MOST_UNPACKED)
        yield end + piece
        end = piece[-_OVERLAP:]
    return left


def _digests(name: str) -> set[str]:
    """A name as feeds hash it: MISP's `hashes.csv` has the MD5 of each value."""
    value = name.encode()
    algorithms = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    return {made(value, usedforsecurity=False).hexdigest() for made in algorithms}


def _listed(words: set[str]) -> Iterator[str]:
    names = sorted(word for word in words if "." in word)
    for piece in parts_of(names):
        yield from ZoneName.objects.filter(name__in=piece).values_list("name", flat=True)
