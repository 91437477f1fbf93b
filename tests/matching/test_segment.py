"""The multi-index finds exactly what brute force finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from breakwater.matching import _core
from breakwater.matching.layout import TableSpec, plan
from breakwater.matching.segment import Segment

Codes = NDArray[np.uint64]
WORDS = (1, 2, 4, 8)


def brute_force(codes: Codes, query: Codes, radius: int) -> set[tuple[int, int]]:
    distances = np.bitwise_count(codes ^ query).sum(axis=1)
    return {(int(i), int(distances[i])) for i in np.flatnonzero(distances <= radius)}


def with_flips(codes: Codes, flips: NDArray[np.int64], rng: np.random.Generator) -> Codes:
    out = codes.copy()
    for row, count in enumerate(flips):
        for bit in rng.choice(codes.shape[1] * 64, count, replace=False):
            out[row, bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    return out


def random_codes(rng: np.random.Generator, count: int, words: int) -> Codes:
    return rng.integers(0, 2**64, (count, words), dtype=np.uint64)


@pytest.mark.parametrize("kernels", _core.kernels())
@pytest.mark.parametrize("words", WORDS)
def test_every_entry_within_the_radius_is_found_at_every_distance(words: int, kernels: str) -> None:
    rng = np.random.default_rng(words)
    codes = random_codes(rng, 30_000, words)
    radius = {1: 7, 2: 15, 4: 31, 8: 63}[words]
    segment = Segment.build(codes, np.arange(len(codes)), radius, kernels=kernels)
    assert segment.tables
    wanted = np.arange(0, radius + 2).repeat(3)
    rows = rng.integers(0, len(codes), len(wanted))
    queries = with_flips(codes[rows], wanted, rng)
    found = segment.search(queries, radius, threads=2)
    for i, query in enumerate(queries):
        assert set(found.of(i)) == brute_force(codes, query, radius), wanted[i]
        assert len(found.of(i)) == len(set(found.of(i)))


@pytest.mark.parametrize("kernels", _core.kernels())
def test_a_smaller_radius_and_a_larger_one_are_answered_exactly_too(kernels: str) -> None:
    rng = np.random.default_rng(7)
    codes = random_codes(rng, 20_000, 4)
    segment = Segment.build(codes, np.arange(len(codes)), 31, kernels=kernels)
    for radius in (0, 1, 5, 16, 30, 31, 40, 90):
        queries = with_flips(codes[:8], np.full(8, min(radius, 60)), rng)
        found = segment.search(queries, radius)
        for i, query in enumerate(queries):
            assert set(found.of(i)) == brute_force(codes, query, radius)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    centres=st.integers(1, 6),
    spread=st.integers(0, 20),
    count=st.integers(1, 600),
    radius=st.integers(0, 40),
    checked=st.integers(0, 8),
    kernels=st.sampled_from(_core.kernels()),
)
def test_clustered_sets_are_searched_completely(
    seed: int, centres: int, spread: int, count: int, radius: int, checked: int, kernels: str
) -> None:
    rng = np.random.default_rng(seed)
    middle = random_codes(rng, centres, 4)
    codes = with_flips(
        middle[rng.integers(0, centres, count)], rng.integers(0, spread + 1, count), rng
    )
    flips = [1] * 16 + [0] * 9
    tables = tuple(
        TableSpec(i * 8, 8, 2, t, (i + 1) % len(flips) * 8, checked) for i, t in enumerate(flips)
    )
    segment = Segment.build(codes, np.arange(count), 40, tables=tables, kernels=kernels)
    queries = np.concatenate([middle, codes[:3]])
    found = segment.search(queries, radius)
    for i, query in enumerate(queries):
        assert set(found.of(i)) == brute_force(codes, query, radius)


@pytest.mark.parametrize("fill", [0, 2**64 - 1])
def test_equal_codes_are_all_reported_from_one_posting_list(fill: int) -> None:
    codes = np.full((20_000, 4), fill, dtype=np.uint64)
    segment = Segment.build(codes, np.arange(100, 20_100), 31)
    assert len(segment.codes) == 1
    found = segment.search(codes[:2], 31)
    assert sorted(i for i, _ in found.of(1)) == list(range(100, 20_100))


@pytest.mark.parametrize("fill", [0, 2**64 - 1])
def test_equal_codes_are_found_at_every_distance_within_the_radius_and_none_beyond(
    fill: int,
) -> None:
    rng = np.random.default_rng(5)
    codes = np.full((9_000, 4), fill, dtype=np.uint64)
    # Others beside them, so that there are tables to ask.
    codes = np.concatenate([codes, random_codes(rng, 9_000, 4)])
    segment = Segment.build(codes, np.arange(len(codes)), 31)
    assert segment.tables
    queries = with_flips(codes[:33], np.arange(33), rng)
    found = segment.search(queries, 31)
    for distance in range(32):
        assert found.of(distance) == [(i, distance) for i in range(9_000)]
    assert found.of(32) == []


@pytest.mark.parametrize("kernels", _core.kernels())
def test_positions_that_need_more_than_three_bytes_are_found(kernels: str) -> None:
    count = 2**24 + 5_000
    # Multiples of an odd number are distinct, and neighbours differ in many bits.
    codes = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))[:, None]
    segment = Segment.build(codes, np.arange(count), 2, threads=2, kernels=kernels)
    assert segment.tables
    last = segment.codes[-4_000:]
    rows = np.arange(count - 4_000, count)
    found = segment.search(with_flips(last, np.arange(4_000) % 3, np.random.default_rng(6)), 2)
    for i, row in enumerate(rows):
        assert (int(segment.ids[row]), i % 3) in found.of(i)


def test_crowded_buckets_make_the_scan_take_over() -> None:
    rng = np.random.default_rng(3)
    # All codes share three quarters of their bits, so that most tables have one bucket.
    codes = np.zeros((20_000, 4), dtype=np.uint64)
    codes[:, 3] = rng.integers(0, 2**64, 20_000, dtype=np.uint64)
    segment = Segment.build(codes, np.arange(len(codes)), 31)
    *_, scanned = segment._core.search(codes[:5], 31, 1, False)
    assert scanned == 5
    for i, query in enumerate(codes[:5]):
        assert set(segment.search(codes[:5], 20).of(i)) == brute_force(codes, query, 20)


@settings(deadline=None)
@given(
    count=st.integers(0, 20_000_000),
    bits=st.sampled_from([64, 128, 256, 512]),
    radius=st.integers(0, 64),
)
def test_every_planned_layout_satisfies_the_proof(count: int, bits: int, radius: int) -> None:
    tables = plan(count, bits, radius)
    if not tables:
        return
    assert sum(t.flips + 1 for t in tables) >= radius + 1
    ends = [t.start + t.bits for t in tables]
    assert all(t.start >= end for t, end in zip(tables[1:], ends, strict=False))
    assert ends[-1] <= bits
    for table, after in zip(tables, tables[1:] + tables[:1], strict=True):
        assert table.check_bits <= after.bits
        assert table.check_start == after.start


@settings(max_examples=60, deadline=None)
@given(
    differing=st.lists(st.integers(0, 6), min_size=2, max_size=24),
    flips=st.lists(st.integers(-1, 3), min_size=24, max_size=24),
)
def test_some_run_is_near_enough_together_with_the_next(
    differing: list[int], flips: list[int]
) -> None:
    """The proof in `layout`: whenever the runs together differ in fewer bits than sum(t + 1)."""
    flips = flips[: len(differing)]
    if sum(differing) > sum(t + 1 for t in flips) - 1:
        return
    pairs = zip(differing, flips, differing[1:] + differing[:1], flips[1:] + flips[:1], strict=True)
    assert any(d <= t and d + after <= t + t_after + 1 for d, t, after, t_after in pairs)


def test_bits_checked_outside_of_the_next_table_are_refused() -> None:
    codes = np.zeros((10, 4), dtype=np.uint64)
    tables = (TableSpec(0, 20, 2, 1, 64, 8), TableSpec(20, 20, 2, 1, 0, 8))
    with pytest.raises(ValueError, match="lie in the key of the next"):
        Segment.build(codes, np.arange(10), 3, tables=tables)


def test_tables_that_do_not_cover_the_radius_are_refused() -> None:
    codes = np.zeros((10, 4), dtype=np.uint64)
    with pytest.raises(ValueError, match="do not cover the radius"):
        Segment.build(codes, np.arange(10), 31, tables=(TableSpec(0, 8, 2, 1),))


@pytest.mark.parametrize("kernels", _core.kernels())
@pytest.mark.parametrize("header", [15, 2**31 + 1, 2**32 - 1])
def test_a_table_that_points_outside_is_an_error_and_no_crash(header: int, kernels: str) -> None:
    rng = np.random.default_rng(5)
    codes = random_codes(rng, 20_000, 4)
    segment = Segment.build(codes, np.arange(len(codes)), 31, kernels=kernels)
    segment.arrays["lines1"][:] = header
    with pytest.raises(RuntimeError, match="damaged"):
        segment.search(codes[:50], 31)


@pytest.mark.parametrize("kernels", _core.kernels())
def test_a_spill_that_runs_over_its_end_is_an_error_and_no_crash(kernels: str) -> None:
    rng = np.random.default_rng(6)
    codes = random_codes(rng, 30_000, 4)
    codes[:, 0] &= np.uint64(~0xFFFF & (2**64 - 1))
    segment = Segment.build(codes, np.arange(len(codes)), 31, kernels=kernels)
    spill = segment.arrays["spill0"].reshape(-1, _core.LINE_WORDS)
    assert len(spill) > 1
    spill[:, 0] = 2**32 - 16 + 12
    queries = with_flips(codes[:50], np.full(50, 20), rng)
    with pytest.raises(RuntimeError, match="damaged"):
        segment.search(queries, 31)


def test_ids_of_any_size_and_sign_come_back() -> None:
    codes = np.arange(8, dtype=np.uint64).reshape(2, 4)
    segment = Segment.build(codes, np.array([-5, 2**40]), 31)
    assert segment.search(codes, 0).of(0) == [(-5, 0)]
    assert segment.search(codes, 0).of(1) == [(2**40, 0)]


def test_codes_and_ids_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="3 codes with 2 ids"):
        Segment.build(np.zeros((3, 4), np.uint64), np.arange(2), 31)
