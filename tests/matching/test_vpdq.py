"""vPDQ compares videos as a plain double loop over their frames does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from breakwater.matching import pdq, vpdq

Hashes = NDArray[np.uint8]


def random_hashes(seed: int, count: int) -> Hashes:
    return np.random.default_rng(seed).integers(0, 256, (count, 32)).astype(np.uint8)


def flipped(row: Hashes, bits: int, rng: np.random.Generator) -> Hashes:
    """The hash with `bits` of its bits changed."""
    chosen = np.zeros(256, np.uint8)
    chosen[rng.permutation(256)[:bits]] = 1
    return row ^ np.packbits(chosen)


def plain(one: Hashes, other: Hashes, distance: int) -> float:
    found = 0
    for a in one:
        found += any(pdq.distance(a.tobytes(), b.tobytes()) <= distance for b in other)
    return found * 100 / len(one) if len(one) and len(other) else 0.0


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 40), max_size=12),
    st.integers(0, 6),
    st.integers(0, 40),
)
def test_it_equals_a_double_loop(
    seed: int, changes: list[int], strangers: int, within: int
) -> None:
    rng = np.random.default_rng(seed)
    reference = random_hashes(seed, 8)
    near = [flipped(reference[rng.integers(8)], bits, rng) for bits in changes]
    query = np.array([*near, *random_hashes(seed + 1, strangers)], np.uint8).reshape(-1, 32)
    found = vpdq.compare(query, reference, distance=within)
    assert found.query == plain(query, reference, within)
    assert found.reference == plain(reference, query, within)
    turned = vpdq.compare(reference, query, distance=within)
    assert (turned.query, turned.reference) == (found.reference, found.query)


def test_long_videos_are_compared_in_pieces_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    reference = random_hashes(6, 50)
    query = np.array([flipped(reference[i], i, rng) for i in range(50)])
    whole = vpdq.compare(query, reference)
    monkeypatch.setattr(vpdq, "_PAIRS_AT_ONCE", 120)
    assert vpdq.compare(query, reference) == whole == vpdq.Overlap(64.0, 64.0)


def test_distance_31_is_near_and_32_is_not() -> None:
    rng = np.random.default_rng(7)
    reference = random_hashes(7, 1)
    assert vpdq.compare(flipped(reference[0], 31, rng)[None], reference).query == 100
    assert vpdq.compare(flipped(reference[0], 32, rng)[None], reference).query == 0


def test_a_short_piece_of_a_long_video_is_a_match_and_the_long_one_is_not() -> None:
    film = random_hashes(8, 100)
    piece = film[20:30]
    assert vpdq.compare(piece, film) == vpdq.Overlap(100.0, 10.0)
    assert vpdq.compare(piece, film).is_match()
    assert not vpdq.compare(film, piece).is_match()
    assert vpdq.compare(film, piece).is_match(10, 100)


def test_frames_of_low_quality_and_repeated_ones_do_not_count() -> None:
    hashes = random_hashes(9, 4)[[2, 0, 1, 1, 3]]
    kept = vpdq.reliable(hashes, np.array([50, 49, 100, 100, 0]))
    assert {row.tobytes() for row in kept} == {hashes[0].tobytes(), hashes[2].tobytes()}
    assert len(kept) == 2
    assert vpdq.reliable(hashes, np.zeros(5, int)).shape == (0, 32)


def test_a_video_without_reliable_frames_is_in_no_other() -> None:
    none = np.zeros((0, 32), np.uint8)
    assert vpdq.compare(none, random_hashes(1, 3)) == vpdq.Overlap(0.0, 0.0)
    assert not vpdq.compare(none, none).is_match()


@pytest.mark.parametrize("wrong", [np.zeros((3, 31), np.uint8), np.zeros(32, np.uint8)])
def test_other_arrays_are_refused(wrong: Hashes) -> None:
    with pytest.raises(ValueError, match="hashes are uint8"):
        vpdq.compare(wrong, random_hashes(1, 1))
    with pytest.raises(ValueError, match="qualities of the shape"):
        vpdq.reliable(random_hashes(1, 2), np.zeros(3, int))
