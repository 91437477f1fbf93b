"""Where lists and resolvers differ: what is listed and not blocked, what is blocked and not listed.

What waits for the publisher, or is held, differs for a while and is left out. Nothing here is put
right by itself: the tables that had a name leave may be the wrong ones.
"""

from collections.abc import Collection
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from breakwater.people.models import User
from breakwater.worstof.models import Entry, ZoneName
from breakwater.worstof.queries.board import lands
from breakwater.worstof.queries.standing import waiting_or_held

# The counts read the whole list, in seconds if it has a million names: they are kept for a minute,
# or for so many times as long as they took.
KEPT_SECONDS, KEPT_TIMES = 60, 50
_COUNTED = "worstof-apart"


class Counts(NamedTuple):
    unblocked: int
    unlisted: int


def unblocked() -> QuerySet[Entry]:
    """Listed domains that those who get their list do not block."""
    there = ZoneName.objects.filter(name=OuterRef("name"))
    for_all = Q(Exists(there.filter(is_national=False)))
    is_blocked = for_all | (~Q(block_list__country="") & Q(Exists(there)))
    coming = waiting_or_held().filter(entry=OuterRef("pk"), adds=True)
    rows = Entry.objects.filter(state__in=Entry.PUBLISHED).select_related("block_list")
    return rows.exclude(is_blocked).exclude(Exists(coming)).order_by("pk")


def unlisted() -> QuerySet[ZoneName]:
    """Names that are blocked although no list has them, or for more than its list is for."""
    leaving = waiting_or_held().filter(name=OuterRef("name"), adds=False)
    return _without_list().exclude(Exists(leaving)).order_by("name")


def _without_list() -> QuerySet[ZoneName]:
    """The same, with those whose removal waits for the publisher or is held."""
    listing = Entry.objects.filter(name=OuterRef("name"), state__in=Entry.PUBLISHED)
    by_all = Q(Exists(listing.filter(block_list__country="")))
    return ZoneName.objects.exclude(by_all | (Q(is_national=True) & Q(Exists(listing))))


def unlisted_for(user: User) -> QuerySet[ZoneName]:
    """Those that this person may see.

    Names of another country's list are left out; which country's a national name is that no list has,
    nobody knows.
    """
    return _seen_by(user, unlisted())


def is_still_blocked(names: Collection[str], user: User) -> bool:
    """Whether one of the names is blocked although no list has it, as far as this person may see;
    also if its removal waits for the publisher, or for two signatures."""
    return _seen_by(user, _without_list()).filter(name__in=names).exists()


def _seen_by(user: User, names: QuerySet[ZoneName]) -> QuerySet[ZoneName]:
    seen = lands(user)
    theirs = Entry.objects.filter(name=OuterRef("name")).exclude(
        block_list__country__in=["", *seen]
    )
    rows = names.exclude(Exists(theirs))
    return rows if settings.DESK_COUNTRY in seen else rows.filter(is_national=False)


def counts() -> Counts:
    found = cache.get(_COUNTED)
    if not isinstance(found, Counts):
        begun = monotonic()
        found = Counts(unblocked().count(), unlisted().count())
        took = monotonic() - begun
        cache.set(_COUNTED, found, max(KEPT_SECONDS, KEPT_TIMES * took))
    return found


def count_anew() -> None:
    cache.delete(_COUNTED)
