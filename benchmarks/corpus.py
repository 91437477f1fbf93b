"""Hashes to search: uniform ones, which flatter a multi-index, and those of generated scenes.

A scene is a generated grey picture of shapes, gradients and grain at 64 x 64 pixels; an edit changes
brightness, contrast, grain, sharpness, framing or covers a corner. Up to a million clustered hashes
are PDQ of such pictures, ten edits of each scene. Beyond that, the bits that an edit of one scene
changed are changed in random hashes, ten times each: unrelated pictures share no bits that can be
told.
"""

import tempfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import pdq

Codes = NDArray[np.uint64]
Pictures = NDArray[np.float32]

SIDE = 64
EDITS = 10
MOST_SCENES = 100_000
QUERIES = 2_000
BATCH = 1_000
KEPT = Path(tempfile.gettempdir()) / "breakwater-bench"


def described(name: str, count: int) -> str:
    made = MOST_SCENES * EDITS
    beyond = f", {made:,} of them of made pictures" if name == "clustered" and count > made else ""
    return f"{count:,} {name} hashes{beyond}"


def uniform(count: int, seed: int = 1) -> Codes:
    return np.random.default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


def queries_near(codes: Codes, count: int, seed: int = 2) -> tuple[Codes, NDArray[np.int64]]:
    """Queries at 0 to 31 flips from known codes, and the rows of those."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(codes), count)
    asked = codes[rows].copy()
    for query, flips in zip(asked, rng.integers(0, 32, count), strict=True):
        for bit in rng.choice(256, flips, replace=False):
            query[bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
    return asked, rows


def clustered(count: int, seed: int = 3) -> tuple[Codes, Codes]:
    """`count` hashes of edited scenes, and 2,000 queries: further edits of the same scenes."""
    scenes, edits = _made(min(MOST_SCENES, max(count // EDITS, 10)), seed)
    rng = np.random.default_rng(seed + 1)
    codes, further = edits[:, :EDITS].reshape(-1, 4), edits[:, EDITS]
    if count <= len(codes):
        return codes[:count], further[rng.integers(0, count // EDITS, QUERIES)]
    masks = (edits ^ scenes[:, None]).reshape(-1, 4)
    base = uniform(-(-(count - len(codes)) // EDITS), seed + 2)
    more = np.repeat(base, EDITS, axis=0)[: count - len(codes)]
    more ^= masks[rng.integers(0, len(masks), len(more))]
    half = QUERIES // 2
    asked = [
        further[rng.integers(0, len(further), half)],
        base[rng.integers(0, len(base), half)] ^ masks[rng.integers(0, len(masks), half)],
    ]
    return np.concatenate([codes, more]), np.concatenate(asked)


def _made(scenes: int, seed: int) -> tuple[Codes, Codes]:
    """Hashes of scenes (n, 4) and of eleven edits of each (n, 11, 4), kept for the next process."""
    # Another version of this file makes other hashes.
    version = zlib.crc32(Path(__file__).read_bytes())
    path = KEPT / f"scenes-{scenes}-{seed}-{version:08x}.npz"
    if not path.exists():
        found = _hashed(scenes, np.random.default_rng(seed))
        path.parent.mkdir(exist_ok=True)
        np.savez(path, scenes=found[0], edits=found[1])
    with np.load(path) as kept:
        return kept["scenes"], kept["edits"]


def _hashed(scenes: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
    hashes, edits = [], []
    for first in range(0, scenes, BATCH):
        pictures = _scenes(min(BATCH, scenes - first), rng)
        hashes.append(_hashes(pictures))
        edited = [_hashes(_edited(pictures, rng)) for _ in range(EDITS + 1)]
        edits.append(np.stack(edited, axis=1))
    return np.concatenate(hashes), np.concatenate(edits)


def _scenes(count: int, rng: np.random.Generator) -> Pictures:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    slope = rng.normal(0, 60, (count, 2, 1, 1)).astype(np.float32)
    found = 128 + slope[:, 0] * (x - 0.5) + slope[:, 1] * (y - 0.5)
    for _ in range(8):
        cx, cy = rng.random((2, count, 1, 1), dtype=np.float32)
        width, height = rng.uniform(0.05, 0.4, (2, count, 1, 1)).astype(np.float32)
        light = rng.normal(0, 70, (count, 1, 1)).astype(np.float32)
        edge = np.abs(x - cx) / width + np.abs(y - cy) / height
        found += light * np.clip(3 - 3 * edge, 0, 1)
    return found + rng.normal(0, 6, found.shape).astype(np.float32)


def _edited(pictures: Pictures, rng: np.random.Generator) -> Pictures:
    count = len(pictures)
    kind = rng.integers(0, 5)
    if kind == 0:
        gain = rng.uniform(0.6, 1.4, (count, 1, 1)).astype(np.float32)
        return 128 + gain * (pictures - 128) + rng.normal(0, 25, (count, 1, 1)).astype(np.float32)
    if kind == 1:
        return pictures + rng.normal(0, rng.uniform(3, 25), pictures.shape).astype(np.float32)
    if kind == 2:
        return sum(np.roll(pictures, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1)) / 9
    if kind == 3:
        keep = SIDE - int(rng.integers(1, 5))
        rows = np.arange(SIDE) * keep // SIDE + int(rng.integers(0, SIDE - keep + 1))
        return pictures[:, rows][:, :, rows]
    covered = pictures.copy()
    size = int(rng.integers(6, 18))
    covered[:, :size, : 2 * size] = rng.uniform(0, 255)
    return covered


def _hashes(pictures: Pictures) -> Codes:
    pixels = np.clip(pictures, 0, 255).astype(np.uint8)
    joined = b"".join(pdq.hash_pixels(p).value for p in pixels)
    return np.frombuffer(joined, np.uint64).reshape(len(pixels), 4).copy()
