"""How many tables a multi-index has, and which bits each looks at.

Two codes within distance r differ in at most r bits. Cut m disjoint runs of bits out of a code and
give run i a number of flips t_i. If the codes differed in more than t_i bits in every run i, they
would differ in at least sum(t_i + 1) bits together. So if sum(t_i + 1) >= r + 1, at least one run
differs in at most t_i bits, and looking up all keys within t_i flips of the query's in every table
i finds every code within r: no run may be missed, and none has to cover all bits. (Norouzi, Punjani,
Fleet: Fast exact search in Hamming space with multi-index hashing, 2014; the uneven flips are the
general pigeonhole principle.)
"""

import functools
from dataclasses import dataclass
from math import comb, log2

# Below this, reading all codes is faster than asking tables.
LEAST_FOR_TABLES = 8_192
MOST_KEY_BITS = 28
MOST_LOW_BITS = 5
MOST_FLIPS = 3
# A line of a table has room for 15 entries; at this mean, one in thirty spills over.
ENTRIES_PER_LINE = 10
# Codes that a scan reads in the time of fetching one line from memory.
SCANNED_PER_LINE = 10


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table on `bits` bits of the code from bit `start`, probed at up to `flips` flips.

    Keys that differ only in their last `low` bits share a line of the table.
    """

    start: int
    bits: int
    low: int
    flips: int

    @property
    def lines(self) -> int:
        """Lines that a query reads."""
        return sum(comb(self.bits - self.low, k) for k in range(self.flips + 1))

    @property
    def probes(self) -> int:
        """Keys that a query asks for."""
        return sum(comb(self.bits, k) for k in range(self.flips + 1))


def plan(count: int, code_bits: int, radius: int) -> tuple[TableSpec, ...]:
    """The tables for `count` codes of `code_bits` bits at `radius`; none where a scan is faster."""
    if count < LEAST_FOR_TABLES:
        return ()
    # Counts within an eighth of each other share a plan, so that a growing index seldom plans.
    step = 1 << max(count.bit_length() - 4, 0)
    return _best_plan(-(-count // step) * step, code_bits, radius)


@functools.lru_cache(maxsize=256)
def _best_plan(count: int, code_bits: int, radius: int) -> tuple[TableSpec, ...]:
    plans = [
        p for m in range(2, min(radius + 1, 24) + 1) if (p := _plan(m, count, code_bits, radius))
    ]
    best = min(plans, key=lambda p: cost(p, count), default=())
    return best if best and cost(best, count) * SCANNED_PER_LINE < count else ()


def cost(tables: tuple[TableSpec, ...], count: int) -> float:
    """Lines that a query is expected to fetch on codes without structure: tables' and codes'."""
    return sum((t.lines + t.probes * count / (1 << t.bits) for t in tables), 0.0)


def low_bits(bits: int, count: int) -> int:
    """How many low bits of a key share a line, so that lines are filled and rarely spill over."""
    room = log2(ENTRIES_PER_LINE * 2**bits / count)
    return max(0, min(int(room), MOST_LOW_BITS, bits - 1))


def _plan(tables: int, count: int, code_bits: int, radius: int) -> tuple[TableSpec, ...] | None:
    flips, extra = divmod(radius + 1, tables)
    # A table with no flip to its name is not needed for the proof.
    needed = [t for i in range(tables) if (t := flips - (0 if i < extra else 1)) >= 0]
    bits = [max(4, int(log2(count)) - 4)] * len(needed)
    if max(needed) > MOST_FLIPS or sum(bits) > code_bits:
        return None
    for _ in range(code_bits - sum(bits)):
        gains = [
            _cost(b, t, count) - _cost(b + 1, t, count) for b, t in zip(bits, needed, strict=True)
        ]
        best = max(range(len(gains)), key=lambda i: gains[i] if bits[i] < MOST_KEY_BITS else -1.0)
        if gains[best] <= 0 or bits[best] >= MOST_KEY_BITS:
            break
        bits[best] += 1
    starts = [sum(bits[:i]) for i in range(len(bits))]
    return tuple(
        TableSpec(start, b, low_bits(b, count), t)
        for start, b, t in zip(starts, bits, needed, strict=True)
    )


@functools.lru_cache(maxsize=8192)
def _cost(bits: int, flips: int, count: int) -> float:
    return cost((TableSpec(0, bits, low_bits(bits, count), flips),), count)
