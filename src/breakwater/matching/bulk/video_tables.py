"""Videos in tables of frame hashes, compared by the shares of each that are in the other (vPDQ).

All frames of a label are one video, as `breakwater hash` writes them. The frames of the known videos
stand in one index, so that a video is not compared with each of them; the answers are those of
`vpdq.compare` for every pair.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from breakwater.matching.bulk import tables
from breakwater.matching.pdq import LEAST_QUALITY, MATCH_DISTANCE
from breakwater.matching.radius import RadiusIndex

Frames = dict[str, NDArray[np.uint8]]


class VideoMatch(NamedTuple):
    """Two videos with frames in common; percent of each that is found in the other."""

    label: str
    known: str
    asked_in_known: float
    known_in_asked: float


class Videos(NamedTuple):
    """The different frames of each label, and how many rows held no hash."""

    frames: Frames
    faulty: int


def read(source: str, *, least_quality: int = LEAST_QUALITY) -> Videos:
    """The frames of a table with the columns `path` or `id`, and `pdq`.

    Raises:
        tables.BadTable: it cannot be read, or has no such column.
    """
    gathered: dict[str, set[bytes]] = {}
    faulty = 0
    for rows in tables.read(source, "pdq", least_quality=least_quality):
        faulty += rows.faulty
        for label, code in zip(rows.labels, rows.hashes, strict=True):
            if not label:
                raise tables.BadTable(
                    f"{source} has a row without a name: frames of a video are known by a column "
                    "«path» or «id»"
                )
            gathered.setdefault(label, set()).add(code.tobytes())
    frames = {
        label: np.frombuffer(b"".join(sorted(codes)), np.uint8).reshape(-1, 32)
        for label, codes in gathered.items()
    }
    return Videos(frames, faulty)


def matches(
    asked: Frames, known: Frames, *, distance: int = MATCH_DISTANCE, threads: int = 1
) -> Iterator[VideoMatch]:
    """Every pair of videos with a frame in common, the most of an asked one first."""
    names = list(known)
    sizes = [len(frames) for frames in known.values()]
    video_of = np.repeat(np.arange(len(names)), sizes)
    if not len(video_of):
        return
    index = RadiusIndex.build(
        np.concatenate(list(known.values())), np.arange(len(video_of)), threads=threads
    )
    for label, frames in asked.items():
        found = index.search(frames, distance, threads=threads)
        frame_of = np.repeat(np.arange(len(frames)), found.splits[1:] - found.splits[:-1])
        videos = video_of[found.ids]
        pairs = []
        for video in np.unique(videos).tolist():
            here = videos == video
            in_known = len(np.unique(frame_of[here])) * 100 / len(frames)
            in_asked = len(np.unique(found.ids[here])) * 100 / sizes[video]
            pairs.append(VideoMatch(label, names[video], in_known, in_asked))
        yield from sorted(pairs, key=lambda pair: (-pair.asked_in_known, pair.known))
