"""When a change is too big to be published on the word of those who decided it.

In 2012 a police officer dropped a file of 8,000 legitimate domains into a feed, and providers
that pulled it blocked them all (EDRi-gram 10.5). So a list moves slowly, or two people say why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST = 50
SHARE = 20  # a twentieth of the list: 5 %
LEAST = 5  # a short list may move by this much, whatever its share
SIGNATURES = 2


@dataclass(frozen=True, slots=True)
class Change:
    """How many names differ from an hour ago, and how many were listed then."""

    added: int
    removed: int
    listed: int

    @property
    def limit(self) -> int:
        return min(MOST, max(LEAST, self.listed // SHARE))

    @property
    def holds_adds(self) -> bool:
        """A wrong block is worse than a missing one: names to add wait when anything is amiss."""
        return self.added + self.removed > self.limit and self.added > 0

    @property
    def holds_removals(self) -> bool:
        """A name leaves the list at once, unless so many leave that the list is being emptied."""
        return self.removed > self.limit


def net(before: Mapping[str, int], waiting: Iterable[tuple[str, int]]) -> dict[str, int]:
    """What becomes of each name: 1 it enters, -1 it leaves, 0 it is as it was an hour ago.

    `before` adds up what the last hour did; a name that entered and left again counts for nothing.
    """
    found = dict(before)
    for name, effect in waiting:
        found[name] = found.get(name, 0) + effect
    return found
