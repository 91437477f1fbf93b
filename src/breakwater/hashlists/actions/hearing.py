"""Keeps what others say of entries on the server that they were pulled from.

A server tells all feedback on an entry whenever it tells the entry, so what it says now takes the
place of what it said before, with each page: it weighs nothing, so it does not wait for the end of
the range. It is nobody's answer to this desk and is not told on to recipients.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from breakwater.custody.actions import record
from breakwater.formats.hash_sharing import EntryFeedback, SharedEntry
from breakwater.hashlists.models import Entry, ForeignOpinion, HashList
from breakwater.hashlists.rules.keys import source_key

# A server that repeats itself without end fills no table.
MOST_OF_ENTRY = 100


class _Said(NamedTuple):
    kind: str
    member_id: str
    member: str
    agrees: bool
    reason_guid: str
    reason: str
    at: datetime | None


def keep_opinions(
    hash_list: HashList, told: Sequence[SharedEntry], *, by: str, at: datetime
) -> None:
    """Keep the feedback of one page, inside its transaction, and log it where it changed.

    An entry that was taken away keeps what was said of it last.
    """
    wanted = {source_key(t.entry): _said(t.feedback) for t in told if _has_key(t)}
    known = dict(
        Entry.objects.filter(hash_list=hash_list, source_key__in=list(wanted)).values_list(
            "source_key", "pk"
        )
    )
    now = {pk: wanted[key] for key, pk in known.items()}
    held = _held(now)
    changed = [pk for pk in now if now[pk] != held.get(pk, set())]
    if not changed:
        return
    ForeignOpinion.objects.filter(entry__in=changed).delete()
    rows = [
        ForeignOpinion(entry_id=pk, **said._asdict())
        for pk in changed
        for said in sorted(now[pk], key=lambda s: (s.at is None, s.at, *s[:6]))
    ]
    ForeignOpinion.objects.bulk_create(rows, batch_size=1000)
    detail = {"entries": len(changed), "opinions": len(rows)}
    record("hashlists.opinion.heard", actor=by, at=at, target=hash_list.name, detail=detail)


def _has_key(told: SharedEntry) -> bool:
    entry = told.entry
    is_named = entry.source_id is not None and bool(entry.source_id.entry)
    return not entry.deleted and (is_named or bool(entry.fingerprints))


def _said(feedback: EntryFeedback) -> set[_Said]:
    found: dict[_Said, None] = {}
    for opinion in feedback.opinions:
        guid, name = (opinion.reason.guid, opinion.reason.name) if opinion.reason else ("", "")
        people = [(m.member_id, m.name) for m in opinion.members] or [("", "")]
        for number, member in people:
            said = _Said(
                opinion.kind[:40], number[:40], member[:120], opinion.agrees, guid[:80],
                name[:200], opinion.at,
            )  # fmt: skip
            found[said] = None
    return set(list(found)[:MOST_OF_ENTRY])


def _held(entries: Iterable[int]) -> dict[int, set[_Said]]:
    found: dict[int, set[_Said]] = {}
    for row in ForeignOpinion.objects.filter(entry__in=list(entries)):
        said = _Said(*(getattr(row, name) for name in _Said._fields))
        found.setdefault(row.entry_id, set()).add(said)
    return found
