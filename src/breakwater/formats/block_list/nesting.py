"""Names below other names of a list, and the names between two of them.

A policy zone blocks a name by its own record and all below it by a wildcard. Where a.b.example and
example are both listed, b.example exists without a record, and the wildcard of example matches neither
it nor what else is below it (RFC 4592 2.2.2, 3.3.1): BIND leaves both open, Unbound what is below,
PowerDNS and Knot Resolver neither. With records for b.example the zone means the same to all four.
"""

from collections.abc import Collection, Iterator

# A name between two listed ones has a label above it, one below it, and neither is a whole domain.
_FEWEST_DOTS = 3


def parents(name: str) -> Iterator[str]:
    """Every name above one, the nearest first."""
    while name := name.partition(".")[2]:
        yield name


def above(names: Collection[str]) -> set[str]:
    """Every name above one of these that can be listed itself: of two labels at least."""
    return {upper for name in names for upper in parents(name) if "." in upper}


def topmost(names: Collection[str]) -> set[str]:
    """Those of the names that stand below no other one of them."""
    every = set(names)
    return {name for name in every if every.isdisjoint(parents(name))}


def between(names: Collection[str]) -> set[str]:
    """The names above one and below another one of these that are none of them."""
    deep = [name for name in names if name.count(".") >= _FEWEST_DOTS]
    listed = set(names) if deep else set()
    found: set[str] = set()
    for name in deep:
        # Few names of a long list stand below another one: only for those is a list made.
        if not listed.isdisjoint(parents(name)):
            chain = list(parents(name))
            while chain[-1] not in listed:
                chain.pop()
            found.update(chain)
    return found - listed
