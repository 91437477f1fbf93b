"""Comparison of PhotoDNA values that others supply; Breakwater never computes them.

A value is 144 bytes. Two values are compared by the sum of squared differences, as forensic tools
do; no distance is published as official, so the threshold is stated with every match.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import _core

LENGTH = 144
# A cautious choice: forensic tools ship larger defaults and warn of false matches.
MATCH_DISTANCE = 30_000

Values = NDArray[np.uint8]


def distance(one: bytes, other: bytes) -> int:
    """The sum of squared differences of two values. Raises ValueError for other lengths."""
    for value in (one, other):
        if len(value) != LENGTH:
            raise ValueError(f"a PhotoDNA value has {LENGTH} bytes, not {len(value)}")
    a, b = (np.frombuffer(v, np.uint8).astype(np.int64) for v in (one, other))
    return int(((a - b) ** 2).sum())


def near(
    known: Values, asked: Values, limit: int = MATCH_DISTANCE, *, threads: int = 1
) -> list[list[tuple[int, int]]]:
    """For each of `asked` (q, 144) the rows of `known` (n, 144) within `limit`, nearest first.

    Every known value is compared: 2 x 144 bytes a pair, about ten million pairs a second.
    """
    splits, rows, distances = _core.near_vectors(_values(known), _values(asked), limit, threads)
    found = []
    for i in range(len(asked)):
        part = slice(int(splits[i]), int(splits[i + 1]))
        pairs = zip(rows[part].tolist(), distances[part].tolist(), strict=True)
        found.append(sorted(pairs, key=lambda pair: (pair[1], pair[0])))
    return found


def _values(values: NDArray[Any]) -> Values:
    rows = np.ascontiguousarray(values, dtype=np.uint8)
    if rows.ndim != 2 or rows.shape[1] != LENGTH:
        raise ValueError(f"PhotoDNA values are rows of {LENGTH} bytes")
    return rows
