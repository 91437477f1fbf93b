"""Comparison of PhotoDNA values that others supply; Breakwater never computes them.

A value is 144 bytes. Two values are compared by the sum of squared differences, as forensic tools
do; no distance is published as official, so the threshold is stated with every match.

Most values are far apart, and some of their bytes tell so already: differences that are left out only
make a distance smaller. Each value has a head of 32 of its bytes, from all parts of the picture; only
where heads are near enough are values compared whole. Nothing is missed, and a value costs a scan 32
bytes in place of 144.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import _core, container

KIND = "photodna"
LENGTH = 144
# A cautious choice: forensic tools ship larger defaults and warn of false matches.
MATCH_DISTANCE = 30_000
# A value describes six rows of six cells by four numbers each; these are of all four, all over.
HEAD = np.arange(32) * 9 // 2

Values = NDArray[np.uint8]
Ids = NDArray[np.int64]
Pairs = list[tuple[int, int]]


def distance(one: bytes, other: bytes) -> int:
    """The sum of squared differences of two values. Raises ValueError for other lengths."""
    for value in (one, other):
        if len(value) != LENGTH:
            raise ValueError(f"a PhotoDNA value has {LENGTH} bytes, not {len(value)}")
    a, b = (np.frombuffer(v, np.uint8).astype(np.int64) for v in (one, other))
    return int(((a - b) ** 2).sum())


class PhotodnaTable:
    """Values with their ids and heads, in memory or mapped from one file: 184 bytes each."""

    def __init__(self, arrays: dict[str, Any], mark: str = "") -> None:
        self.arrays, self.mark = arrays, mark
        self._mapped: container.Container | None = None

    @classmethod
    def build(cls, values: NDArray[Any], ids: NDArray[Any]) -> Self:
        """A table of `values` (n, 144) with `ids` (n)."""
        rows = _values(values)
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        if len(rows) != len(ids):
            raise ValueError(f"{len(rows)} values with {len(ids)} ids")
        return cls({"values": rows, "ids": ids, "heads": _heads(rows)})

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a table from its file. Raises what `container.Container.open` raises."""
        mapped = container.Container.open(path)
        if mapped.facts.get("kind") != KIND:
            raise container.NotAnIndex(f"{path}: holds {mapped.facts.get('kind')}, not {KIND}")
        table = cls(mapped.arrays, mapped.facts.get("mark", ""))
        table._mapped = mapped
        return table

    def write(self, path: Path, mark: str = "") -> None:
        """Write the table durably and in one step, with a mark of its owner's choice."""
        container.write(path, self.arrays, {"kind": KIND, "mark": mark})

    def verify(self) -> None:
        """Read every byte of the file behind the table. Raises container.Damaged."""
        if self._mapped:
            self._mapped.verify()

    def __len__(self) -> int:
        return len(self.arrays["ids"])

    def pairs(self) -> tuple[Values, Ids]:
        """Every value with its id, as they were given."""
        return self.arrays["values"], self.arrays["ids"]

    def near(
        self, asked: NDArray[Any], limit: int = MATCH_DISTANCE, *, threads: int = 1
    ) -> list[Pairs]:
        """For each of `asked` (q, 144) the (id, distance) of all within `limit`, nearest first."""
        wanted = _values(asked)
        splits, rows, distances = _core.near_vectors(
            self.arrays["values"], self.arrays["heads"], wanted, _heads(wanted), limit, threads
        )
        ids = self.arrays["ids"][rows]
        found = []
        for i in range(len(wanted)):
            part = slice(int(splits[i]), int(splits[i + 1]))
            pairs = zip(ids[part].tolist(), distances[part].tolist(), strict=True)
            found.append(sorted(pairs, key=lambda pair: (pair[1], pair[0])))
        return found


def near(
    known: NDArray[Any], asked: NDArray[Any], limit: int = MATCH_DISTANCE, *, threads: int = 1
) -> list[Pairs]:
    """For each of `asked` the (row of `known`, distance) of all within `limit`, nearest first."""
    return PhotodnaTable.build(known, np.arange(len(known))).near(asked, limit, threads=threads)


def _heads(values: Values) -> Values:
    return np.ascontiguousarray(values[:, HEAD])


def _values(values: NDArray[Any]) -> Values:
    rows = np.ascontiguousarray(values, dtype=np.uint8)
    if rows.ndim != 2 or rows.shape[1] != LENGTH:
        raise ValueError(f"PhotoDNA values are rows of {LENGTH} bytes")
    return rows
