"""How many tables a multi-index has, and which bits each looks at.

Two codes within distance r differ in at most r bits. Cut m disjoint runs of bits out of a code and
give run i a number of flips t_i. If the codes differed in more than t_i bits in every run i, they
would differ in at least sum(t_i + 1) bits together. So if sum(t_i + 1) >= r + 1, at least one run
differs in at most t_i bits, and looking up all keys within t_i flips of the query's in every table
i finds every code within r: no run may be missed, and none has to cover all bits. (Norouzi, Punjani,
Fleet: Fast exact search in Hamming space with multi-index hashing, 2014; the uneven flips are the
general pigeonhole principle.)
"""

from dataclasses import dataclass
from math import comb, log2

# Below this, reading all codes is faster than asking tables.
LEAST_FOR_TABLES = 8_192
MOST_KEY_BITS = 24
MOST_FLIPS = 3
# What looking into a bucket, comparing a candidate and scanning one code cost, in nanoseconds:
# measured on a server processor; only their proportions matter.
PROBE, CANDIDATE = 7.0, 5.0


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table on `bits` bits of the code from bit `start`, probed at up to `flips` flips."""

    start: int
    bits: int
    flips: int

    @property
    def probes(self) -> int:
        return sum(comb(self.bits, k) for k in range(self.flips + 1))


def plan(count: int, code_bits: int, radius: int) -> tuple[TableSpec, ...]:
    """The tables for `count` codes of `code_bits` bits at `radius`; none where a scan is faster."""
    if count < LEAST_FOR_TABLES:
        return ()
    plans = [p for m in range(2, 33) if (p := _even_plan(m, count, code_bits, radius))]
    best = min(plans, key=lambda p: cost(p, count), default=())
    # A scan takes about a nanosecond a code.
    return best if best and cost(best, count) < count else ()


def cost(tables: tuple[TableSpec, ...], count: int) -> float:
    """Nanoseconds that a query is expected to take on codes without structure."""
    return sum((t.probes * (PROBE + CANDIDATE * count / (1 << t.bits)) for t in tables), 0.0)


def _even_plan(
    tables: int, count: int, code_bits: int, radius: int
) -> tuple[TableSpec, ...] | None:
    flips, extra = divmod(radius + 1, tables)
    bits = min(code_bits // tables, MOST_KEY_BITS, max(int(log2(count)) + 1, 1))
    needed = [flips - (0 if i < extra else 1) for i in range(tables)]
    if bits < 4 or max(needed) > MOST_FLIPS or max(needed) >= bits:
        return None
    stride = code_bits // tables
    # A table with no flip to its name is not needed for the proof.
    return tuple(TableSpec(i * stride, bits, t) for i, t in enumerate(needed) if t >= 0)
