"""Several shards answer like one index."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.matching.radius import RadiusIndex
from breakwater.matching.shards import ShardedIndex, shard_of


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), shards=st.integers(1, 9), count=st.integers(0, 400))
def test_results_equal_those_of_one_index(seed: int, shards: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.integers(0, 256, 32, dtype=np.uint8)
    hashes = np.repeat(centre[None, :], count, axis=0)
    for row in hashes:
        row[rng.integers(0, 32, 4)] ^= rng.integers(0, 256, 4, dtype=np.uint8)
    ids = np.arange(count)
    whole = RadiusIndex.build(hashes, ids)
    asked = np.concatenate([centre[None, :], hashes[:3]])
    with ThreadPoolExecutor(2) as pool:
        cut = ShardedIndex.build(hashes, ids, shards, pool=pool)
        found, expected = cut.search(asked), whole.search(asked)
    assert [found.of(i) for i in range(len(asked))] == [expected.of(i) for i in range(len(asked))]


@pytest.mark.parametrize("shards", [1, 3, 7, 256])
def test_every_hash_has_one_home_and_ranges_are_in_order(shards: int) -> None:
    prefixes = np.arange(1 << 16)
    hashes = np.zeros((1 << 16, 32), np.uint8)
    hashes[:, 0], hashes[:, 1] = prefixes >> 8, prefixes & 255
    home = shard_of(hashes, shards)
    assert (np.diff(home) >= 0).all()
    assert set(home.tolist()) == set(range(shards))
    assert np.bincount(home).max() - np.bincount(home).min() <= 1
