"""Hash lists as tables: CSV, TSV and the like, JSON lists of objects, JSON lines.

Units send each other whatever their tools export, so the columns are guessed, shown and
corrected by a person (`preview`), and then read in constant memory (`read_table`). A line
that cannot be read becomes a `Fault` with its number and the next one is read.
"""

from breakwater.formats.hash_table.columns import TARGETS, ColumnMapping, Guess, guess_mapping
from breakwater.formats.hash_table.read import (
    MAX_COLUMNS,
    Preview,
    TooManyColumns,
    preview,
    read_table,
)
from breakwater.formats.hash_table.text import Shape, detect
from breakwater.formats.hash_table.write import HEADER, write_table

__all__ = [
    "HEADER",
    "MAX_COLUMNS",
    "TARGETS",
    "ColumnMapping",
    "Guess",
    "Preview",
    "Shape",
    "TooManyColumns",
    "detect",
    "guess_mapping",
    "preview",
    "read_table",
    "write_table",
]
