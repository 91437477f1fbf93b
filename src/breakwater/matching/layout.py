"""How many tables a multi-index has, and which bits each looks at.

Two codes within distance r differ in at most r bits. Cut m disjoint runs of bits out of a code and
give run i a number of flips t_i, such that sum(t_i + 1) >= r + 1. Let d_i be the bits in which the
two differ in run i, and x_i = d_i - (t_i + 1): the x_i sum to r - (r + 1) at most, which is below
zero. Lay the runs in a ring. Start behind the last place where the running sum of the x_i is
highest: from there every running sum is below zero. So there is a run i with

    d_i <= t_i   and   d_i + d_(i+1) <= t_i + t_(i+1) + 1,

and so on around the ring. Looking up all keys within t_i flips of the query's in every table i finds
every code within r, and of what it finds only those need to be compared whose bits in the next run
are near enough too. Each entry of a table therefore carries some bits of the next run: at ten million
codes they leave one candidate of eighty. No run may be missed, and none has to cover all bits.
(Norouzi, Punjani, Fleet: Fast exact search in Hamming space with multi-index hashing, 2014; Qin, Xiao:
Pigeonring, 2018; the place to start is the cycle lemma of Dvoretzky and Motzkin, 1947.)
"""

import functools
from dataclasses import dataclass
from math import ceil, comb, exp, lgamma, log, log2

# Below this, reading all codes is faster than asking tables.
LEAST_FOR_TABLES = 8_192
MOST_KEY_BITS = 28
MOST_LOW_BITS = 5
MOST_FLIPS = 3
# A line of a table has room for 12 entries; at this mean, one in five spills over.
LINE_ENTRIES = 12
ENTRIES_PER_LINE = 10
# An entry is a position of 24 bits and a tag of 16: the key's low bits, bits of the next run, and what
# a position needs beyond 24.
POSITION_BITS = 24
TAG_BITS = 16
# Codes that a scan reads in the time of fetching one line from memory.
SCANNED_PER_LINE = 10


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table on `bits` bits of the code from bit `start`, probed at up to `flips` flips.

    Keys that differ only in their last `low` bits share a line of the table. Beside each entry stand
    `check_bits` bits of the code from bit `check_start`, which lie in the run of the next table.
    """

    start: int
    bits: int
    low: int
    flips: int
    check_start: int = 0
    check_bits: int = 0


def plan(count: int, code_bits: int, radius: int) -> tuple[TableSpec, ...]:
    """The tables for `count` codes of `code_bits` bits at `radius`; none where a scan is faster."""
    if count < LEAST_FOR_TABLES:
        return ()
    # Counts within an eighth of each other share a plan, so that a growing index seldom plans.
    step = 1 << max(count.bit_length() - 4, 0)
    return _best_plan(-(-count // step) * step, code_bits, radius)


@functools.lru_cache(maxsize=256)
def _best_plan(count: int, code_bits: int, radius: int) -> tuple[TableSpec, ...]:
    runs = [
        found
        for m in range(2, min(radius + 1, 24) + 1)
        if (found := _runs(m, count, code_bits, radius))
    ]
    best = min(runs, key=lambda run: _cost_of(run, count), default=())
    if not best or _cost_of(best, count) * SCANNED_PER_LINE >= count:
        return ()
    starts = [sum(bits for bits, _ in best[:i]) for i in range(len(best))]
    return tuple(
        TableSpec(
            starts[i],
            bits,
            low_bits(bits, count),
            flips,
            starts[(i + 1) % len(best)],
            check_bits(bits, best[(i + 1) % len(best)][0], count),
        )
        for i, (bits, flips) in enumerate(best)
    )


Run = tuple[int, int]  # bits, flips


def _runs(tables: int, count: int, code_bits: int, radius: int) -> tuple[Run, ...]:
    """Bits and flips of so many tables, the bits given out where they save most; none if too few."""
    most, extra = divmod(radius + 1, tables)
    # The tables with one flip more are spread over the ring: what one finds is held against the next,
    # and the fewer flips that has, the fewer candidates are left. A table with no flip to its name is
    # not needed for the proof.
    more = [(i + 1) * extra // tables > i * extra // tables for i in range(tables)]
    flips = [t for one_more in more if (t := most - (not one_more)) >= 0]
    least = min(max(4, int(log2(count)) - 5), code_bits // len(flips))
    if max(flips) > MOST_FLIPS or least < 4 or len(flips) < 2:
        return ()
    bits = [least] * len(flips)
    while (left := code_bits - sum(bits)) > 0:
        # A single bit may save nothing where two do.
        gains = [
            max(_gain(bits, flips, i, more, count) for more in (1, 2) if more <= left)
            for i in range(len(flips))
        ]
        best = max(range(len(flips)), key=gains.__getitem__)
        if gains[best] <= 0:
            break
        bits[best] += 1
    return tuple(zip(bits, flips, strict=True))


def _gain(bits: list[int], flips: list[int], i: int, more: int, count: int) -> float:
    """Lines that each of `more` bits for table i saves."""
    if bits[i] + more > MOST_KEY_BITS:
        return 0.0
    after = flips[(i + 1) % len(flips)]
    wider = _cost(bits[i] + more, flips[i], after, count)
    return (_cost(bits[i], flips[i], after, count) - wider) / more


def cost(tables: tuple[TableSpec, ...], count: int) -> float:
    """Lines that a query of `count` codes is expected to fetch: tables' and codes'."""
    return _cost_of(tuple((t.bits, t.flips) for t in tables), count)


def _cost_of(runs: tuple[Run, ...], count: int) -> float:
    """Lines that a query is expected to fetch on codes without structure: tables' and codes'."""
    after = runs[1:] + runs[:1]
    return sum(
        _cost(bits, flips, next_flips, count)
        for (bits, flips), (_, next_flips) in zip(runs, after, strict=True)
    )


@functools.lru_cache(maxsize=8192)
def _cost(bits: int, flips: int, next_flips: int, count: int) -> float:
    low = low_bits(bits, count)
    high, check = bits - low, check_bits(bits, bits, count)
    lines = sum(comb(high, k) for k in range(flips + 1)) * _lines_read(count / (1 << high))
    codes = sum(
        comb(bits, k) * count / (1 << bits) * _share_within(check, flips + next_flips + 1 - k)
        for k in range(flips + 1)
    )
    return lines + codes


@functools.lru_cache(maxsize=512)
def _lines_read(mean: float) -> float:
    """Lines that hold the entries of one line's keys, spilled over or not, at a Poisson mean."""
    likely = range(int(mean + 10 * mean**0.5) + 20)
    return sum(
        exp(n * log(mean) - mean - lgamma(n + 1)) * max(1, ceil(n / LINE_ENTRIES)) for n in likely
    )


def _share_within(bits: int, distance: int) -> float:
    """The share of random runs of `bits` bits that differ in at most `distance`."""
    return sum(comb(bits, k) for k in range(min(bits, distance) + 1)) / (1 << bits)


def low_bits(bits: int, count: int) -> int:
    """How many low bits of a key share a line, so that lines are filled and seldom spill over."""
    room = log2(ENTRIES_PER_LINE * 2**bits / count)
    return max(0, min(int(room), MOST_LOW_BITS, bits - 1))


def check_bits(bits: int, next_bits: int, count: int) -> int:
    """How many bits of the next run an entry has room for."""
    beyond = max(0, count.bit_length() - POSITION_BITS)
    return max(0, min(TAG_BITS - beyond - low_bits(bits, count), next_bits))
