"""vPDQ: how much of one video is in another, by the PDQ hashes of their frames.

Source: facebook/ThreatExchange, vpdq, and python-threatexchange, extensions/vpdq. There as here,
frames of low quality are left out, equal hashes count once, and a frame is found if any frame of
the other video is near.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.pdq import LEAST_QUALITY, MATCH_DISTANCE

Hashes = NDArray[np.uint8]
# Percent that must be found for a match (python-threatexchange, extensions/vpdq/vpdq_util.py).
LEAST_OF_QUERY = 80.0
LEAST_OF_REFERENCE = 0.0
_WORDS = 4  # of 64 bits in a hash
_PAIRS_AT_ONCE = 1 << 18  # 8 MB of differences


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of the query is in the reference and the other way round, in percent."""

    query: float
    reference: float

    def is_match(
        self,
        least_of_query: float = LEAST_OF_QUERY,
        least_of_reference: float = LEAST_OF_REFERENCE,
    ) -> bool:
        return self.query >= least_of_query and self.reference >= least_of_reference


def reliable(hashes: Hashes, qualities: NDArray[np.integer]) -> Hashes:
    """The different hashes (n, 32) among those of sufficient quality (n,), sorted.

    Raises:
        ValueError: the arrays have other shapes.
    """
    _check(hashes)
    if qualities.shape != hashes.shape[:1]:
        raise ValueError(f"{len(hashes)} hashes have qualities of the shape {qualities.shape}")
    kept = hashes[qualities >= LEAST_QUALITY]
    return np.unique(kept, axis=0) if len(kept) else kept


def compare(query: Hashes, reference: Hashes, *, distance: int = MATCH_DISTANCE) -> Overlap:
    """Compare the frames of two videos, each (n, 32), as `reliable` gives them.

    A video without any such frame has 0 percent in every other.

    Raises:
        ValueError: an array has another shape.
    """
    one, other = _words(query), _words(reference)
    if not len(one) or not len(other):
        return Overlap(0.0, 0.0)
    in_other = np.zeros(len(one), bool)
    in_one = np.zeros(len(other), bool)
    step = max(1, _PAIRS_AT_ONCE // len(other))
    for start in range(0, len(one), step):
        differing = np.bitwise_count(one[start : start + step, None] ^ other[None])
        near = differing.sum(axis=2, dtype=np.uint16) <= distance
        in_other[start : start + step] = near.any(axis=1)
        in_one |= near.any(axis=0)
    return Overlap(_percent(in_other), _percent(in_one))


def _percent(found: NDArray[np.bool_]) -> float:
    return int(np.count_nonzero(found)) * 100 / len(found)


def _words(hashes: Hashes) -> NDArray[np.uint64]:
    _check(hashes)
    return np.ascontiguousarray(hashes).view(np.uint64).reshape(-1, _WORDS)


def _check(hashes: Hashes) -> None:
    if hashes.ndim != 2 or hashes.shape[1] != 32 or hashes.dtype != np.uint8:
        raise ValueError(f"hashes are uint8 of (n, 32), not {hashes.dtype} of {hashes.shape}")
