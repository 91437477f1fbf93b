"""Hashing of pictures beside pdqhash, the reference implementation: speed, and every bit.

The pictures are generated scenes: gradients, shapes and grain. Both sides hash the same pictures
in turn, in one thread; the time of a picture is the best of five, which other work on the machine
disturbs least.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pdqhash
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.results import Figure, figure
from breakwater.matching import pdq, pictures

Pixels = NDArray[np.uint8]
PICTURES = 25
REPEATS = 5
COMPARED = {"full": 10_000, "quick": 500}
# Sums of some thousand terms in 24 bits of precision (0.06 millionths a step), in millionths.
ROUNDING = 1
NONE = "none"  # in the column of databases


def run(*, quick: bool = False, corpus: Path | None = None) -> list[Figure]:
    count = 5 if quick else PICTURES
    return [
        *(_of_corpus(corpus) if corpus else ()),
        *_alone(512, 512, count, ""),
        *_alone(2000, 1500, count, ">= 25 x pdqhash"),
        *_from_files(count),
        *_differing(COMPARED["quick" if quick else "full"], 64, 699),
        *_differing(COMPARED["quick" if quick else "full"] // 10, 5, 63),
    ]


def scene(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """A gradient in three colours, ten shapes, and grain."""
    coarse = Image.fromarray(rng.integers(0, 256, (3, 4, 3)).astype(np.uint8))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for number in range(10):
        x, y = rng.uniform(-0.2, 0.9, 2) * (width, height)
        right, below = (x, y) + rng.uniform(0.1, 0.5, 2) * (width, height)
        shape = draw.ellipse if number % 2 else draw.rectangle
        shape((x, y, right, below), fill=tuple(rng.integers(0, 256, 3).tolist()))
    grain = rng.integers(-8, 9, (height, width, 1), dtype=np.int16)
    grainy = np.asarray(picture, dtype=np.int16) + grain
    return Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))


def _reference(pixels: Pixels) -> pdq.Pdq:
    vector, quality = pdqhash.compute(pixels)
    return pdq.Pdq(np.packbits(vector.astype(np.uint8)).tobytes(), quality)


def _best(call: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _alone(width: int, height: int, count: int, limit: str) -> Iterator[Figure]:
    rng = np.random.default_rng(1)
    ours = theirs = 0.0
    for _ in range(count):
        pixels = np.asarray(scene(rng, width, height))
        ours += _best(lambda pixels=pixels: pdq.hash_pixels(pixels))  # type: ignore[misc]
        theirs += _best(lambda pixels=pixels: pdqhash.compute(pixels))  # type: ignore[misc]
    yield figure(
        f"PDQ of pixels, {width} x {height}", NONE, count / ours, "pictures/s",
        peer="pdqhash", peer_value=count / theirs, limit=limit,
    )  # fmt: skip


def _from_files(count: int) -> Iterator[Figure]:
    rng = np.random.default_rng(2)
    ours = theirs = 0.0
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            path = Path(folder) / f"{number}.jpg"
            scene(rng, 2000, 1500).save(path, quality=85)

            def by_reference(path: Path = path) -> pdq.Pdq:
                return _reference(np.asarray(Image.open(path).convert("RGB")))

            def by_us(path: Path = path) -> pdq.Pdq:
                return pictures.hash_picture(path)[0][1]

            differing += by_us().value != by_reference().value
            ours += _best(by_us)
            theirs += _best(by_reference)
    yield figure(
        "JPEG of 2000 x 1500 to PDQ", NONE, count / ours, "pictures/s",
        peer="Pillow and pdqhash", peer_value=count / theirs, limit=">= 3 x",
    )  # fmt: skip
    yield figure(
        f"hashes that differ from pdqhash, of {count} JPEG files", NONE, differing, "files",
        limit="0",
    )  # fmt: skip


def _of_corpus(folder: Path) -> Iterator[Figure]:
    """Pictures that others made, such as `pdq/data` of the reference implementation."""
    paths = [p for p in sorted(folder.rglob("*")) if p.suffix.lower() in (".jpg", ".jpeg", ".png")]
    differing = 0
    for path in paths:
        ours = pictures.hash_picture(path, upright=False)[0][1]
        differing += ours != _reference(np.asarray(Image.open(path).convert("RGB")))
    yield figure(
        f"hashes and qualities that differ from pdqhash, of {len(paths)} pictures of a corpus",
        NONE, differing, "pictures", limit="0",
    )  # fmt: skip


def _differing(count: int, least: int, most: int) -> Iterator[Figure]:
    """Every bit of generated pictures. A bit that differs must be one that rounding decides."""
    rng = np.random.default_rng(3)
    bits = qualities = furthest = 0
    unsure = 0.0
    for _ in range(count):
        width, height = rng.integers(least, most + 1, 2).tolist()
        pixels = np.asarray(scene(rng, width, height))
        ours, theirs = pdq.hash_pixels(pixels), _reference(pixels)
        if ours.value != theirs.value:
            bits += pdq.distance(ours.value, theirs.value)
            unsure = max(unsure, _from_the_median(pixels, ours.value))
        qualities += ours.quality != theirs.quality
        furthest = max(furthest, abs(ours.quality - theirs.quality))
    sizes = f"{count:,} pictures of {least} to {most} pixels a side"
    yield figure(
        f"bits that differ from pdqhash, {sizes}", NONE, bits, "bits",
        limit="0, but for the order of additions",
    )  # fmt: skip
    yield figure(
        f"furthest of them from the median, {sizes}", NONE, 1e6 * unsure,
        "millionths of the largest frequency", limit=f"below {ROUNDING}: what that order can move",
    )  # fmt: skip
    # Quality cuts floating-point steps to whole numbers; another order of additions can tip one.
    by = f"by at most {furthest}" if furthest else "by nothing"
    yield figure(f"qualities that differ {by}, {sizes}", NONE, qualities, "pictures")


def _from_the_median(pixels: Pixels, ours: bytes) -> float:
    """How far the reference's frequencies of differing bits are from the median that decides them."""
    values, _ = pdqhash.compute_float(pixels)
    median = np.sort(values)[127]
    differ = np.unpackbits(np.frombuffer(ours, np.uint8)).astype(bool) != (values > median)
    return float((np.abs(values[differ] - median) / np.abs(values).max()).max())
