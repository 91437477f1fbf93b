"""Frames of videos at steady times, through PyAV, which carries ffmpeg.

Video is opened by content, among `KINDS` alone: ffmpeg also knows play lists, which are text that
names other files and addresses, and would open those.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from breakwater.matching.pdq import Pdq, hash_pixels
from breakwater.matching.pictures import MOST_PIXELS, Source, Unreadable

# One hash a second is what vPDQ takes if nothing else is asked (python-threatexchange, VPDQSignal).
SECONDS = 1.0
# Ten hours at one frame a second.
MOST_FRAMES = 36_000
KINDS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,asf,mpegts,mpeg,mpegvideo,h264,hevc,ogg,mxf,"
    "rm,ivf,dv"
)  # ffmpeg's names of containers
# Containers keep times in steps of up to a millisecond.
_STEP = 0.001
# So much may be missing at the end before a video counts as cut off.
_END_MAY_MISS = 2.0


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """`number` counts all frames from 0; `pixels` are uint8 of (rows, columns, 3)."""

    number: int
    seconds: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameHash:
    number: int
    seconds: float
    pdq: Pdq


def hash_video(
    source: Source,
    *,
    seconds: float = SECONDS,
    most_frames: int = MOST_FRAMES,
    most_pixels: int = MOST_PIXELS,
    threads: int = 1,
) -> list[FrameHash]:
    """The hashes of the frames that `frames` gives.

    Raises:
        Unreadable: the file is damaged, cut off, too large or of an unknown kind.
    """
    found = frames(
        source, seconds=seconds, most_frames=most_frames, most_pixels=most_pixels, threads=threads
    )
    return [FrameHash(f.number, f.seconds, hash_pixels(f.pixels)) for f in found]


def frames(
    source: Source,
    *,
    seconds: float = SECONDS,
    most_frames: int = MOST_FRAMES,
    most_pixels: int = MOST_PIXELS,
    threads: int = 1,
) -> Iterator[VideoFrame]:
    """The first frame and then the first after every `seconds`, as they are stored.

    A rotation mark of the container is not applied, as vPDQ does not apply it. A file with
    sound alone has no frames.

    Raises:
        Unreadable: the file is damaged, cut off, too large or of an unknown kind. Damage is told
            at the end; all frames that can be read have been given out by then.
    """
    with _opened(source) as container:
        stream = _video_of(container)
        if stream is None:
            return
        stream.codec_context.thread_count = threads
        due = _due(_decoded(container, stream), seconds)
        for number, at, frame in islice(due, most_frames):
            if frame.width * frame.height > most_pixels:
                raise Unreadable(
                    f"The video has {frame.width} x {frame.height} pixels; "
                    f"at most {most_pixels} are read."
                )
            yield VideoFrame(number, at, _pixels(frame))


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    file: BinaryIO = BytesIO(source) if isinstance(source, bytes) else source  # type: ignore[assignment]
    if isinstance(source, Path):
        file = source.open("rb")
    try:
        with _open_container(file) as container:
            yield container
    finally:
        if isinstance(source, Path):
            file.close()


def _open_container(file: BinaryIO) -> Any:
    # Without a whitelist of protocols a container could still name one for its parts.
    options = {"format_whitelist": KINDS, "protocol_whitelist": "none"}
    try:
        return av.open(file, options=options, metadata_errors="replace")
    except (av.FFmpegError, ValueError) as problem:
        raise Unreadable("This is not a video of a known kind, or its header is lost.") from problem


def _video_of(container: Any) -> Any | None:
    if not container.streams:
        raise Unreadable("The video is damaged: its table of contents is lost.")
    return container.streams.best("video")


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """All frames that can be decoded; damage on the way is told at the end."""
    damaged, last = 0, None
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                break
            found = packet.decode()
        except av.FFmpegError:
            damaged += 1
            continue
        for last in found:
            yield last
    if last is None:
        raise Unreadable("The video is damaged: none of its frames can be read.")
    if damaged:
        raise Unreadable(f"The video is damaged: {damaged} of its parts could not be read.")
    length = _length(container, stream)
    if last.time is not None and last.time + _END_MAY_MISS < length:
        raise Unreadable(f"The video ends after {last.time:.1f} of {length:.1f} seconds.")


def _length(container: Any, stream: Any) -> float:
    """Where the video should end by its header; 0 if that does not say."""
    if stream.duration is not None:
        return float((stream.start_time or 0) + stream.duration) * float(stream.time_base)
    # Matroska knows the length of the whole file alone, and sound may be longer than the pictures.
    if container.duration is not None and len(container.streams) == 1:
        return float((container.start_time or 0) + container.duration) / float(av.time_base)
    return 0.0


def _due(decoded: Iterator[Any], seconds: float) -> Iterator[tuple[int, float, Any]]:
    """Number, time from the first frame, and frame of those to hash."""
    start = due = taken = 0.0
    for number, frame in enumerate(decoded):
        at = frame.time if frame.time is not None else start + number * seconds
        if number == 0:
            start = at
        at -= start
        # Where parts with clocks of their own were joined, time jumps back.
        if at + _STEP < due and at >= taken:
            continue
        yield number, at, frame
        taken = at
        due = (int((at + _STEP) / seconds) + 1) * seconds


def _pixels(frame: Any) -> NDArray[np.uint8]:
    try:
        found: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, ValueError) as problem:
        raise Unreadable(f"The video has frames of an unknown kind: {problem}.") from problem
    return found
