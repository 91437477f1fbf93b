"""Reads of lists, their imports and their entries, for pages."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Exists, Max, OuterRef, QuerySet

from breakwater.formats.hash_sharing import kind_of_feedback_type
from breakwater.hashlists.actions.entries import NAMES
from breakwater.hashlists.models import (
    Entry,
    Fingerprint,
    HashList,
    Kind,
    ListChange,
    ListFault,
    Source,
)
from breakwater.hashlists.queries.lookup import KINDS, Asked, find
from breakwater.hashlists.rules.feedback import grounds
from breakwater.hashlists.rules.voices import Verdict, Voice, verdict

RECENT = 20
# Of so many finished changes; many a pull brings only what a later one changes again.
LOOKED_AT = 20
OPEN = (ListChange.State.DRAFT, ListChange.State.WAITING, ListChange.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Said:
    """What a source said of one file, for reading: hashes as (kind, value), the rest as kept."""

    entry: Entry
    hashes: tuple[tuple[str, str], ...]
    facts: dict[str, Any]


def lists() -> QuerySet[HashList]:
    """All lists by name, with `changed_at` and `is_busy`."""
    at_work = ListChange.objects.filter(hash_list=OuterRef("pk"), state__in=OPEN)
    found = HashList.objects.annotate(
        changed_at=Max("changes__finished_at"), is_busy=Exists(at_work)
    )
    return found.order_by("name")


def hash_list(pk: int) -> HashList | None:
    return HashList.objects.select_related("created_by").filter(pk=pk).first()


def changes(of: HashList) -> QuerySet[ListChange]:
    """Imports and pulls of a list, newest first."""
    return ListChange.objects.filter(hash_list=of).order_by("-pk")


def change(pk: int) -> ListChange | None:
    return ListChange.objects.select_related("hash_list").filter(pk=pk).first()


def under_way(of: HashList) -> ListChange | None:
    """The change that the worker deals with now, or next."""
    states = (ListChange.State.RUNNING, ListChange.State.WAITING)
    waiting = ListChange.objects.filter(hash_list=of, state__in=states)
    return waiting.order_by("pk").first()


def meeting(of: HashList) -> ListChange | None:
    """The change of a list that the archive meets now."""
    begun = ListChange.objects.filter(hash_list=of, matched_at=None, to_meet__gt=0)
    return begun.order_by("pk").first()


def faults(of: ListChange) -> QuerySet[ListFault]:
    return ListFault.objects.filter(change=of).order_by("pk")


def sample(of: HashList, most: int = RECENT) -> list[Said]:
    """The entries of a list that changed last, with the change of each."""
    newest: list[Entry] = []
    for change in changes(of).exclude(finished_at=None).order_by("-finished_at", "-pk")[:LOOKED_AT]:
        found = Entry.objects.filter(changed_by=change).order_by("-pk")[: most - len(newest)]
        for entry in found:
            entry.changed_by = change
            newest.append(entry)
        if len(newest) == most:
            break
    return read(newest)


def entry(pk: int) -> Said | None:
    told = Entry.objects.exclude(changed_by__finished_at=None)
    found = told.select_related("hash_list", "changed_by").filter(pk=pk).first()
    return read([found])[0] if found else None


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody thinks of one hash of an entry; `server` is "" where it was told this desk."""

    author: str
    kind: str
    agrees: bool
    reasons: tuple[str, ...]
    at: datetime | None
    server: str = ""


def feedback(of: Entry) -> list[Feedback]:
    """What recipients told this desk of an entry, and what its server tells of others."""
    known = {ground.key: ground.name for ground in grounds()}
    found = [
        Feedback(o.author, NAMES[Kind(o.kind)], o.agrees, _names(o.reasons, known), o.at)
        for o in of.opinions.order_by("id")
    ]
    source = Source.objects.filter(hash_list=of.hash_list_id).first()
    server = (urlsplit(source.address).hostname if source else "") or of.hash_list.source
    for said in of.foreign_opinions.order_by("id"):
        kind = kind_of_feedback_type(said.kind) or said.kind
        reasons = (said.reason or said.reason_guid,) if said.reason or said.reason_guid else ()
        author = said.member or said.member_id
        found.append(Feedback(author, kind, said.agrees, reasons, said.at, server))
    return found


def _names(keys: Sequence[str], known: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(known.get(key, key) for key in keys)


def read(entries: Sequence[Entry]) -> list[Said]:
    """Put the hashes of each entry beside it, in one query for all."""
    hashes: dict[int, list[tuple[str, str]]] = {e.pk: [] for e in entries}
    found = Fingerprint.objects.filter(entry__in=list(hashes)).order_by("kind", "id")
    for pk, kind, value in found.values_list("entry_id", "kind", "value"):
        hashes[pk].append((NAMES[Kind(kind)], bytes(value).hex()))
    return [_said(e, hashes[e.pk]) for e in entries]


def _said(entry: Entry, hashes: list[tuple[str, str]]) -> Said:
    facts = json.loads(bytes(entry.facts))
    kept = [(str(kind), str(value)) for kind, value in facts.pop("kept", [])]
    return Said(entry, (*hashes, *kept), facts)


def fault_rows(of: ListChange) -> Iterator[tuple[str, str, str, str, str, int]]:
    """Every fault that was kept, for an export."""
    yield from faults(of).values_list(*ListFault.FIELDS).iterator()


def voices_on(hashes: Sequence[tuple[str, str]], *, on: date) -> Verdict:
    """What all lists say of one file, each entry once: by its nearest hash."""
    asked = [Asked(kind, value) for kind, value in hashes if kind in KINDS]
    nearest: dict[int, Voice] = {}
    for voice in (voice for voices in find(asked, on=on) for voice in voices):
        known = nearest.get(voice.entry_id)
        if known is None or voice.distance < known.distance:
            nearest[voice.entry_id] = voice
    return verdict(list(nearest.values()))
