"""Tells recipients what the lists say, page by page, and takes their feedback."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.hash_sharing import QueryResult, Submission
from breakwater.formats.hash_sharing.document import instant
from breakwater.hashlists.actions.entries import ENTRIES_LOCK, SEARCHED
from breakwater.hashlists.models import Fingerprint, HashList, Opinion, Recipient
from breakwater.hashlists.queries import shared
from breakwater.hashlists.queries.told import told_of
from breakwater.hashlists.rules.feedback import grounds_for
from breakwater.hashlists.rules.sharing import (
    PAGE,
    Place,
    Range,
    check_range,
    tellings,
    write_place,
)
from breakwater.storage import bulk


class NotGranted(Exception):
    """The recipient may not pull this list, or there is none."""


class NoSuchHash(Exception):
    """There is no such entry, or it has no hash of this kind."""


class UnknownReason(ValueError):
    """The reason is none of those offered for this kind of hash."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One page of a range. `after`, `told` and `total` come from the address of the next page."""

    changed: Range
    only: int | None = None
    after: Place | None = None
    told: int = 0
    total: int | None = None
    size: int = PAGE


def who(recipient: Recipient) -> str:
    """A recipient as the log names it."""
    return f"{recipient.name} ({recipient.username})"


def granted(recipient: Recipient, only: int | None = None) -> dict[int, HashList]:
    """The lists that a recipient may pull.

    Raises:
        NotGranted: `only` names a list that is not among them.
    """
    lists = shared.lists_for(recipient, only)
    if only is not None and not lists:
        raise NotGranted(only)
    return lists


def pull(recipient: Recipient, ask: Ask, *, at: datetime) -> QueryResult:
    """Give one page, and log who took how much of what.

    Raises:
        NotGranted: the list that is asked for is not the recipient's.
        BadRange: the range ends before it begins, or in the future.
    """
    lists = granted(recipient, ask.only)
    check_range(ask.changed, at)
    told = tellings({pk: shared.life_of(x) for pk, x in lists.items()}, ask.changed, at)
    with transaction.atomic():
        # Whoever is finishing a change is waited for: its time was taken before this moment and
        # could not be seen yet, and whoever comes later takes a later one.
        bulk.lock_writer(ENTRIES_LOCK)
        total = shared.count(told) if ask.total is None else ask.total
        found, place = shared.page(told, ask.after, ask.size)
        entries = shared.shared(found, lists, recipient)
        _log(recipient, ask, lists, len(entries), at)
    return QueryResult(entries, _next(ask, place, len(entries), total) if place else "")


def _next(ask: Ask, place: Place, count: int, total: int) -> str:
    """The path of the next page, which clients append to their base address as it is.

    `start`, `size` and `max` are counts, which clients estimate by; `after` is what is used.
    """
    told = ask.told + count
    where = {
        "from": instant(ask.changed.since), "to": instant(ask.changed.until), "start": told + 1,
        "size": ask.size, "max": max(total, told + 1), "after": write_place(place),
    }  # fmt: skip
    return f"/v2/entries?{urlencode(where, safe=':')}"


def _log(
    recipient: Recipient, ask: Ask, lists: Mapping[int, HashList], count: int, at: datetime
) -> None:
    names = ", ".join(x.name for x in lists.values())
    detail = {
        "lists": sorted(lists), "from": instant(ask.changed.since),
        "to": instant(ask.changed.until), "first": ask.told + 1, "count": count,
    }  # fmt: skip
    record("hashlists.list.pulled", actor=who(recipient), at=at, target=names, detail=detail)


@dataclass(frozen=True, slots=True)
class About:
    """One hash of one entry of one list."""

    list_id: int
    entry_id: int
    kind: str


def give_opinion(
    recipient: Recipient, about: About, said: Submission, *, at: datetime, only: int | None = None
) -> Opinion:
    """Keep what a recipient thinks of a hash; the last word counts, the same again changes nothing.

    Raises:
        NotGranted: the list is not the recipient's.
        NoSuchHash: no such entry in the list, or withdrawn, or without a hash of this kind.
        UnknownReason: a reason that is not offered for this kind.
    """
    if only not in (None, about.list_id) or about.list_id not in granted(recipient, about.list_id):
        raise NotGranted(about.list_id)
    reasons = _reasons(about.kind, said)
    kind = SEARCHED.get(about.kind)
    entry = told_of(about.list_id).filter(pk=about.entry_id, deleted_at=None).first()
    if (
        kind is None
        or entry is None
        or not Fingerprint.objects.filter(entry=entry, kind=kind).exists()
    ):
        raise NoSuchHash(about.entry_id)
    with transaction.atomic():
        found = Opinion.objects.filter(entry=entry, kind=kind, author=recipient.name).first()
        if found and (found.agrees, found.reasons) == (said.agrees, reasons):
            return found
        opinion, _ = Opinion.objects.update_or_create(
            entry=entry, kind=kind, author=recipient.name,
            defaults={"agrees": said.agrees, "reasons": reasons, "at": at},
        )  # fmt: skip
        detail = {
            "list": about.list_id, "kind": about.kind, "agrees": said.agrees, "reasons": reasons,
        }  # fmt: skip
        target = f"entry {entry.pk}"
        record("hashlists.opinion.given", actor=who(recipient), at=at, target=target, detail=detail)
    return opinion


def _reasons(kind: str, said: Submission) -> list[str]:
    offered = {ground.guid: ground.key for ground in grounds_for(kind)}
    if unknown := [guid for guid in said.reason_guids if guid not in offered]:
        raise UnknownReason(f"{unknown[0][:80]}: none of the reasons offered for {kind}")
    return sorted({offered[guid] for guid in said.reason_guids})
