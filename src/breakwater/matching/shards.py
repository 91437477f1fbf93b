"""One index cut into several by ranges of the hash, for more hashes than one machine holds.

A shard holds the hashes whose first two bytes lie in its range, so an entry has one home whatever
the number of shards, and moving a range moves files. A perceptual query asks every shard, because
near hashes may begin differently; answers are joined, and equal those of one index.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.radius import RadiusIndex, joined
from breakwater.matching.segment import Found, Ids

PREFIXES = 1 << 16

Hashes = NDArray[np.uint8]


class Searchable(Protocol):
    """What a shard must do: a `RadiusIndex` here, or one behind a network."""

    def search(self, hashes: Hashes, radius: int | None = None) -> Found: ...


def shard_of(hashes: Hashes, shards: int) -> NDArray[np.int64]:
    """The shard, from 0, of each row of `hashes` (n, bytes)."""
    prefix = hashes[:, 0].astype(np.int64) << 8 | hashes[:, 1]
    return prefix * shards // PREFIXES


@dataclass(frozen=True, slots=True)
class ShardedIndex:
    """Several shards that answer like one index; with `pool`, they are asked at the same time."""

    shards: Sequence[Searchable]
    pool: Executor | None = None

    @classmethod
    def build(
        cls,
        hashes: Hashes,
        ids: Ids,
        shards: int,
        *,
        radius: int = 31,
        pool: Executor | None = None,
    ) -> Self:
        """Cut `hashes` (n, bytes) with `ids` (n) into as many indexes in this process."""
        home = shard_of(hashes, shards)
        parts = [np.flatnonzero(home == s) for s in range(shards)]
        return cls([RadiusIndex.build(hashes[p], ids[p], radius=radius) for p in parts], pool)

    def search(self, hashes: Hashes, radius: int | None = None) -> Found:
        """As `RadiusIndex.search`, over all shards."""
        ask = self.pool.map if self.pool else map
        return joined(
            list(ask(lambda shard: shard.search(hashes, radius), self.shards)), len(hashes)
        )
