"""Whether a removal can be taken back: only while all that had listed the domain still stands."""

from datetime import datetime, timedelta

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof.models import Appeal, Entry, Step, ZoneChange
from breakwater.worstof.queries.judged import last_verified, of_round, weighed
from breakwater.worstof.rules import clocks
from breakwater.worstof.rules.verdict import Outcome

RESTORABLE_FOR = timedelta(minutes=10)
# What leaves a listed domain listed, or as it was when it was removed.
_NEUTRAL = (
    *(f"worstof.entry.{x}" for x in ("assessed", "nominated", "withdrawn", "removed", "restored")),
    "worstof.appeal.rejected",
)


def fresh_until_of(entry: Entry, user: User, *, at: datetime) -> datetime | None:
    """Until when the domain stays fresh if this person takes the removal back; None: they cannot.

    The removal was this person's own, took a published domain off (not one that was due again), is
    not older than ten minutes, nothing followed it, it answered no appeal, and the verifications of
    the round still list the domain by the rule of today.
    """
    removed = _own_removal(entry, user, at)
    if removed is None or not _took_it_off(entry, removed) or _answered_an_appeal(entry, removed):
        return None
    verified = last_verified(entry)
    if verified is None or _was_doubted(entry, verified):
        return None
    if weighed(entry, of_round(entry), at=verified.at).outcome is not Outcome.VERIFIED:
        return None
    until = clocks.fresh_until(verified.at, entry.block_list.fresh_days)
    return until if until > at else None


def _was_doubted(entry: Entry, verified: Step) -> bool:
    """Whether the domain was discussed, fell due, or left the list, after it was verified."""
    later = Step.objects.filter(entry=entry, pk__gt=verified.pk)
    return later.exclude(verb__in=_NEUTRAL).exists()


def _own_removal(entry: Entry, user: User, at: datetime) -> Step | None:
    last = Step.objects.filter(entry=entry).order_by("-pk").first()
    if entry.state != Entry.State.REMOVED or last is None:
        return None
    if last.verb != "worstof.entry.removed" or at - last.at > RESTORABLE_FOR:
        return None
    # A step has a name, which two people can share; the audit log has the account.
    log = AuditEntry.objects.filter(target=f"W-{entry.pk}", verb=last.verb).order_by("-seq").first()
    return last if log and (log.actor, log.at) == (user.audit_name, last.at) else None


def _took_it_off(entry: Entry, removed: Step) -> bool:
    """Whether the name was published before. What the brake holds, or somebody threw away, must not
    get past it as a removal that is taken back."""
    last = list(ZoneChange.objects.filter(entry=entry).order_by("-pk")[:2])
    if len(last) < 2 or last[0].adds or last[0].decided_at != removed.at:
        return False
    return last[1].adds and last[1].published_at is not None and not last[1].refused


def _answered_an_appeal(entry: Entry, removed: Step) -> bool:
    upheld = Appeal.objects.filter(names__name=entry.name, state=Appeal.State.UPHELD)
    return upheld.filter(decided_at=removed.at).exists()
