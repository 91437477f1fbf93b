"""The operator's snapshot of the largest sites, in whatever form such lists come, and what ails it."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from breakwater.formats.domain_name import BadName, read_name

OLD = timedelta(days=90)
_CELLS = re.compile(r"[,;|\t]")


class Fault(StrEnum):
    MISSING = "missing"
    EMPTY = "empty"  # no line of it has a name
    UNREADABLE = "unreadable"  # most lines have none
    OLD = "old"


class TopSites(NamedTuple):
    """`names` by rank; `bad` lines before the last of them have no name that could be listed."""

    names: tuple[str, ...] = ()
    bad: int = 0
    written_at: datetime | None = None  # None: there is no file


def read_top_sites(lines: Iterable[str], most: int) -> tuple[tuple[str, ...], int]:
    """Read the first `most` names: one a line, or in any column of a table, quoted or not.

    Such lists also have single labels and addresses, and a line of headings; these are counted.
    """
    names: dict[str, None] = {}
    bad = 0
    for line in lines:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        if name := _name_in(text):
            names[name] = None
        else:
            bad += 1
        if len(names) == most:
            break
    return tuple(names), bad


def _name_in(line: str) -> str:
    # From the right, where most lists have the name: Tranco, Umbrella and Majestic begin by rank.
    for cell in reversed(_CELLS.split(line)):
        try:
            return read_name(cell.strip(" \t\"'\ufeff")).name
        except BadName:
            continue
    return ""


def fault_of(found: TopSites, *, at: datetime) -> Fault | None:
    if found.written_at is None:
        return Fault.MISSING
    if not found.names:
        return Fault.EMPTY
    if found.bad > len(found.names):
        return Fault.UNREADABLE
    return Fault.OLD if at - found.written_at > OLD else None
