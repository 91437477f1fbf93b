"""The archive's perceptual hashes in searchable form, as one process holds them in memory.

Made from the database when first asked and read on from there: a million PDQ values take a second or
two and 130 MB; a million PhotoDNA values 184 MB, and only once a list that names such meets the
archive. A file beside the database would open faster and could disagree with it.
"""

import functools
from collections.abc import Iterable

import numpy as np
from django.db import connection
from django.db.models import Max
from numpy.typing import NDArray

from breakwater.matching.photodna import LENGTH, PhotodnaTable
from breakwater.matching.radius import RadiusIndex
from breakwater.reports.models import PhotodnaHash, PictureHash

READ_AT_ONCE = 100_000

Rows = NDArray[np.uint8]
Ids = NDArray[np.int64]


def _newest_in(model: type[PictureHash] | type[PhotodnaHash]) -> int:
    return model.objects.aggregate(newest=Max("id"))["newest"] or 0


def _read(
    model: type[PictureHash] | type[PhotodnaHash], after: int, width: int
) -> tuple[int, Rows, Ids]:
    """The next hashes behind number `after`, with their selectors and the last one's number."""
    found = model.objects.filter(id__gt=after).order_by("id")
    rows = list(found.values_list("id", "selector_id", "code")[:READ_AT_ONCE])
    selectors = np.array([selector for _, selector, _ in rows], np.int64)
    return rows[-1][0], rows_of((bytes(code) for _, _, code in rows), width), selectors


class PictureIndex:
    """PDQ values with the numbers of their selectors."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.index, self._newest = RadiusIndex(), 0

    def refresh(self) -> None:
        """Take in what was committed since."""
        newest = _newest_in(PictureHash)
        if newest < self._newest:  # an older copy of the database was put back
            self._forget()
        while self._newest < newest:
            self._newest, rows, selectors = _read(PictureHash, self._newest, 32)
            self.index.add(rows, selectors)


class PhotodnaIndex:
    """PhotoDNA values with the numbers of their selectors, in parts as they were read."""

    def __init__(self) -> None:
        self._parts: list[PhotodnaTable] = []
        self._newest = 0

    def near(self, asked: Rows) -> set[int]:
        """Selectors within the distance of a match of any of `asked` (q, 144)."""
        self._refresh()
        return {
            number
            for part in self._parts
            for pairs in part.near(asked, threads=2)
            for number, _ in pairs
        }

    def _refresh(self) -> None:
        newest = _newest_in(PhotodnaHash)
        if newest < self._newest:  # an older copy of the database was put back
            self._parts, self._newest = [], 0
        while self._newest < newest:
            self._newest, rows, selectors = _read(PhotodnaHash, self._newest, LENGTH)
            self._parts.append(PhotodnaTable.build(rows, selectors))


def rows_of(codes: Iterable[bytes], width: int = 32) -> Rows:
    """Hashes of `width` bytes as the rows of an array (n, width)."""
    return np.frombuffer(b"".join(codes), np.uint8).reshape(-1, width)


@functools.cache
def _index_of(database: str) -> PictureIndex:
    return PictureIndex()


@functools.cache
def _photodna_of(database: str) -> PhotodnaIndex:
    return PhotodnaIndex()


def current() -> PictureIndex:
    """This process's index of the database it works on."""
    return _index_of(str(connection.settings_dict["NAME"]))


def photodna() -> PhotodnaIndex:
    """This process's PhotoDNA values of the database it works on."""
    return _photodna_of(str(connection.settings_dict["NAME"]))


def forget() -> None:
    """Read everything anew at the next question."""
    _index_of.cache_clear()
    _photodna_of.cache_clear()
