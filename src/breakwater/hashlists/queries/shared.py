"""What a recipient may have of the lists: which lists, and page by page which entries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from breakwater.formats.hash_entry import HashEntry, SourceId
from breakwater.formats.hash_sharing import EntryFeedback, Member, Opinion, Reason, SharedEntry
from breakwater.formats.hash_sharing.values import FORMAT
from breakwater.hashlists import models
from breakwater.hashlists.actions.entries import NAMES, restore
from breakwater.hashlists.models import (
    Direction,
    Entry,
    Fingerprint,
    HashList,
    Kind,
    ListChange,
    Recipient,
)
from breakwater.hashlists.rules import feedback
from breakwater.hashlists.rules.sharing import BadRange, Life, Place, Telling, rest
from breakwater.hashlists.rules.voices import may_be_told

# Members of ours are lists, by their numbers; recipients that give feedback count from here.
FIRST_RECIPIENT = 1_000_000_000
OURSELVES = "0"
CHANGES_AT_ONCE = 100


def lists_for(recipient: Recipient, only: int | None = None) -> dict[int, HashList]:
    """The lists that a recipient may pull, retired ones and such that are not valid among them.

    `only` names one of them. Without it, lists that do not raise the priority are left out: the API
    has no word for them, and a client that asks for everything would take them for known abuse.
    """
    granted = recipient.may_pull.all()
    granted = granted.filter(direction=Direction.RAISE) if only is None else granted.filter(pk=only)
    return {x.pk: x for x in granted if may_be_told(x.handling, recipient.sort)}


def life_of(hash_list: HashList) -> Life:
    """When a list begins and ends; days are those of the desk's own time zone."""
    zone = timezone.get_default_timezone()
    begins = ends = None
    if hash_list.valid_from is not None:
        begins = datetime.combine(hash_list.valid_from, time.min, zone)
    if hash_list.valid_until is not None:
        ends = datetime.combine(hash_list.valid_until + timedelta(days=1), time.min, zone)
    known = [t for t in (ends, hash_list.retired_at) if t is not None]
    return Life(begins, min(known, default=None))


def count(told: Iterable[Telling]) -> int:
    """How many entries there are to tell."""
    return sum(Entry.objects.filter(changed_by__in=_changes(one)).count() for one in told)


def page(
    told: Sequence[Telling], place: Place | None, size: int
) -> tuple[list[tuple[Telling, Entry]], Place | None]:
    """The next `size` entries behind a place, and the place of the last if there are more.

    Within a list by the change that wrote them, then by number: an entry that is changed meanwhile
    is one of a change behind the range and is told in the next one, so none is skipped and none
    comes twice.

    Raises:
        BadRange: the place names no finished change of a list.
    """
    found: list[tuple[Telling, Entry]] = []
    for one in rest(told, place):
        here = place if place and place.list_id == one.list_id else None
        found += [(one, entry) for entry in _behind(one, here, size + 1 - len(found))]
        if len(found) > size:
            last = found[size - 1][1]
            return found[:size], Place(last.hash_list_id, last.changed_by_id, last.pk)
    return found, None


def _changes(one: Telling) -> QuerySet[ListChange]:
    """The changes whose entries are to be told, in the order of pages."""
    done = ListChange.objects.filter(
        hash_list=one.list_id,
        finished_at__gte=one.changed.since,
        finished_at__lt=one.changed.until,
    )
    return done.order_by("finished_at", "pk")


def _behind(one: Telling, place: Place | None, most: int) -> list[Entry]:
    changes, after = _changes(one), 0
    if place is not None:
        last = changes.filter(pk=place.change_id).first()
        if last is None:
            raise BadRange("«after» is not one of ours; begin the range anew")
        same_time = Q(finished_at=last.finished_at, pk__gte=last.pk)
        changes, after = (
            changes.filter(Q(finished_at__gt=last.finished_at) | same_time),
            place.entry_id,
        )
    found: list[Entry] = []
    for change in changes.iterator(CHANGES_AT_ONCE):
        rows = Entry.objects.filter(changed_by=change, pk__gt=after).order_by("pk")
        for entry in rows[: most - len(found)]:
            entry.changed_by = change
            found.append(entry)
        if len(found) == most:
            break
        after = 0
    return found


def shared(
    found: Sequence[tuple[Telling, Entry]], lists: dict[int, HashList], recipient: Recipient
) -> tuple[SharedEntry, ...]:
    """Entries as they are told: our numbers, the list as the member, tombstones without hashes."""
    alive = [e.pk for one, e in found if not (one.as_tombstones or e.deleted_at)]
    hashes, opinions = _hashes(alive), _feedback(alive, recipient)
    told = []
    for one, entry in found:
        value = restore(entry, hashes.get(entry.pk, ()))
        hash_list = lists[entry.hash_list_id]
        named = replace(
            value,
            source_id=SourceId(str(entry.pk), str(hash_list.pk)),
            member_name=entry.member or hash_list.name,
            changed_at=max(entry.changed_by.finished_at or one.floor, one.floor),
            extra=_unread(value),
            # An entry without a hash is kept for its list only: clients cannot use it.
            deleted=value.deleted or one.as_tombstones or not value.fingerprints,
        )
        if named.deleted:
            named = replace(named, fingerprints=(), extra={}, grade=None)
        told.append(SharedEntry(named, opinions.get(entry.pk, EntryFeedback())))
    return tuple(told)


def _unread(value: HashEntry) -> dict[str, object]:
    """Hashes of kinds that nobody here knows; links lead to another server and are left out."""
    unread = (value.extra.get(FORMAT) or {}).get("unread")
    return {FORMAT: {"unread": unread}} if unread else {}


def _hashes(entry_ids: list[int]) -> dict[int, list[tuple[int, bytes]]]:
    found: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    rows = Fingerprint.objects.filter(entry__in=entry_ids).order_by("kind", "id")
    for entry_id, kind, value in rows.values_list("entry_id", "kind", "value"):
        found[entry_id].append((kind, bytes(value)))
    return found


def _feedback(entry_ids: list[int], recipient: Recipient) -> dict[int, EntryFeedback]:
    """What others said of entries. A provider is told only what it said itself."""
    rows = models.Opinion.objects.filter(entry__in=entry_ids).order_by("id")
    if recipient.sort != Recipient.Sort.AUTHORITY:
        rows = rows.filter(author=recipient.name)
    found: dict[int, list[models.Opinion]] = defaultdict(list)
    for row in rows:
        found[row.entry_id].append(row)
    authors = {row.author for rows in found.values() for row in rows}
    numbers = dict(Recipient.objects.filter(name__in=authors).values_list("name", "pk"))
    return {pk: _as_feedback(rows, numbers) for pk, rows in found.items()}


def _as_feedback(rows: list[models.Opinion], numbers: dict[str, int]) -> EntryFeedback:
    known = {ground.key: ground for ground in feedback.grounds()}
    said = []
    for row in rows:
        number = numbers.get(row.author)
        author = (Member(recipient_number(number) if number else OURSELVES, row.author),)
        kind = feedback_word(NAMES[Kind(row.kind)])
        grounds = [known[key] for key in row.reasons if key in known]
        reasons: list[Reason | None] = [Reason(g.guid, g.name, kind) for g in grounds]
        said += [Opinion(kind, row.agrees, author, one, row.at) for one in reasons or [None]]
    return EntryFeedback(tuple(said), max(row.at for row in rows))


def feedback_word(kind: str) -> str:
    """A kind as the element of its hash is named, which clients look feedback up by."""
    return "pdna" if kind == "photodna" else kind


def recipient_number(pk: int) -> str:
    return str(FIRST_RECIPIENT + pk)
