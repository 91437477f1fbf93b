"""What an index of a size needs: memory, disk, cores and servers, from a measurement of one core.

Memory and the time of one line of a table are measured on this machine; larger indexes are computed
from them, since a query reads a number of lines that the layout knows (`layout.cost`). Lines of
larger tables come from farther away in memory, so rates beyond the measured size are estimates.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from breakwater.matching import layout, pdq
from breakwater.matching.digests import DigestTable
from breakwater.matching.segment import Segment, as_codes

RADIUS = 31
# Above this, a key has too few bits for the tables, and building one takes minutes.
MOST_IN_SHARD = 100_000_000
# Part of a server's memory that indexes may fill; the rest is the system's and the programs'.
FILLED = 0.75
# While an index is replaced, the old and the new one are on the disk.
COPIES_ON_DISK = 2
PHOTO = (1500, 2000)
SIZES = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000)


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one core: PDQ queries a second among `hashes`, digests and photos of 3 million pixels."""

    hashes: int
    queries: float
    bytes_per_hash: float
    digests: float
    photos: float

    @property
    def seconds_per_line(self) -> float:
        return 1 / (self.queries * _lines(self.hashes))


@dataclass(frozen=True, slots=True)
class Need:
    """Of `hashes` in `shards`: bytes, and the cores and servers that answer so many queries."""

    hashes: int
    shards: int
    memory: int
    disk: int
    queries_of_core: float
    cores: int
    servers: int


def need(
    hashes: int, measured: Measured, *, queries: float, server_memory: int, server_cores: int
) -> Need:
    """What `hashes` need to answer `queries` a second on servers with so many bytes and cores."""
    shards = _up(hashes, MOST_IN_SHARD)
    # Every shard is asked every query.
    seconds = shards * _lines(_up(hashes, shards)) * measured.seconds_per_line
    memory = round(hashes * measured.bytes_per_hash)
    cores = max(1, _up(queries * seconds, 1))
    servers = max(_up(memory, server_memory * FILLED), _up(cores, server_cores))
    return Need(hashes, shards, memory, memory * COPIES_ON_DISK, 1 / seconds, cores, servers)


def measure(hashes: int = 1_000_000, *, seconds: float = 1.0, seed: int = 1) -> Measured:
    """Measure one core of this machine with random hashes, which flatter a multi-index.

    Takes about four times `seconds` and the building of the two indexes.
    """
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (hashes, 32), dtype=np.uint8)
    ids = np.arange(hashes)
    segment = Segment.build(as_codes(rows), ids, RADIUS)
    asked = rng.integers(0, 256, (1_000, 32), dtype=np.uint8)
    queries = _rate(lambda: segment.search(as_codes(asked), RADIUS), len(asked), seconds)
    table = DigestTable.build(rows, ids)
    digests = _rate(lambda: table.known(rows[:100_000]), min(hashes, 100_000), seconds)
    photo = rng.integers(0, 256, (*PHOTO, 3), dtype=np.uint8)
    photos = _rate(lambda: pdq.hash_pixels(photo), 1, seconds)
    held = sum(array.nbytes for array in segment.arrays.values())
    return Measured(hashes, queries, held / hashes, digests, photos)


def _rate(work: Callable[[], object], count: int, seconds: float) -> float:
    begin, rounds = time.perf_counter(), 0
    while (passed := time.perf_counter() - begin) < seconds or not rounds:
        work()
        rounds += 1
    return rounds * count / passed


def _lines(hashes: int) -> float:
    tables = layout.plan(hashes, 256, RADIUS)
    # Where a scan is faster there are no tables, and it reads the codes one after the other.
    return layout.cost(tables, hashes) if tables else max(hashes / layout.SCANNED_PER_LINE, 1.0)


def _up(value: float, unit: float) -> int:
    return int(-(-value // unit))
