"""Names below other names of a list, and the names between two of them.

A policy zone blocks a name by its own record and all below it by a wildcard. Where a.b.example and
example are both listed, b.example exists without a record, and the wildcard of example matches neither
it nor what else is below it (RFC 4592 2.2.2, 3.3.1): BIND leaves both open, Unbound what is below,
PowerDNS and Knot Resolver neither. With records for b.example the zone means the same to all four.
"""

from collections.abc import Collection, Iterator

from breakwater.formats import _core


def parents(name: str) -> Iterator[str]:
    """Every name above one, the nearest first."""
    while name := name.partition(".")[2]:
        yield name


def above(names: Collection[str]) -> set[str]:
    """Every name above one of these that can be listed itself: of two labels at least."""
    return {upper for name in names for upper in parents(name) if "." in upper}


def below(names: set[str]) -> list[str]:
    """Those of the names that stand below another one of them, in no order."""
    return _core.below(names)


def topmost(names: Collection[str]) -> set[str]:
    """Those of the names that stand below no other one of them."""
    every = set(names)
    return every.difference(below(every))


def between(names: Collection[str]) -> set[str]:
    """The names above one and below another one of these that are none of them."""
    listed = set(names)
    found: set[str] = set()
    for name in below(listed):
        chain = list(parents(name))
        while chain[-1] not in listed:
            chain.pop()
        found.update(chain)
    return found - listed
