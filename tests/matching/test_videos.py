"""Frames of generated videos at steady times; damage is told in a sentence."""

import io
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from breakwater.matching import pdq, videos
from breakwater.matching.pictures import Unreadable


def picture(number: int) -> NDArray[np.uint8]:
    """A scene that is another one every second, with a bar that moves."""
    rng = np.random.default_rng(number // 25)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3)).astype(np.uint8))
    pixels = np.array(coarse.resize((320, 240), Image.Resampling.BICUBIC))
    pixels[number % 25 * 8 : number % 25 * 8 + 20] //= 2
    return pixels


def video(
    count: int = 100, *, rate: int = 25, kind: str = "mp4", codec: str = "mpeg4", **options: str
) -> bytes:
    # Some containers read what they wrote to move their table to the front.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        with av.open(str(path), "w", format=kind, options=options) as container:
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
            stream.bit_rate = 2_000_000
            for number in range(count):
                frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


@pytest.fixture(scope="module")
def film() -> bytes:
    return video(movflags="faststart")


@pytest.mark.parametrize("kind", ["mp4", "matroska", "avi", "mpegts", "mov"])
def test_there_is_one_frame_a_second_in_every_container(kind: str) -> None:
    found = videos.hash_video(video(kind=kind))
    assert [frame.number for frame in found] == [0, 25, 50, 75]
    assert [frame.seconds for frame in found] == pytest.approx([0, 1, 2, 3], abs=0.002)


def test_the_hashes_are_near_those_of_the_pictures_that_went_in(film: bytes) -> None:
    found = videos.hash_video(film)
    assert len({frame.pdq.value for frame in found}) == 4
    for frame in found:
        went_in = pdq.hash_pixels(picture(frame.number))
        assert pdq.distance(frame.pdq.value, went_in.value) <= pdq.MATCH_DISTANCE
        assert abs(frame.pdq.quality - went_in.quality) <= 10


@pytest.mark.parametrize(
    ("seconds", "numbers"), [(2, [0, 50]), (0.5, [0, 13, 25, 38, 50, 63, 75, 88]), (99, [0])]
)
def test_the_time_between_frames_can_be_chosen(
    film: bytes, seconds: float, numbers: list[int]
) -> None:
    assert [f.number for f in videos.frames(film, seconds=seconds)] == numbers


def test_rates_that_do_not_divide_take_the_first_frame_after_each_second() -> None:
    found = list(videos.frames(video(50, rate=12, kind="matroska")))
    assert [f.number for f in found] == [0, 12, 24, 36, 48]
    assert found[0].pixels.shape == (240, 320, 3)


def test_a_path_and_an_open_file_are_read_like_bytes(film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(film)
    with path.open("rb") as file:
        assert videos.hash_video(path) == videos.hash_video(file) == videos.hash_video(film)
        assert not file.closed


def test_the_number_of_frames_and_their_size_have_limits(film: bytes) -> None:
    assert len(videos.hash_video(film, most_frames=2)) == 2
    with pytest.raises(Unreadable, match="320 x 240"):
        videos.hash_video(film, most_pixels=320 * 240 - 1)


@pytest.mark.parametrize("kept", [0, 1, 10, 100, 1000])
def test_the_head_of_a_video_alone_is_unreadable(film: bytes, kept: int) -> None:
    with pytest.raises(Unreadable):
        videos.hash_video(film[:kept])


@pytest.mark.parametrize("kind", ["mp4", "matroska"])
def test_a_video_that_is_cut_off_gives_its_first_frames_and_says_where_it_ends(kind: str) -> None:
    whole = video(200, kind=kind, **({"movflags": "faststart"} if kind == "mp4" else {}))
    found: list[int] = []
    with pytest.raises(Unreadable, match=r"The video ends after \d\.\d of 8\.0 seconds"):
        found.extend(frame.number for frame in videos.frames(whole[: len(whole) // 2]))
    assert found[:2] == [0, 25]
    assert len(found) < 8


def test_damage_in_the_middle_is_told_after_the_frames_that_can_be_read(film: bytes) -> None:
    middle = len(film) // 2
    damaged = film[:middle] + bytes(0x5A ^ b for b in film[middle : middle + 9000])
    damaged += film[len(damaged) :]
    found: list[int] = []
    with pytest.raises(Unreadable, match=r"damaged: [0-9]+ of its parts"):
        found.extend(frame.number for frame in videos.frames(damaged))
    assert found[0] == 0
    assert found[-1] > 50


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
        "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{}</BaseURL></MPD>",
    ],
)
def test_a_list_that_names_another_file_is_no_video(text: str, film: bytes, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    other.write_bytes(film)
    listing = tmp_path / "list.mp4"
    listing.write_text(text.format(other))
    with pytest.raises(Unreadable, match="not a video"):
        videos.hash_video(listing)


def test_a_file_with_sound_alone_has_no_frames() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4410), np.float32), "fltp", "mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    assert videos.hash_video(file.getvalue()) == []


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        videos.hash_video(tmp_path / "none.mp4")
