"""How long the publisher has lived: a clock that nobody sets, for what must not pass too soon.

The desk's own clock can be set back or ahead, by hand or by a server that tells the time. The
machine's count of seconds since it was started (`CLOCK_BOOTTIME`) cannot; the kernel names each start
with a boot id. Between two readings of one start it counts truly; whatever lies between others, such
as a machine that was off, or another machine, counts as no time. So time lived is never more than
the time that went by, and may be less.
"""

from typing import NamedTuple


class Reading(NamedTuple):
    """`seconds` since the start of the machine that is called `boot`."""

    boot: str
    seconds: float


def lived(before: float, last: Reading, now: Reading) -> float:
    """Seconds lived now, of which `before` were lived when `last` was read."""
    return before + max(0.0, now.seconds - last.seconds) if now.boot == last.boot else before
