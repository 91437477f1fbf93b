"""When a change is too big to be published on the word of those who decided it.

In 2012 a police officer dropped a file of 8,000 legitimate domains into a feed, and providers
that pulled it blocked them all (EDRi-gram 10.5). So a list moves slowly, or two people say why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

MOST = 50
SHARE = 20  # a twentieth of the list: 5 %
SIGNATURES = 2


class Window(NamedTuple):
    """How far back is looked. `key` is the reason with which a change is held."""

    key: str
    span: timedelta
    least: int  # a short list may move by this much in it, whatever its share


HOUR = Window("too-many", timedelta(hours=1), 5)
# A list of fewer than 400 names may move in a day by what it may in four hours: a new list grows,
# and steps that are small enough for every hour do not fill it, or empty it, in a day.
DAY = Window("too-many-day", timedelta(days=1), 20)
WINDOWS = (HOUR, DAY)


@dataclass(frozen=True, slots=True)
class Change:
    """How many names differ from the beginning of the window, and how many were listed then."""

    added: int
    removed: int
    listed: int
    window: Window = HOUR

    @property
    def limit(self) -> int:
        return min(MOST, max(self.window.least, self.listed // SHARE))

    @property
    def holds_adds(self) -> bool:
        """A wrong block is worse than a missing one: names to add wait when anything is amiss."""
        return self.added + self.removed > self.limit and self.added > 0

    @property
    def holds_removals(self) -> bool:
        """A name leaves the list at once, unless so many leave that the list is being emptied."""
        return self.removed > self.limit


def net(before: Mapping[str, int], waiting: Iterable[tuple[str, int]]) -> dict[str, int]:
    """What becomes of each name: 1 it enters, -1 it leaves, 0 it is as it was before the window.

    `before` adds up what happened in the window; a name that entered and left again counts for nothing.
    """
    found = dict(before)
    for name, effect in waiting:
        found[name] = found.get(name, 0) + effect
    return found
