"""Slows down whoever tries secrets at the provider door.

Held in memory, bounded, per server process: the secrets are 256 random bits, so this
keeps logs and processors quiet rather than secrets safe.
"""

import time
from collections import OrderedDict

LIMIT = 10
WINDOW = 300.0  # seconds
KEPT = 10_000
_failures: OrderedDict[str, tuple[int, float]] = OrderedDict()


def failed(source: str) -> None:
    count, since = _failures.pop(source, (0, time.monotonic()))
    if time.monotonic() - since > WINDOW:
        count, since = 0, time.monotonic()
    _failures[source] = (count + 1, since)
    while len(_failures) > KEPT:
        _failures.popitem(last=False)


def is_blocked(source: str) -> bool:
    count, since = _failures.get(source, (0, 0.0))
    return count >= LIMIT and time.monotonic() - since <= WINDOW
