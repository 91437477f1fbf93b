"""An immutable set of hashes with its tables, in memory or mapped from a file."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import _core, container
from breakwater.matching.layout import TableSpec, plan

Codes = NDArray[np.uint64]
Ids = NDArray[np.int64]
KIND = "radius"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: query i has the entries `splits[i]:splits[i + 1]` of the others."""

    splits: NDArray[np.int64]
    ids: Ids
    distances: NDArray[np.uint16]

    def of(self, query: int) -> list[tuple[int, int]]:
        """Pairs of id and distance for one query, the nearest first."""
        first, last = int(self.splits[query]), int(self.splits[query + 1])
        pairs = zip(self.ids[first:last].tolist(), self.distances[first:last].tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


def as_codes(hashes: NDArray[np.uint8]) -> Codes:
    """Rows of bytes (n, 8·w) as rows of words (n, w), without a copy where possible.

    Raises:
        ValueError: the rows are not of 8, 16, 32 or 64 bytes.
    """
    rows = np.ascontiguousarray(hashes, dtype=np.uint8)
    if rows.ndim != 2 or rows.shape[1] not in (8, 16, 32, 64):
        raise ValueError("hashes are rows of 8, 16, 32 or 64 bytes")
    return rows.view(np.uint64)


class Segment:
    """Distinct codes sorted by the key of the first table, the ids of each, and the tables."""

    def __init__(self, arrays: dict[str, Any], facts: dict[str, Any], kernels: str = "") -> None:
        self.arrays, self.facts = arrays, facts
        self.radius: int = facts["radius"]
        self.tables = tuple(TableSpec(*t) for t in facts["tables"])
        self.codes: Codes = arrays["codes"]
        self._ids: Ids = arrays["ids"]
        self._starts: NDArray[np.uint32] | None = arrays.get("starts")
        self._core = _core.RadiusTables(
            self.codes,
            [
                (*astuple(t), arrays[f"lines{i}"], arrays[f"spill{i}"])
                for i, t in enumerate(self.tables)
            ],
            self.radius,
            kernels,
        )

    @classmethod
    def build(
        cls,
        codes: Codes,
        ids: Ids,
        radius: int,
        *,
        tables: tuple[TableSpec, ...] | None = None,
        threads: int = 1,
        kernels: str = "",
    ) -> Self:
        """Arrange `codes` (n, w) with their `ids` (n) for searches up to `radius`.

        `tables` are planned from the number of codes unless given; `()` makes a segment that scans.
        """
        codes = np.ascontiguousarray(codes, dtype=np.uint64)
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        if len(ids) != len(codes):
            raise ValueError(f"{len(codes)} codes with {len(ids)} ids")
        specs = plan(len(codes), codes.shape[1] * 64, radius) if tables is None else tables
        first = specs[0] if specs else TableSpec(0, _bits_for(len(codes)), 0, 0)
        order, starts = _core.arrange(codes, first.bits, threads)
        distinct, single = len(starts) - 1, len(starts) - 1 == len(codes)
        parts: list[tuple[str, Any, tuple[int, ...]]] = [
            ("codes", np.uint64, (distinct, codes.shape[1])),
            ("ids", _id_type(ids), (len(ids),)),
        ]
        if not single:
            parts.append(("starts", np.uint32, (distinct + 1,)))
        for i, spec in enumerate(specs):
            lines = 2 ** (spec.bits - spec.low)
            parts.append((f"lines{i}", np.uint32, (lines, _core.LINE_WORDS)))
        arrays = container.Arena(parts).arrays
        _core.gather(codes, order, starts, arrays["codes"], threads)
        arrays["ids"][:] = ids.astype(_id_type(ids))[order]
        if not single:
            arrays["starts"][:] = starts
        del codes, order, starts

        def fill(share: int) -> None:
            room = np.empty(distinct, np.uint64)
            for i in range(share, len(specs), workers):
                arrays[f"spill{i}"] = _core.fill_table(
                    arrays["codes"], astuple(specs[i]), arrays[f"lines{i}"], room
                )

        workers = max(threads, 1)
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(fill, range(workers)))
        facts = {
            "kind": KIND,
            "radius": radius,
            "tables": [astuple(t) for t in specs],
        }
        return cls(arrays, facts, kernels)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a segment from its file. Raises what `container.Container.open` raises."""
        mapped = container.Container.open(path)
        if mapped.facts.get("kind") != KIND:
            raise container.NotAnIndex(f"{path}: holds {mapped.facts.get('kind')}, not {KIND}")
        return cls(mapped.arrays, dict(mapped.facts))

    def write(self, path: Path) -> None:
        """Write the segment durably and in one step."""
        container.write(path, self.arrays, self.facts)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Ids:
        return self._ids

    def search(self, queries: Codes, radius: int, *, threads: int = 1, scan: bool = False) -> Found:
        """All entries within `radius` of each of `queries` (q, w); complete for every radius.

        A radius above the one that the tables were built for is answered by a scan.
        """
        splits, positions, distances, _ = self._core.search(queries, radius, threads, scan)
        if self._starts is None:
            return Found(splits, self._ids[positions].astype(np.int64, copy=False), distances)
        return self._expanded(self._starts, splits, positions, distances)

    def near(self, query: bytes, radius: int) -> list[tuple[int, int]]:
        """Pairs of id and distance for one query of as many words as the codes, in no order.

        One query is short enough for the arrays of `search` to cost more than its search.
        """
        starts, ids = self._starts, self._ids
        pairs = self._core.near(query, radius)
        if starts is None:
            return [(int(ids[position]), distance) for position, distance in pairs]
        return [
            (int(one), distance)
            for position, distance in pairs
            for one in ids[starts[position] : starts[position + 1]]
        ]

    def _expanded(
        self,
        starts: NDArray[np.uint32],
        splits: NDArray[np.int64],
        positions: NDArray[np.uint32],
        distances: NDArray[np.uint16],
    ) -> Found:
        firsts = starts[positions].astype(np.int64)
        counts = starts[positions.astype(np.int64) + 1].astype(np.int64) - firsts
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        rows = np.arange(total) - np.repeat(ends - counts, counts) + np.repeat(firsts, counts)
        before = np.concatenate(([0], ends))
        return Found(
            before[splits].astype(np.int64),
            self._ids[rows].astype(np.int64, copy=False),
            np.repeat(distances, counts),
        )

    def entries(self) -> tuple[Codes, Ids]:
        """Every code with its id, in the segment's order."""
        if self._starts is None:
            return self.codes, self._ids.astype(np.int64)
        counts = (self._starts[1:] - self._starts[:-1]).astype(np.int64)
        return np.repeat(self.codes, counts, axis=0), self._ids.astype(np.int64)


def _bits_for(count: int) -> int:
    return min(max(count.bit_length() - 3, 4), 24)


def _id_type(ids: Ids) -> type[np.uint32] | type[np.int64]:
    return np.uint32 if len(ids) and ids.min() >= 0 and ids.max() < 2**32 else np.int64
