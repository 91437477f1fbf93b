"""Counts calls in a window of time, in memory and bounded: each server process counts its own."""

from collections import OrderedDict

KEPT = 10_000


class Throttle:
    """At most `limit` calls of one name in `window` seconds; the caller brings the clock."""

    def __init__(self, limit: int, window: float) -> None:
        self.limit = limit
        self.window = window
        self._calls: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, name: str, now: float) -> float:
        """Seconds until `name` may call again, 0 if it may now."""
        count, since = self._calls.get(name, (0, now))
        return max(0.0, since + self.window - now) if count >= self.limit else 0.0

    def count(self, name: str, now: float) -> None:
        count, since = self._calls.pop(name, (0, now))
        if now - since >= self.window:
            count, since = 0, now
        self._calls[name] = (count + 1, since)
        while len(self._calls) > KEPT:
            self._calls.popitem(last=False)
