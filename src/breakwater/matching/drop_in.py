"""The index interface of the field's library `threatexchange`, on our engine.

Use it where PDQIndex stands: the same methods, the same answers, complete at distance 31.
Only this module needs `threatexchange`.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from threatexchange.signal_type.index import (
    IndexMatchUntyped,
    SignalSimilarityInfoWithIntDistance,
    SignalTypeIndex,
)

from breakwater.matching.pdq import MATCH_DISTANCE
from breakwater.matching.radius import RadiusIndex

BYTES = 32
T = TypeVar("T")
Match = IndexMatchUntyped[SignalSimilarityInfoWithIntDistance, T]


class BreakwaterPdqIndex(SignalTypeIndex[T]):
    """`SignalTypeIndex` for PDQ: hexadecimal hashes in, the metadata given with them out."""

    @classmethod
    def get_match_threshold(cls) -> int:
        return MATCH_DISTANCE

    def __init__(self, entries: Iterable[tuple[str, T]] = ()) -> None:
        super().__init__()
        self._metadata: list[T] = []
        self._index = RadiusIndex(radius=MATCH_DISTANCE)
        self.add_all(entries)

    def __len__(self) -> int:
        return len(self._metadata)

    def query(self, query: str) -> list[Match[T]]:
        """The entries within distance 31 of `query`, the nearest first.

        Raises:
            ValueError: the query is not 64 hexadecimal digits.
        """
        return [
            IndexMatchUntyped(SignalSimilarityInfoWithIntDistance(d), self._metadata[i])
            for i, d in self._index.near(_code(query))
        ]

    def add(self, signal_str: str, entry: T) -> None:
        self.add_all([(signal_str, entry)])

    def add_all(self, entries: Iterable[tuple[str, T]]) -> None:
        # Pair by pair: millions of pairs at once would leave their memory behind in pieces.
        codes, metadata = bytearray(), []
        for text, entry in entries:
            codes += _code(text)
            metadata.append(entry)
        if not metadata:
            return
        hashes = np.frombuffer(codes, np.uint8).reshape(-1, BYTES)
        first = len(self._metadata)
        # First, since another thread may find a hash as soon as it is in the index.
        self._metadata += metadata
        self._index.add(hashes, np.arange(first, first + len(metadata)))

    def __getstate__(self) -> dict[str, Any]:
        # Hashes are small and a segment of ten million is built in seconds; tables are not pickled.
        hashes, ids = self._index.entries()
        return {"metadata": self._metadata, "hashes": hashes, "ids": ids}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._metadata = state["metadata"]
        self._index = RadiusIndex.build(state["hashes"], state["ids"], radius=MATCH_DISTANCE)


def _code(text: str) -> bytes:
    code = bytes.fromhex(text)
    if len(code) != BYTES:
        raise ValueError(f"«{text[:80]}»: a PDQ hash has {2 * BYTES} hexadecimal digits")
    return code
