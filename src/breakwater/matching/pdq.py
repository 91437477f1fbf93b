"""PDQ, the field's open perceptual hash of pictures: 256 bits and a quality of 0 to 100.

Source: the reference implementation in facebook/ThreatExchange, pdq/cpp. The blur and the reduction
to 64 x 64 pixels are linear and separable, so this computes each of the 64 rows and columns as a
weighted sum; only the order of floating-point additions differs from the reference.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import _core

# Below this quality a hash says too little to match on (python-threatexchange, PdqSignal).
LEAST_QUALITY = 50
# Two pictures within this many bits are taken for the same (python-threatexchange, PdqSignal).
MATCH_DISTANCE = 31
# In the order of `turns`.
TURNS = (
    "as it is", "turned by 90", "turned by 180", "turned by 270",
    "mirrored in x", "mirrored in y", "mirrored in the diagonal", "mirrored in the other diagonal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pdq:
    """`value` is 32 bytes; in text they stand as 64 hexadecimal digits in the same order."""

    value: bytes
    quality: int

    @property
    def is_reliable(self) -> bool:
        return self.quality >= LEAST_QUALITY

    def __str__(self) -> str:
        return self.value.hex()


def hash_pixels(pixels: NDArray[np.uint8]) -> Pdq:
    """The hash of `pixels` (rows, columns[, 1, 3 or 4 channels]); a fourth channel is left out.

    A picture with fewer than 5 rows or columns has the hash 0 and quality 0, as in the reference.

    Raises:
        ValueError: the array has another shape.
    """
    hashes, quality = _core.pdq(_picture(pixels))
    return Pdq(hashes[0].tobytes(), quality)


def turns(pixels: NDArray[np.uint8]) -> list[Pdq]:
    """The hashes of the eight turned and mirrored forms, in the order of `TURNS`."""
    hashes, quality = _core.pdq(_picture(pixels), True)
    return [Pdq(row.tobytes(), quality) for row in hashes]


def distance(one: bytes, other: bytes) -> int:
    """The number of bits in which two hashes of one length differ."""
    if len(one) != len(other):
        raise ValueError(f"hashes of {len(one)} and {len(other)} bytes cannot be compared")
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


def _picture(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    if pixels.dtype != np.uint8:
        raise ValueError(f"pixels are bytes, not {pixels.dtype}")
    return np.ascontiguousarray(pixels)
