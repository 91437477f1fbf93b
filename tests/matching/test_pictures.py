"""Pictures of every kind hash as their plain RGB pixels do; what cannot be read says why."""

import csv
import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from breakwater.matching import pictures
from breakwater.matching.pdq import Pdq, distance, hash_pixels
from breakwater.matching.pictures import Unreadable
from tests.matching.test_pdq import assert_is_reference

REFERENCE = Path(__file__).parent / "reference_corpus"


def scene(seed: int, size: tuple[int, int] = (300, 200)) -> Image.Image:
    """A generated picture with large shapes and some noise."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3)).astype(np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)).astype(int)
    noisy = smooth + rng.integers(-8, 9, smooth.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pixels_of(picture: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(picture.convert("RGB"))


def only_hash(source: Any, **options: Any) -> Pdq:
    [(number, found)] = pictures.hash_picture(source, **options)
    assert number == 0
    return found


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"),
        ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "L"), ("PNG", "LA"), ("PNG", "P"), ("PNG", "1"),
        ("GIF", "P"), ("GIF", "L"), ("BMP", "RGB"), ("BMP", "P"), ("WEBP", "RGB"), ("WEBP", "RGBA"),
        ("AVIF", "RGB"), ("JPEG2000", "RGB"), ("PPM", "RGB"), ("PPM", "1"), ("QOI", "RGB"),
        ("TIFF", "RGB"), ("TIFF", "CMYK"), ("TIFF", "LAB"), ("TIFF", "P"), ("ICO", "RGBA"),
    ],
)  # fmt: skip
def test_every_kind_and_mode_hashes_like_its_plain_rgb(kind: str, mode: str) -> None:
    picture = scene(1, (256, 200))
    if mode == "LAB":
        made = Image.fromarray(np.asarray(picture.convert("YCbCr")), "YCbCr")
        made = Image.frombytes("LAB", made.size, made.tobytes())
    elif mode == "RGBA":
        made = picture.copy()
        made.putalpha(scene(2, picture.size).convert("L"))
    else:
        made = picture.convert(mode)
    data = saved(made, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = only_hash(data)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            expected = pixels_of(opened)
    except ValueError:  # LAB: Pillow itself has no way to RGB
        pytest.fail("the reference cannot convert it")
    assert_is_reference(found, expected)


def test_pictures_of_the_reference_corpus_have_their_published_hashes() -> None:
    with (REFERENCE / "hashes.csv").open(newline="") as file:
        published = list(csv.DictReader(file))
    assert len(published) == 3
    for row in published:
        found = only_hash(REFERENCE / row["file"])
        # None of their bits stands near the edge, so that every processor gives them.
        assert (str(found), str(found.quality)) == (row["pdq"], row["quality"])


def test_a_transparent_palette_is_read_without_a_warning() -> None:
    data = saved(scene(3).convert("P"), "PNG", transparency=bytes(range(256)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = only_hash(data)
    assert_is_reference(found, pixels_of(scene(3).convert("P")))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_of_16_bits_keeps_its_picture(kind: str) -> None:
    grey = np.asarray(scene(4).convert("L"))
    deep = Image.fromarray(grey.astype(np.uint16) * 256 + 17)
    assert_is_reference(only_hash(saved(deep, kind)), pixels_of(Image.fromarray(grey)))


def test_a_picture_in_several_of_pillows_blocks_is_read_whole() -> None:
    # Pillow alone splits pictures beyond 16 MB.
    wide = scene(5, (2600, 2000))
    assert_is_reference(only_hash(saved(wide, "PNG", compress_level=1)), pixels_of(wide))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_turned_picture_is_hashed_as_people_see_it(kind: str, orientation: int) -> None:
    upright = scene(6)
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)  # fmt: skip
    stored = upright if undo is None else upright.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(stored, kind, exif=exif, quality=95)
    assert distance(only_hash(data).value, hash_pixels(pixels_of(upright)).value) <= 16
    with Image.open(io.BytesIO(data)) as opened:
        assert_is_reference(only_hash(data, upright=False), pixels_of(opened))


def test_damaged_exif_leaves_the_picture_as_it_is_stored() -> None:
    data = saved(scene(7), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x63\xff\xff")
    with Image.open(io.BytesIO(data)) as opened:
        assert_is_reference(only_hash(data), pixels_of(opened))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_each_frame_of_an_animation_is_hashed(kind: str) -> None:
    scenes = [scene(seed) for seed in (10, 11, 12)]
    data = saved(scenes[0], kind, save_all=True, append_images=scenes[1:], duration=100)
    found = pictures.hash_picture(data)
    assert [number for number, _ in found] == [0, 1, 2]
    assert len({one.value for _, one in found}) == 3
    with Image.open(io.BytesIO(data)) as opened:
        for number, one in found:
            opened.seek(number)
            assert_is_reference(one, pixels_of(opened))


def test_the_frames_of_an_animation_have_limits() -> None:
    scenes = [scene(seed, (100, 100)) for seed in range(6)]
    data = saved(scenes[0], "GIF", save_all=True, append_images=scenes[1:])
    assert len(pictures.hash_picture(data, most_frames=4)) == 4
    assert len(pictures.hash_picture(data, most_pixels=25_000)) == 2


def test_a_path_and_an_open_file_are_read_like_bytes(tmp_path: Path) -> None:
    data = saved(scene(13), "PNG")
    path = tmp_path / "picture"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert only_hash(path) == only_hash(file) == only_hash(data)


def test_a_picture_above_the_limit_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Unreadable, match="300 x 200 pixels; at most 59999"):
        pictures.hash_picture(saved(scene(14), "JPEG"), most_pixels=59_999)
    assert only_hash(saved(scene(14), "JPEG"), most_pixels=60_000).quality > 0


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [15_000, 60_000, 2**31 - 1])
def test_a_small_file_that_claims_a_huge_picture_is_refused(side: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(Unreadable, match=r"The picture has .* pixels"):
            pictures.hash_picture(png_that_claims(side, side))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "BMP", "JPEG2000"])
def test_a_truncated_picture_is_unreadable(kind: str) -> None:
    data = saved(scene(15), kind)
    for kept in (0, 1, 11, len(data) // 3, len(data) * 2 // 3):
        with pytest.raises(Unreadable, match=r"^(The|This) picture|^This is not a picture"):
            pictures.hash_picture(data[:kept])


def test_frames_before_the_damage_of_an_animation_are_given_out() -> None:
    scenes = [scene(seed) for seed in range(4)]
    data = saved(scenes[0], "GIF", save_all=True, append_images=scenes[1:])
    found = []
    with pytest.raises(Unreadable, match="The picture is damaged"):
        found.extend(number for number, _ in pictures.frames(data[: len(data) * 5 // 8]))
    assert found == [0, 1]


@pytest.mark.parametrize(
    "data",
    [b"", b"a text", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", bytes(5000)],
)
def test_other_files_are_not_pictures_and_start_no_other_program(data: bytes) -> None:
    with pytest.raises(Unreadable, match="not a picture of a known kind"):
        pictures.hash_picture(data)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_read_or_unreadable_and_nothing_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "QOI", "ICO"]))
    content = bytearray(saved(scene(16, (64, 48)), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = pictures.hash_picture(bytes(content), most_pixels=1_000_000)
        except Unreadable as problem:
            assert str(problem).endswith(".")  # noqa: PT017 – both ends are right
        else:
            assert found


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pictures.hash_picture(tmp_path / "none.png")
