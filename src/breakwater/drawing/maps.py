"""Draws a figure as dots over a plain coast line, sized by count.

Whole countries are never coloured: a raw count says nothing of an area. Coast line and
middles of countries are `data/coastline.json`, made by `tools/make_coastline.py`.
"""

import functools
import json
import math
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.utils.translation import gettext as _

from breakwater.drawing import words
from breakwater.drawing.figure import Figure
from breakwater.drawing.svg import COLOURS, clean, document, text

DATA = resources.files("breakwater.drawing") / "data"
WIDTH = 860
LARGEST, SMALLEST = 24.0, 3.0
LABELLED = 30
"""How many dots get their name written beside them, the largest first."""
LETTER, LINE = 6.2, 13.0


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    radius: float
    name: str
    number: float
    is_marked: bool


Box = tuple[float, float, float, float]


@functools.cache
def _coast() -> Any:
    return json.loads((DATA / "coastline.json").read_text())


def draw(figure: Figure) -> str:
    view = _coast()["views"].get(figure.view, _coast()["views"]["world"])
    frame = Frame(tuple(view["box"]))
    dots = _dots(figure, frame)
    if not dots:
        return ""
    body = _shore(figure.view if figure.view in _coast()["views"] else "world")
    body += "".join(_circle(dot) for dot in dots) + _labels(dots, frame)
    return document(figure.id, figure.title, _describe(figure, dots), WIDTH, frame.height, body)


class Frame:
    """Where a place of the earth lies in the drawing."""

    def __init__(self, box: tuple[float, ...]) -> None:
        self.west, _south, east, self.north = box
        self.scale = WIDTH / (east - self.west)
        # Degrees of longitude are narrower away from the equator.
        self.stretch = 1 / math.cos(math.radians((box[1] + self.north) / 2))
        self.height = round((self.north - box[1]) * self.scale * self.stretch)

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        x = (longitude - self.west) * self.scale
        return x, (self.north - latitude) * self.scale * self.stretch

    def holds(self, box: Box) -> bool:
        return box[0] >= 0 and box[1] >= 0 and box[2] <= WIDTH and box[3] <= self.height


@functools.cache
def _shore(view: str) -> str:
    found = _coast()["views"][view]
    frame = Frame(tuple(found["box"]))
    paths = []
    for flat in found["coast"]:
        points = (frame.place(x, y) for x, y in zip(flat[::2], flat[1::2], strict=True))
        paths.append("M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + "Z")
    return (
        f'<path class="map-coast" d="{"".join(paths)}" fill="#e8ebee" stroke="#b3bcc5" '
        f'stroke-width="0.7"/>'
    )


def _dots(figure: Figure, frame: Frame) -> list[Dot]:
    """The largest first, so that small ones lie on top."""
    middles = _coast()["middles"]
    values = figure.series[0].values
    known = [
        (place, value)
        for place, value in enumerate(values)
        if isinstance(value, int | float) and value > 0 and figure.codes[place] in middles
    ]
    top = max((value for _place, value in known), default=1)
    found = []
    for place, value in sorted(known, key=lambda item: -item[1]):
        x, y = frame.place(*middles[figure.codes[place]])
        radius = max(SMALLEST, LARGEST * math.sqrt(value / top))
        found.append(Dot(x, y, radius, figure.labels[place], value, place in figure.marked))
    return found


def _circle(dot: Dot) -> str:
    place = 1 if dot.is_marked else 0
    return (
        f'<circle class="chart-fill-{place} map-dot" cx="{dot.x:.1f}" cy="{dot.y:.1f}" '
        f'r="{dot.radius:.1f}" fill="{COLOURS[place]}" fill-opacity="0.7" stroke="#ffffff" '
        f'stroke-width="0.6"><title>{clean(dot.name)}: {clean(words.number(dot.number))}</title>'
        f"</circle>"
    )


def _labels(dots: list[Dot], frame: Frame) -> str:
    """Names beside the dots where there is room; the marked country comes first."""
    taken = [_around(dot) for dot in dots]
    parts = []
    many = 14 if len(dots) > 2 * LABELLED else LABELLED
    for dot in sorted(dots[:many], key=lambda dot: not dot.is_marked):
        for x, y, anchor, leads in _spots(dot):
            box = _box(x, y, anchor, dot.name)
            if frame.holds(box) and not any(_meet(box, other) for other in taken):
                taken.append(box)
                parts.append(_leader(dot, x, y) if leads else "")
                parts.append(text(x, y, dot.name, anchor=anchor, kind="map-label"))
                break
    return "".join(parts)


def _around(dot: Dot) -> Box:
    half = dot.radius * 0.8
    return (dot.x - half, dot.y - half, dot.x + half, dot.y + half)


def _spots(dot: Dot) -> list[tuple[float, float, str, bool]]:
    """Where a name may stand, the best first; far ones are joined to the dot by a line."""
    beside = dot.radius + 4
    near = [
        (dot.x + beside, dot.y + 4, "start", False),
        (dot.x - beside, dot.y + 4, "end", False),
        (dot.x, dot.y - beside, "middle", False),
        (dot.x, dot.y + beside + 9, "middle", False),
    ]
    far = [
        (dot.x + side * (beside + across), dot.y + 4 + down, "start" if side > 0 else "end", True)
        for across in (14, 34, 60)
        for down in (-10, 10, -20, 20, -32, 32)
        for side in (1, -1)
    ]
    return near + far


def _leader(dot: Dot, x: float, y: float) -> str:
    gap = -2 if x > dot.x else 2
    return (
        f'<line class="map-leader" x1="{dot.x:.1f}" y1="{dot.y:.1f}" x2="{x + gap:.1f}" '
        f'y2="{y - 4:.1f}" stroke="#7b8794" stroke-width="0.6"/>'
    )


def _box(x: float, y: float, anchor: str, name: str) -> Box:
    width = len(name) * LETTER
    left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
    return (left, y - LINE + 3, left + width, y + 3)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _describe(figure: Figure, dots: list[Dot]) -> str:
    most = ", ".join(f"{dot.name} {words.number(dot.number)}" for dot in dots[:5])
    return _(
        "%(title)s. A map with a dot per country; its area shows the number of reports. "
        "Most reports: %(most)s."
    ) % {"title": figure.title, "most": most}
