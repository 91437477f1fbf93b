"""Letting go of a bulk change that was stopped, or throwing it away."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from breakwater.custody.actions import record
from breakwater.people.access import user_may
from breakwater.people.models import User
from breakwater.worstof.actions import life
from breakwater.worstof.models import HeldChange, Signature, ZoneChange
from breakwater.worstof.queries import hands
from breakwater.worstof.queries.board import lands
from breakwater.worstof.queries.zone import countries_of
from breakwater.worstof.rules.brake import SIGNATURES, Change

PROBE = "probe"


class NotHeld(ValueError):
    """The change is no longer held: it was released or thrown away."""


class MayNotSign(ValueError):
    """This person has not the right to sign, or the names are of another country's own list."""


class SignedAlready(ValueError):
    """A person's signature counts once, people of one name are one; another has to sign."""


class HeldGrew(ValueError):
    """More names joined the change since the person saw it; look again."""


class ReasonMissing(ValueError):
    """Say why."""


class OnlyRemovals(ValueError):
    """A removal is signed for or goes on waiting: thrown away, it would leave the name blocked."""


def lock_waiting() -> None:
    """Have nobody sign or throw away what waits until the publisher is done.

    Names would join a change whose signatures cover others. Call it before the first audit entry:
    who signs locks the change first, and then the log.
    """
    waiting = HeldChange.objects.filter(state=HeldChange.State.WAITING)
    list(waiting.select_for_update().order_by("pk").values_list("pk"))


def hold(
    changes: Sequence[ZoneChange], reason: str, size: Change, *, at: datetime
) -> list[HeldChange]:
    """Stop these changes, all names to add or all names to remove.

    Those of each country's own list are held apart: only they may see its names. They join what
    waits for the same reason, is of that kind, and was signed by nobody yet; see `lock_waiting`.
    """
    country_of = countries_of({change.entry_id for change in changes})
    apart: dict[str, list[ZoneChange]] = {}
    for change in changes:
        apart.setdefault(country_of[change.entry_id], []).append(change)
    return [_hold(country, apart[country], reason, size, at) for country in sorted(apart)]


def _hold(
    country: str, changes: Sequence[ZoneChange], reason: str, size: Change, at: datetime
) -> HeldChange:
    open_ones = HeldChange.objects.filter(
        state=HeldChange.State.WAITING, reason=reason, country=country
    )
    same_kind = open_ones.filter(removed=0) if changes[0].adds else open_ones.filter(added=0)
    held = same_kind.filter(signatures=None).order_by("-id").first()
    if held is None:
        held = HeldChange.objects.create(
            country=country, reason=reason, added=0, removed=0, listed=size.listed, at=at
        )
    ZoneChange.objects.filter(pk__in=[change.pk for change in changes]).update(held=held)
    added = sum(change.adds for change in changes)
    removed = len(changes) - added
    HeldChange.objects.filter(pk=held.pk).update(
        added=F("added") + added, removed=F("removed") + removed
    )
    held.refresh_from_db()
    detail = {"reason": reason, "added": added, "removed": removed, "listed": size.listed}
    record("worstof.change.held", actor="publisher", at=at, target=f"held {held.pk}", detail=detail)
    return held


def release(
    held: HeldChange, *, by: User, reason: str, at: datetime, seen: int | None = None
) -> bool:
    """Sign a held change; the second person's signature releases it. Says whether it is released.

    `seen` is how many changes it had when the person decided.

    Raises:
        NotHeld, MayNotSign, SignedAlready, HeldGrew, ReasonMissing: nothing was signed.
    """
    with transaction.atomic():
        held = _waiting(held, by, reason)
        if seen is not None and held.changes.count() != seen:
            raise HeldGrew(str(held))
        if hands.has_signed(by, held.signatures.all()):
            raise SignedAlready(by.audit_name)
        Signature.objects.create(held=held, by=by, reason=reason.strip(), at=at)
        detail = {"reason": reason.strip(), "added": held.added, "removed": held.removed}
        target = f"held {held.pk}"
        record("worstof.change.signed", actor=by, at=at, target=target, detail=detail)
        if hands.signers(held.signatures.all()) < SIGNATURES:
            return False
        _end(held, HeldChange.State.RELEASED, at)
        record("worstof.change.released", actor=by, at=at, target=target, detail=detail)
    return True


def discard(held: HeldChange, *, by: User, reason: str, at: datetime) -> None:
    """Throw names away that were to be added. One person is enough: nothing gets blocked by it.

    Their entries leave the list, each with the reason. Removals held with them go past the brake once
    more.

    Raises:
        NotHeld, MayNotSign, ReasonMissing, OnlyRemovals: nothing was thrown away.
    """
    with transaction.atomic():
        held = _waiting(held, by, reason)
        open_ones = held.changes.filter(published_at=None)
        if not open_ones.filter(adds=True).exists():
            raise OnlyRemovals(str(held))
        adds = open_ones.filter(adds=True)
        # An entry that was decided anew since then has an addition of its own.
        since = ZoneChange.objects.filter(entry=OuterRef("entry"), adds=True, pk__gt=OuterRef("pk"))
        last = adds.exclude(entry=None).exclude(Exists(since.exclude(held=held)))
        numbers = set(last.values_list("entry_id", flat=True))
        adds.update(refused="discarded")
        open_ones.filter(adds=False).update(held=None)
        _end(held, HeldChange.State.DISCARDED, at)
        life.unlist(numbers, by=by, reason=reason.strip(), at=at)
        detail = {"reason": reason.strip(), "added": held.added, "removed": held.removed}
        target = f"held {held.pk}"
        record("worstof.change.discarded", actor=by, at=at, target=target, detail=detail)


def _waiting(held: HeldChange, by: User, reason: str) -> HeldChange:
    if not user_may(by, "worstof.sign") or held.country not in lands(by):
        raise MayNotSign(by.audit_name)
    if not reason.strip():
        raise ReasonMissing("reason")
    now = HeldChange.objects.select_for_update().get(pk=held.pk)
    if now.state != HeldChange.State.WAITING:
        raise NotHeld(str(held.pk))
    return now


def _end(held: HeldChange, state: HeldChange.State, at: datetime) -> None:
    held.state, held.ended_at = state, at
    held.save(update_fields=["state", "ended_at"])
