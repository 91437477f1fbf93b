"""The names between two listed ones, for whole views and for one change; see `formats.nesting`."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection

from breakwater.formats.block_list import nesting
from breakwater.worstof.queries import zone


def of_all(*, is_international: bool) -> set[str]:
    """Those of whole views of one scope. Reads the list through."""
    deep = _deep()
    near = deep | zone.kept(sorted(nesting.above(deep)))
    return nesting.between(_in_scope(near, is_international))


def _in_scope(names: Mapping[str, bool], is_international: bool) -> list[str]:
    return [name for name, is_national in names.items() if not (is_national and is_international)]


def _deep() -> dict[str, bool]:
    """The names with so many labels that another one fits between them and a third, and whether each
    is national. To find them the list is read through: 15 ms at 100,000 names if hardly one is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, is_national FROM worstof_zonename WHERE name LIKE %s", ["%.%.%.%"]
        )
        return {name: bool(is_national) for name, is_national in cursor.fetchall()}


class Around:
    """What a change of these names does to those between listed ones; read once for all views.

    `touched` holds every name that may stand between two now and did not before, or the reverse,
    beside the names themselves.
    """

    def __init__(self, names: Collection[str]) -> None:
        changed = set(names)
        upper = zone.kept(sorted(nesting.above(changed)))
        tops = changed | upper.keys()
        every = _deep() if changed else {}
        deep = {n: x for n, x in every.items() if not tops.isdisjoint(nesting.parents(n))}
        self._near = zone.kept(sorted(nesting.above((*changed, *deep)) | changed)) | deep
        self.touched = {n for n in nesting.above(changed) if _is_below(n, tops)}
        self.touched |= {n for n in nesting.above(deep) if _is_below(n, changed)}
        self._names = changed | self.touched
        self._after: dict[bool, After] = {}

    def after(self, *, is_international: bool) -> "After":
        """What these names are after the change, for recipients of the common list or of all."""
        if is_international not in self._after:
            listed = _in_scope(self._near, is_international)
            between = nesting.between(listed) & self._names
            self._after[is_international] = After(self._names.intersection(listed), between)
        return self._after[is_international]


class After(NamedTuple):
    """Of the names of a change and those it touches, which are listed, and which between two."""

    listed: set[str]
    between: set[str]


def _is_below(name: str, others: Collection[str]) -> bool:
    return any(upper in others for upper in nesting.parents(name))
