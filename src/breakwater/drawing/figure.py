"""What a figure is: named numbers in rows and series, with where they come from.

The same value is drawn, shown as a table and exported, so the three cannot disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Cell = int | float | str | None
Kind = Literal["bars", "columns", "lines", "map", "table"]
Origin = Literal["published", "own", "both"]


@dataclass(frozen=True)
class Series:
    """One column. Units: a number of reports or people (""), a part of one, or words."""

    name: str
    values: tuple[Cell, ...]
    unit: Literal["", "share", "change", "words"] = ""


@dataclass(frozen=True)
class Figure:
    """`labels` name the rows, each series is a column of numbers.

    `links` are addresses of the rows, `codes` their countries (for maps); both may be empty.
    `log` draws on a logarithmic scale, and the page says so. `marked` rows are drawn in
    the accent; `view` is the part of the world that a map shows. `drawn` is how many of the
    series are drawn, the others stand in the table only; 0 draws all.
    """

    id: str
    title: str
    origin: Origin
    column: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: Kind = "bars"
    log: bool = False
    note: str = ""
    links: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    marked: frozenset[int] = frozenset()
    view: str = "world"
    drawn: int = 0

    @property
    def header(self) -> list[str]:
        return [self.column, *(series.name for series in self.series)]

    @property
    def rows(self) -> list[list[Cell]]:
        return [
            [label, *(series.values[place] for series in self.series)]
            for place, label in enumerate(self.labels)
        ]

    @property
    def is_empty(self) -> bool:
        return not any(numbers(series.values) for series in self.series)


def numbers(values: Sequence[Cell]) -> list[float]:
    return [value for value in values if isinstance(value, int | float)]


def one_series(name: str, values: Mapping[str, Cell]) -> tuple[tuple[str, ...], tuple[Series, ...]]:
    """Labels and the only series of a simple figure."""
    return tuple(values), (Series(name, tuple(values.values())),)
