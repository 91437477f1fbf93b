"""Prepares figures for a page: drawing, table in the reader's language, files to take away."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from breakwater.drawing import charts, words
from breakwater.drawing.figure import Cell, Figure, Series


@dataclass(frozen=True)
class ShownRow:
    label: str
    link: str
    cells: list[tuple[str, bool]]
    is_marked: bool


@dataclass(frozen=True)
class Shown:
    figure: Figure
    svg: SafeString
    origin: str
    header: list[tuple[str, bool]]
    """Names of the columns, and whether each holds numbers; so do the cells below."""
    rows: list[ShownRow]
    forms: list[str]


def show(figure: Figure, is_demo: bool) -> Shown:
    drawing = charts.draw(figure)
    return Shown(
        figure=figure,
        # Every text in the drawing went through svg.clean.
        svg=mark_safe(drawing),  # noqa: S308
        origin=words.origin(figure.origin, is_demo),
        header=[
            (figure.column, False),
            *((series.name, series.unit != "words") for series in figure.series),
        ],
        rows=[_row(figure, place) for place in range(len(figure.labels))],
        forms=["csv", "xlsx", "svg"] if drawing else ["csv", "xlsx"],
    )


def _row(figure: Figure, place: int) -> ShownRow:
    return ShownRow(
        label=figure.labels[place],
        link=figure.links[place] if figure.links else "",
        cells=[
            (cell_text(series, series.values[place]), series.unit != "words")
            for series in figure.series
        ],
        is_marked=place in figure.marked,
    )


def cell_text(series: Series, cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if series.unit in ("share", "change"):
        return words.percent(cell, signed=series.unit == "change")
    return words.number(cell)
