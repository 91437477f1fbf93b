"""Every PDQ value of the archive in searchable form, as one process holds it in memory.

Made from `PictureHash` when first asked and read on from there: a million values take a second or
two and 130 MB. A file beside the database would open faster and could disagree with it.
"""

import functools
from collections.abc import Iterable

import numpy as np
from django.db import connection
from django.db.models import Max
from numpy.typing import NDArray

from breakwater.matching.radius import RadiusIndex
from breakwater.reports.models import PictureHash

READ_AT_ONCE = 100_000


class PictureIndex:
    """Hashes with the numbers of their selectors."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self.index, self._newest = RadiusIndex(), 0

    def refresh(self) -> None:
        """Take in what was committed since."""
        newest = PictureHash.objects.aggregate(newest=Max("id"))["newest"] or 0
        if newest < self._newest:  # an older copy of the database was put back
            self._forget()
        while self._newest < newest:
            found = PictureHash.objects.filter(id__gt=self._newest).order_by("id")
            rows = list(found.values_list("id", "selector_id", "code")[:READ_AT_ONCE])
            self.index.add(
                rows_of(bytes(code) for _, _, code in rows),
                np.array([selector for _, selector, _ in rows], np.int64),
            )
            self._newest = rows[-1][0]


def rows_of(codes: Iterable[bytes]) -> NDArray[np.uint8]:
    """Hashes of 32 bytes as the rows of an array (n, 32)."""
    return np.frombuffer(b"".join(codes), np.uint8).reshape(-1, 32)


@functools.cache
def _index_of(database: str) -> PictureIndex:
    return PictureIndex()


def current() -> PictureIndex:
    """This process's index of the database it works on."""
    return _index_of(str(connection.settings_dict["NAME"]))


def forget() -> None:
    """Make the index anew at the next question."""
    _index_of.cache_clear()
