"""Draws a figure as SVG: bars, columns, lines. Colours are attributes, themes override them.

No style element, no script: the drawings pass a strict content policy and stand alone as
files. Maps are drawn in `maps`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from breakwater.drawing import maps, words
from breakwater.drawing.figure import Cell, Figure, numbers
from breakwater.drawing.svg import COLOURS, document, text

WIDTH = 560
LABEL = 205
PLOT = 220
MOST_BARS = 30


def draw(figure: Figure) -> str:
    """Give the whole SVG of a figure, "" for one that is only a table."""
    if figure.kind == "map":
        return maps.draw(figure)
    if figure.kind == "table" or figure.is_empty:
        return ""
    if figure.drawn:
        figure = replace(figure, series=figure.series[: figure.drawn], drawn=0)
    body, height = _BY_KIND[figure.kind](figure)
    return document(figure.id, figure.title, describe(figure), WIDTH, height, body)


def describe(figure: Figure) -> str:
    """The drawing in words, for those who cannot see it."""
    parts = [figure.title + "."]
    for series in figure.series:
        known = [
            (label, value)
            for label, value in zip(figure.labels, series.values, strict=True)
            if isinstance(value, int | float)
        ]
        if known:
            low, high = min(known, key=lambda k: k[1]), max(known, key=lambda k: k[1])
            parts.append(
                _("%(name)s: from %(low)s (%(where_low)s) to %(high)s (%(where_high)s).")
                % {
                    "name": series.name,
                    "low": words.number(low[1]),
                    "where_low": low[0],
                    "high": words.number(high[1]),
                    "where_high": high[0],
                }
            )
    if figure.log:
        parts.append(_("Logarithmic scale: each step of the axis is ten times the one before."))
    return " ".join(parts)


class Scale:
    """Places a number between 0 and 1; logarithmic from a power of ten up if `log`."""

    def __init__(self, values: Sequence[float], log: bool) -> None:
        self.log = log and bool([v for v in values if v > 0])
        top = max([*values, 0.0])
        if self.log:
            self.low = math.floor(math.log10(min(v for v in values if v > 0)))
            self.high = max(math.ceil(math.log10(top)), self.low + 1)
            self.ticks = [10.0**power for power in range(self.low, self.high + 1)]
        else:
            step = _step(top)
            count = max(1, math.ceil(top / step))
            self.ticks = [step * place for place in range(count + 1)]

    def __call__(self, value: float) -> float:
        if not self.log:
            return value / self.ticks[-1]
        if value <= 0:
            return 0.0
        # A number at the foot of the axis still gets a visible mark.
        return max(0.01, (math.log10(value) - self.low) / (self.high - self.low))


def _step(top: float) -> float:
    """A round step that gives two to five of them up to `top`."""
    if top <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(top))
    for part in (0.2, 0.5, 1.0):
        if top / (size * part) <= 5:
            return max(1.0, size * part)
    return size * 2


def _tick(value: float) -> str:
    """A short number for an axis."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            short = round(value / size, 1)
            return words.number(int(short) if short == int(short) else short) + " " + sign
    return words.number(round(value))


def _all(figure: Figure) -> list[float]:
    return [n for series in figure.series for n in numbers(series.values)]


def _bars(figure: Figure) -> tuple[str, int]:
    """Rows of bars: with three series or more, each bar is wide enough for its own number."""
    many, series = min(len(figure.labels), MOST_BARS), len(figure.series)
    scale = Scale(_all(figure), figure.log)
    thick = {1: 16.0, 2: 8.0}.get(series, 14.0)
    row, top = thick * series + 6, 22 if series > 1 else 4
    room = WIDTH - LABEL - 78
    parts = [_legend(figure)]
    for place in range(many):
        y = top + place * row
        parts.append(
            text(LABEL - 6, y + 3 + thick * series / 2 + 4, _short(figure.labels[place]), "end")
        )
        ends = [_length(scale, s.values[place]) * room for s in figure.series]
        for number, end in enumerate(ends):
            marked = number or (1 if place in figure.marked else 0)
            parts.append(_rect(LABEL, y + 3 + number * thick, end, thick - 1, marked))
            at = y + 3 + (number + 0.5) * thick + 4
            value = _value(figure.series[number].values[place])
            if series > 2:
                parts.append(text(LABEL + end + 5, at, value))
            elif number == 0:
                parts.append(text(LABEL + max(ends) + 5, y + 15, value))
    return "".join(parts), math.ceil(top + many * row + 6)


def _columns(figure: Figure) -> tuple[str, int]:
    scale = Scale(_all(figure), figure.log)
    parts = [_legend(figure), _axis(scale)]
    step = (WIDTH - 60) / max(1, len(figure.labels))
    thick = min(44.0, step * 0.8 / len(figure.series))
    bottom = 30 + PLOT
    every = _every(figure, WIDTH - 60)
    for place, label in enumerate(figure.labels):
        middle = 52 + (place + 0.5) * step
        if place % every == 0:
            parts.append(text(middle, bottom + 18, label, anchor="middle"))
        left = middle - thick * len(figure.series) / 2
        for number, series in enumerate(figure.series):
            tall = _length(scale, series.values[place]) * PLOT
            parts.append(_rect(left + number * thick, bottom - tall, thick - 1, tall, number))
            if len(figure.labels) <= 6 and series.values[place] is not None:
                words_of = _brief(series.values[place], len(figure.series))
                middle_of = left + (number + 0.5) * thick
                parts.append(text(middle_of, bottom - tall - 4, words_of, anchor="middle"))
    return "".join(parts), bottom + 28


def _lines(figure: Figure) -> tuple[str, int]:
    scale = Scale(_all(figure), figure.log)
    bottom = 30 + PLOT
    legend_rows = math.ceil(len(figure.series) / 3)
    parts = [_axis(scale)]
    step = (WIDTH - 90) / max(1, len(figure.labels) - 1)
    every = _every(figure, WIDTH - 90)
    for place in range(0, len(figure.labels), every):
        parts.append(text(66 + place * step, bottom + 18, figure.labels[place], anchor="middle"))
    for number, series in enumerate(figure.series):
        points = [
            (66 + place * step, bottom - scale(value) * PLOT)
            for place, value in enumerate(series.values)
            if isinstance(value, int | float)
        ]
        parts.append(_path(points, number))
        x, y = 20 + number % 3 * 180, bottom + 42 + number // 3 * 18
        parts.append(_line_key(x, y, series.name, number))
    return "".join(parts), bottom + 40 + legend_rows * 18


def _every(figure: Figure, room: int) -> int:
    """Which labels of an axis are written: each, or one in so many, where they would touch."""
    widest = max((len(label) for label in figure.labels), default=0) * 7 + 8
    return max(1, math.ceil(len(figure.labels) * widest / room))


def _path(points: list[tuple[float, float]], number: int) -> str:
    colour = COLOURS[number % len(COLOURS)]
    kind = f"chart-line chart-line-{number % len(COLOURS)}"
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle class="chart-dot-{number % len(COLOURS)}" cx="{x:.1f}" cy="{y:.1f}" r="3.5" '
        f'fill="{colour}"/>'
        for x, y in points
    )
    return (
        f'<polyline class="{kind}" points="{joined}" fill="none" stroke="{colour}" '
        f'stroke-width="2"{_dash(number)}/>{dots}'
    )


def _line_key(x: float, y: float, name: str, number: int) -> str:
    return _path([(x, y - 4), (x + 26, y - 4)], number) + text(x + 34, y, _short(name, 22))


def _dash(number: int) -> str:
    """Lines differ by their dashes as well: colour is never the only sign."""
    dashes = ("", "7 4", "2 3", "10 3 2 3", "4 4", "12 5")
    dash = dashes[number % len(dashes)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _axis(scale: Scale) -> str:
    parts = []
    for tick in scale.ticks:
        y = 30 + PLOT - (0.0 if tick == scale.ticks[0] else scale(tick)) * PLOT
        parts.append(
            f'<line class="chart-grid" x1="52" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="#9aa4ae" stroke-width="0.5"/>'
        )
        parts.append(text(46, y + 4, _tick(tick), anchor="end"))
    return "".join(parts)


def _legend(figure: Figure) -> str:
    if len(figure.series) < 2:
        return ""
    return "".join(
        _key(20 + place * 180, 12, series.name, place) for place, series in enumerate(figure.series)
    )


def _key(x: float, y: float, name: str, number: int) -> str:
    return _rect(x, y - 9, 12, 10, number) + text(x + 17, y, _short(name, 24))


def _rect(x: float, y: float, width: float, height: float, number: int) -> str:
    place = number % len(COLOURS)
    return (
        f'<rect class="chart-fill-{place}" x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" '
        f'height="{max(0.0, height):.1f}" fill="{COLOURS[place]}"/>'
    )


def _length(scale: Scale, value: Cell) -> float:
    return scale(value) if isinstance(value, int | float) else 0.0


def _value(value: Cell) -> str:
    return words.number(value) if isinstance(value, int | float) else str(value or "")


def _brief(value: Cell, series: int) -> str:
    """A number above a column: whole where there is room for it."""
    if isinstance(value, int | float) and value >= (1e5 if series > 1 else 1e7):
        return _tick(value)
    return _value(value)


def _short(label: str, most: int = 28) -> str:
    return label if len(label) <= most else label[: most - 1] + "…"


_BY_KIND = {"bars": _bars, "columns": _columns, "lines": _lines}
