"""Which names of a long file are asked now, so that each one has its turn."""

from collections.abc import Collection, Sequence


def turn(
    names: Sequence[str], start: int, most: int, again: Collection[str] = ()
) -> tuple[list[str], int]:
    """At most `most` names from place `start` on, round and round, and the place of the next turn.

    Those of `again` that are still in the file come first: who failed once is asked each time
    until it answers. A file of n names is asked wholly in n / most turns when nothing fails.
    """
    if not names:
        return [], 0
    first = [name for name in names if name in again][:most]
    start %= len(names)
    count = min(most - len(first), len(names))
    rest = [*names[start:], *names[:start]][:count]
    return list(dict.fromkeys((*first, *rest))), (start + count) % len(names)
