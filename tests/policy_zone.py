"""A policy zone as BIND 9.18 and RFC 4592 read it, in a few lines, for tests to compare with."""

from collections.abc import Collection

from breakwater.formats.block_list.nesting import parents


def matches(owners: Collection[str], asked: str) -> bool:
    """Whether a policy zone with these owners has a record for a name (RFC 4592 2.2.2, 3.3.1)."""
    exists = {*owners, *(upper for owner in owners for upper in parents(owner))}
    if asked in exists:
        return asked in owners
    closest = next((upper for upper in parents(asked) if upper in exists), "")
    return f"*.{closest}" in owners


def two_each(names: Collection[str]) -> set[str]:
    return {owner for name in names for owner in (name, f"*.{name}")}
