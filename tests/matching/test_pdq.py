"""PDQ equals the reference implementation, bit for bit."""

import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from PIL import Image

from breakwater.matching import pdq

COUNT = 120


def scene(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """A generated picture with large shapes and some noise."""
    coarse = rng.integers(0, 256, (*rng.integers(2, 24, 2), 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    noise = rng.integers(-10, 11, smooth.shape)
    return np.clip(smooth.astype(int) + noise, 0, 255).astype(np.uint8)


def bits(vector: NDArray[np.int64]) -> bytes:
    return np.packbits(vector.astype(np.uint8)).tobytes()


def test_hashes_and_qualities_of_random_sizes_equal_the_reference() -> None:
    rng = np.random.default_rng(11)
    for _ in range(COUNT):
        picture = scene(rng, *rng.integers(64, 400, 2))
        vector, quality = pdqhash.compute(picture)
        assert pdq.hash_pixels(picture) == pdq.Pdq(bits(vector), quality), picture.shape


def test_only_bits_that_rounding_decides_may_differ_from_the_reference() -> None:
    # Pictures with fewer than 64 rows repeat rows, and some frequencies then cancel out to nothing.
    rng = np.random.default_rng(15)
    for _ in range(COUNT):
        picture = scene(rng, int(rng.integers(5, 64)), int(rng.integers(5, 400)))
        values, _ = pdqhash.compute_float(picture)
        reference = values > np.sort(values)[127]
        ours = np.unpackbits(np.frombuffer(pdq.hash_pixels(picture).value, np.uint8)).astype(bool)
        doubtful = np.abs(values[ours != reference] - np.sort(values)[127])
        assert (doubtful < 1e-4 * np.abs(values).max()).all(), (picture.shape, doubtful)


def test_the_eight_turns_equal_the_reference_in_its_order() -> None:
    rng = np.random.default_rng(12)
    for _ in range(10):
        picture = scene(rng, *rng.integers(64, 300, 2))
        vectors, quality = pdqhash.compute_dihedral(picture)
        assert pdq.turns(picture) == [pdq.Pdq(bits(v), quality) for v in vectors]


@pytest.mark.parametrize("turn", range(8))
def test_a_turned_picture_has_the_hash_that_its_turn_promises(turn: int) -> None:
    picture = scene(np.random.default_rng(13), 256, 256)
    turned = [
        picture, np.rot90(picture), np.rot90(picture, 2), np.rot90(picture, 3),
        picture[::-1], picture[:, ::-1], picture.transpose(1, 0, 2),
        np.rot90(picture, 2).transpose(1, 0, 2),
    ][turn]  # fmt: skip
    found = pdq.hash_pixels(turned).value
    distances = [pdq.distance(found, promised.value) for promised in pdq.turns(picture)]
    assert distances[turn] == min(distances) < 40 < sorted(distances)[1]


def test_grey_and_four_channel_pictures_hash_like_their_colours() -> None:
    picture = scene(np.random.default_rng(14), 200, 300)
    grey = picture[:, :, 0]
    assert pdq.hash_pixels(grey) == pdq.hash_pixels(grey[:, :, None])
    four = np.dstack([picture, np.full(picture.shape[:2], 77, np.uint8)])
    assert pdq.hash_pixels(four) == pdq.hash_pixels(picture)


def test_tiny_pictures_have_no_hash() -> None:
    assert pdq.hash_pixels(np.full((4, 100, 3), 9, np.uint8)) == pdq.Pdq(bytes(32), 0)


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="pixels are bytes"):
        pdq.hash_pixels(np.zeros((10, 10, 3), np.float32))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="channels"):
        pdq.hash_pixels(np.zeros((10, 10, 2), np.uint8))


def test_distance_counts_differing_bits() -> None:
    assert pdq.distance(b"\x00\xff", b"\x01\x0f") == 5
    with pytest.raises(ValueError, match="cannot be compared"):
        pdq.distance(b"a", b"ab")
