"""Pictures of all kinds that Pillow reads, opened with limits, as pixels for the hash.

The pixels of a plain JPEG are handed from Pillow to the hash where they are: Pillow keeps RGB
in four bytes a pixel, exports them by the Arrow interface, and the hash leaves the fourth out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from breakwater.matching.pdq import Pdq, hash_pixels

# The largest telephone camera of today makes 199.8 million pixels; they take 800 MB.
MOST_PIXELS = 200_000_000
MOST_FRAMES = 100
# Pillow knows more kinds. Left out are those that start other programs (EPS), that have no mark of
# their own in the file (TGA), and those of one old program each.
KINDS = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "PSD", "QOI",
    "TIFF", "WEBP",
)  # fmt: skip
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# `open_picture` keeps the limit; above Pillow's own, lower one it would print a warning as well.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
# A picture whose rows lie in several blocks must be copied. This is a bound, not what is taken.
Image.core.set_block_size(1 << 30)  # type: ignore[attr-defined]  # left out of its types


class Unreadable(Exception):
    """A picture or video could not be read; the text says why, in a sentence without the name."""


Source = Path | bytes | BinaryIO


def hash_picture(
    source: Source,
    *,
    most_frames: int = MOST_FRAMES,
    most_pixels: int = MOST_PIXELS,
    upright: bool = True,
) -> list[tuple[int, Pdq]]:
    """The hash of each frame with its number; a picture that does not move has frame 0 alone.

    Raises:
        Unreadable: the file is damaged, too large or of an unknown kind.
    """
    found = frames(source, most_frames=most_frames, most_pixels=most_pixels, upright=upright)
    return [(number, hash_pixels(pixels)) for number, pixels in found]


def frames(
    source: Source,
    *,
    most_frames: int = MOST_FRAMES,
    most_pixels: int = MOST_PIXELS,
    upright: bool = True,
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Each frame's number and pixels, uint8 of (rows, columns, 4); the fourth means nothing.

    The pixels are valid until the next frame is asked for. Later frames are left out when all
    together would be more than `most_pixels`. With `upright`, the picture is turned as its EXIF
    orientation asks, as people see it; threatexchange hashes it as it is stored.

    Raises:
        Unreadable: the file is damaged, too large or of an unknown kind. Frames before the
            damage have been given out by then.
    """
    picture = open_picture(source, most_pixels=most_pixels)
    left = most_pixels
    with picture:
        for number in range(most_frames):
            if number and not _seek(picture, number):
                return
            area = _checked_area(picture, most_pixels)
            if area > left:
                return
            left -= area
            with _faults():
                pixels = pixels_of(_turned(picture) if upright else picture)
            yield number, pixels


def open_picture(source: Source, *, most_pixels: int = MOST_PIXELS) -> Image.Image:
    """Read the header alone; the pixels are decoded when they are asked for.

    Raises:
        Unreadable: the kind is unknown, the header damaged or the picture too large.
    """
    with _faults():
        picture = Image.open(BytesIO(source) if isinstance(source, bytes) else source, "r", KINDS)
    try:
        _checked_area(picture, most_pixels)
    except Unreadable:
        picture.close()
        raise
    return picture


def pixels_of(picture: Image.Image) -> NDArray[np.uint8]:
    """The picture in RGB as uint8 of (rows, columns, 4), where Pillow holds it if that is possible.

    Transparency is left out, as Pillow's `convert("RGB")` does it.
    """
    if picture.mode.startswith("I"):
        picture = _high_byte(picture)
    if picture.mode == "P":
        # To RGB, Pillow would warn about transparent palettes; the colours are the same.
        picture = picture.convert("RGBA")
    elif picture.mode not in ("RGB", "RGBA", "RGBX"):
        picture = picture.convert("RGB")
    picture.load()
    shape = (picture.height, picture.width, 4)
    values = pa.array(picture).flatten().to_numpy(zero_copy_only=True)
    found: NDArray[np.uint8] = values.reshape(shape)
    return found


def _high_byte(picture: Image.Image) -> Image.Image:
    """Grey of 16 bits in 8. Pillow's own conversion makes all but the darkest 255 white."""
    values = np.asarray(picture)
    if values.max(initial=0) <= 255:
        return picture.convert("L")
    return Image.fromarray((np.clip(values, 0, 65535) >> 8).astype(np.uint8))


def _turned(picture: Image.Image) -> Image.Image:
    picture.load()
    try:
        turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 – damaged EXIF raises many things, and the picture is whole
        turn = None
    return picture.transpose(turn) if turn is not None else picture


def _seek(picture: Image.Image, number: int) -> bool:
    """Go to a frame; False if the picture has no such frame."""
    with _faults():
        try:
            picture.seek(number)
        except EOFError:
            return False
    return True


def _checked_area(picture: Image.Image, most_pixels: int) -> int:
    area = picture.width * picture.height
    if area > most_pixels:
        raise Unreadable(
            f"The picture has {picture.width} x {picture.height} pixels; "
            f"at most {most_pixels} are read."
        )
    return area


@contextmanager
def _faults() -> Iterator[None]:
    """Whatever Pillow raises, as `Unreadable`."""
    try:
        yield
    except UnidentifiedImageError as problem:
        raise Unreadable("This is not a picture of a known kind.") from problem
    except Image.DecompressionBombError as problem:
        raise Unreadable(f"The picture has more than {2 * MOST_PIXELS} pixels.") from problem
    except FileNotFoundError:
        raise
    except Exception as problem:  # a damaged file makes decoders raise nearly anything
        reason = str(problem) or type(problem).__name__
        raise Unreadable(f"The picture is damaged: {reason}.") from problem
