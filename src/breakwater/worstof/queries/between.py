"""The names between two listed ones, for whole views and for one change; see `formats.nesting`."""

from collections.abc import Collection, Mapping

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
    is national. They are few, and to find them a million are read in a quarter of a second."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, is_national FROM worstof_zonename WHERE name LIKE %s", ["%.%.%.%"]
        )
        return {name: bool(is_national) for name, is_national in cursor.fetchall()}


class Around:
    """What a change of these names can do to those between listed ones; read once for all views.

    `touched` holds every name that may stand between two now and did not before, or the reverse,
    beside the names themselves.
    """

    def __init__(self, names: Collection[str]) -> None:
        upper = zone.kept(sorted(nesting.above(names)))
        tops = upper.keys() | set(names)
        deep = {n: x for n, x in _deep().items() if not tops.isdisjoint(nesting.parents(n))}
        near = (*names, *deep)
        self._near = zone.kept(sorted(nesting.above(near).union(names))) | deep
        every = nesting.above(near)
        self.touched = {name for name in every if not tops.isdisjoint(nesting.parents(name))}

    def between(self, *, is_international: bool) -> set[str]:
        """Those that stand between two names in this scope after the change."""
        return nesting.between(_in_scope(self._near, is_international))

    def listed(self, *, is_international: bool) -> set[str]:
        """Those of the names, and of all that matter for them, that are listed in this scope."""
        return set(_in_scope(self._near, is_international))
