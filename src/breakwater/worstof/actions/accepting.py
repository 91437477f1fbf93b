"""Names accepted as they are kept: what changes for providers is shown, and much needs two people."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from breakwater.custody.actions import record
from breakwater.worstof.actions import last_defence, living, publishing
from breakwater.worstof.actions.living import Steady
from breakwater.worstof.models import Entry, HeldChange, Publication, ZoneName
from breakwater.worstof.rules.brake import DAY, HOUR, Change
from breakwater.worstof.rules.zone_digest import digests_of, root_of

COPY = "accepted-copy"  # of HeldChange.reason
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """What providers would get and lose; `is_compared` if what they have now is known."""

    enters: list[str]
    leaves: list[str]
    listed: int  # names that they have now
    root: str  # of the names as they would be published
    is_compared: bool = True

    def needs_two(self, *, at: datetime, lived: float | None) -> bool:
        """More than the brake lets go at once, or the second time within a day.

        By the clock or by the time lived, see `rules.steady`: none of the two may be believed alone.
        """
        size = Change(len(self.enters), len(self.leaves), self.listed, HOUR)
        within = Q(at__gt=at - DAY.span)
        if lived is not None:
            within |= Q(lived__gt=lived - DAY.span.total_seconds())
        lately = Publication.objects.filter(within, is_accepted=True)
        is_much = size.holds_adds or size.holds_removals
        return not self.is_compared or is_much or lately.exists()


def difference(served: Collection[str] | None) -> Difference:
    """Compare the names kept with those that the primary serves; None if it cannot be asked."""
    names = set(ZoneName.objects.values_list("name", flat=True).iterator(chunk_size=5000))
    names.difference_update(last_defence.all_forbidden(names))
    before = set(served or ())
    root = root_of(digests_of(names))
    return Difference(
        sorted(names - before), sorted(before - names), len(before), root, served is not None
    )


def accept(
    found: Difference, *, by: str, reason: str, at: datetime, steady: Steady | None = None
) -> HeldChange | None:
    """Publish them; or give the held change that two people of the desk have to sign first.

    Raises:
        OtherNames: the names changed since they were compared.
        NoMark: see `sealing`.
    """
    with transaction.atomic():
        lived = living.live_on(steady) if steady else None
        mine = HeldChange.objects.select_for_update().filter(reason=COPY, copy__root=found.root)
        signed = mine.filter(state=HeldChange.State.RELEASED).first()
        if signed is None and found.needs_two(at=at, lived=lived):
            return mine.filter(state=HeldChange.State.WAITING).first() or _hold(found, by, at)
    publishing.accept_copy(by=by, reason=reason, at=at, root=found.root, lived=lived)
    _forget(at)
    return None


def _hold(found: Difference, by: str, at: datetime) -> HeldChange:
    _forget(at)
    enters, leaves = (_shown(names) for names in (found.enters, found.leaves))
    held = HeldChange.objects.create(
        reason=COPY, added=len(found.enters), removed=len(found.leaves), listed=found.listed, at=at,
        copy={"root": found.root, "enters": enters, "leaves": leaves},
    )  # fmt: skip
    detail = {"reason": COPY, "added": held.added, "removed": held.removed, "listed": held.listed}
    record("worstof.change.held", actor=by, at=at, target=f"held {held.pk}", detail=detail)
    return held


def _shown(names: list[str]) -> list[str]:
    """Names for the page, on which no other country's own list may be read."""
    national = Entry.objects.exclude(block_list__country="").filter(name__in=names[:5000])
    own = set(national.values_list("name", flat=True))
    return [name for name in names[:5000] if name not in own][:SHOWN]


def _forget(at: datetime) -> None:
    """Signatures were for these names, once; those that wait for others wait in vain."""
    rows = HeldChange.objects.filter(reason=COPY)
    waiting = rows.filter(state=HeldChange.State.WAITING)
    waiting.update(state=HeldChange.State.DISCARDED, ended_at=at)
    rows.filter(state=HeldChange.State.RELEASED).update(copy=None)
