"""PDQ equals the reference implementation, bit for bit but where the order of sums decides."""

import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from PIL import Image

from breakwater.matching import _core, pdq

COUNT = 120


def scene(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """A generated picture with large shapes and some noise."""
    coarse = rng.integers(0, 256, (*rng.integers(2, 24, 2), 3)).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    noise = rng.integers(-10, 11, smooth.shape)
    return np.clip(smooth.astype(int) + noise, 0, 255).astype(np.uint8)


def bits(vector: NDArray[np.int64]) -> bytes:
    return np.packbits(vector.astype(np.uint8)).tobytes()


def assert_is_reference(found: pdq.Pdq, pixels: NDArray[np.uint8]) -> None:
    """Equal to the reference but for bits and a step of quality that the order of sums decides."""
    values, quality = pdqhash.compute_float(pixels)
    middle = np.sort(values)[127]
    ours = np.unpackbits(np.frombuffer(found.value, np.uint8)).astype(bool)
    doubtful = np.abs(values[ours != (values > middle)] - middle)
    assert (doubtful < 1e-4 * np.abs(values).max()).all(), (pixels.shape, doubtful)
    assert abs(found.quality - quality) <= 1


def test_hashes_of_random_sizes_equal_the_reference() -> None:
    rng = np.random.default_rng(11)
    unequal = 0
    for _ in range(COUNT):
        picture = scene(rng, *rng.integers(64, 400, 2))
        found = pdq.hash_pixels(picture)
        assert_is_reference(found, picture)
        vector, _ = pdqhash.compute(picture)
        unequal += found.value != bits(vector)
    # Another processor adds in another order, and a bit of some picture stands on the edge.
    assert unequal <= COUNT // 50


@pytest.mark.parametrize("kernels", _core.kernels())
def test_all_sets_of_instructions_give_the_reference(kernels: str) -> None:
    rng = np.random.default_rng(16)
    for channels in (1, 3, 4):
        for _ in range(10):
            picture = scene(rng, *rng.integers(64, 300, 2))
            pixels = np.dstack([picture, picture[:, :, :1]])[:, :, :channels]
            [value], quality = _core.pdq(np.ascontiguousarray(pixels), False, kernels)
            seen = pixels[:, :, :3] if channels > 1 else np.repeat(pixels, 3, axis=2)
            assert_is_reference(pdq.Pdq(value.tobytes(), quality), np.ascontiguousarray(seen))


def test_only_bits_that_rounding_decides_may_differ_from_the_reference() -> None:
    # Pictures with fewer than 64 rows repeat rows, and some frequencies then cancel out to nothing.
    rng = np.random.default_rng(15)
    for _ in range(COUNT):
        picture = scene(rng, int(rng.integers(5, 64)), int(rng.integers(5, 400)))
        assert_is_reference(pdq.hash_pixels(picture), picture)


def test_the_eight_turns_equal_the_reference_in_its_order() -> None:
    rng = np.random.default_rng(12)
    unequal = 0
    for _ in range(10):
        picture = scene(rng, *rng.integers(64, 300, 2))
        vectors, quality = pdqhash.compute_dihedral(picture)
        for found, vector in zip(pdq.turns(picture), vectors, strict=True):
            assert pdq.distance(found.value, bits(vector)) <= 2
            assert abs(found.quality - quality) <= 1
            unequal += found.value != bits(vector)
    assert unequal <= 8  # all turns of one picture share a bit on the edge


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
