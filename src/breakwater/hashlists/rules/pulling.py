"""Which range of time is asked for next, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# A server may learn of an entry a moment after the time that it gives it.
MARGIN = timedelta(minutes=2)
# Places of next pages are not good for longer: what the known server says of its own.
STALE = timedelta(hours=12)
FACTOR = 4
SHORTEST = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Plan:
    """The end of the next range if it is to be asked for at once, or else when to ask again."""

    range_until: datetime | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trail:
    """A page that was asked for earlier in a range, and how many came since."""

    page: str = ""
    since: int = 0
    most: int = 1

    def to(self, page: str) -> "Trail | None":
        """The trail with the next page; None if the server leads in a ring.

        One page is remembered, each time for twice as long (Brent's way to find a cycle): a ring
        of n pages is found before it was gone round three times, at the cost of one page's name.
        """
        if page == self.page:
            return None
        if self.since + 1 < self.most:
            return Trail(self.page, self.since + 1, self.most)
        return Trail(page, 0, 2 * self.most)


def first_end(at: datetime) -> datetime:
    """The end of a range that reaches up to now, in whole seconds as the API writes them."""
    return (at - MARGIN).replace(microsecond=0)


def is_stale(page_at: datetime | None, at: datetime) -> bool:
    return page_at is None or at - page_at > STALE


def shrunk(since: datetime, until: datetime) -> datetime | None:
    """The end of a smaller range, None if it is as short as it gets."""
    length = until - since
    if length <= SHORTEST:
        return None
    return (since + max(length / FACTOR, SHORTEST)).replace(microsecond=0)


def after_exhaustion(since: datetime, until: datetime, at: datetime, every: timedelta) -> Plan:
    """Go on at once while there is more behind than one turn's worth, in ranges that grow again."""
    end = first_end(at)
    if end - until <= every:
        return Plan(None, at + every)
    return Plan(min(end, until + FACTOR * max(until - since, SHORTEST)), None)


def wait_after(tries: int) -> timedelta:
    """How long to leave a server alone after so many failures in a row."""
    return min(timedelta(seconds=30) * (1 << min(tries - 1, 20)), LONGEST_WAIT)
