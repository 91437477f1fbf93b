"""PhotoDNA values that others supply are compared by distance."""

import numpy as np
import pytest

from breakwater.matching import photodna


def test_every_value_within_the_limit_is_given_with_its_distance() -> None:
    rng = np.random.default_rng(1)
    known = rng.integers(0, 256, (500, photodna.LENGTH), dtype=np.uint8)
    asked = np.clip(known[:5].astype(int) + rng.integers(-12, 13, (5, 144)), 0, 255)
    found = photodna.near(known, asked.astype(np.uint8), threads=2)
    for i, pairs in enumerate(found):
        plain = [photodna.distance(k.tobytes(), asked[i].astype(np.uint8).tobytes()) for k in known]
        expected = [(n, d) for n, d in enumerate(plain) if d <= photodna.MATCH_DISTANCE]
        assert sorted(pairs) == expected
        assert pairs[0][0] == i


def test_the_largest_distance_is_counted_without_overflow() -> None:
    assert photodna.distance(bytes(144), b"\xff" * 144) == 144 * 255**2
    known, asked = np.zeros((1, 144), np.uint8), np.full((1, 144), 255, np.uint8)
    assert photodna.near(known, asked, 144 * 255**2) == [[(0, 144 * 255**2)]]


def test_values_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="144 bytes, not 143"):
        photodna.distance(bytes(143), bytes(144))
    with pytest.raises(ValueError, match="rows of 144"):
        photodna.near(np.zeros((1, 143), np.uint8), np.zeros((1, 144), np.uint8))
