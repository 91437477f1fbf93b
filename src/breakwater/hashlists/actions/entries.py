"""Writes entries of a list in sets: new ones, changed ones, tombstones; every voice stays its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from breakwater.formats.hash_entry import Fingerprint as Value
from breakwater.formats.hash_entry import HashEntry
from breakwater.hashlists.models import Entry, Fingerprint, HashList, Kind, ListChange, Media
from breakwater.hashlists.rules.grades import map_grade
from breakwater.storage import bulk

SEARCHED = {
    "md5": Kind.MD5,
    "sha1": Kind.SHA1,
    "sha256": Kind.SHA256,
    "pdq": Kind.PDQ,
    "photodna": Kind.PHOTODNA,
}
NAMES = {number: name for name, number in SEARCHED.items()}
# Held by whoever writes entries, from stamping to the commit: see `actions.sharing.pull`.
ENTRIES_LOCK = 4711_03
_MEDIA = {"image": Media.IMAGE, "video": Media.VIDEO, "unknown": Media.UNKNOWN}
_MEDIA_NAMES = {number: name for name, number in _MEDIA.items()}
_FIELDS = (
    "id", "hash_list", "source_key", "member", "media", "grade", "mapped_grade", "changed_at",
    "deleted_at", "facts", "changed_by",
)  # fmt: skip
_CHANGING = _FIELDS[3:]


@dataclass(slots=True)
class Counts:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0


def source_key(entry: HashEntry) -> str:
    """The source's name of an entry, or its first hash where the source gives none."""
    if entry.source_id and entry.source_id.entry:
        return str(entry.source_id)[:200]
    first = entry.fingerprints[0]
    return f"{entry.member_name[:60]}:{first.kind}:{first.value[:128]}"


def facts_of(entry: HashEntry) -> bytes:
    """Everything of an entry that has no column, as JSON with sorted keys."""
    facts: dict[str, Any] = {
        "kept": [list(f) for f in entry.fingerprints if f.kind not in SEARCHED],
        "scheme": entry.scheme,
        "source_id": [entry.source_id.entry, entry.source_id.member] if entry.source_id else None,
        "size": entry.size,
        "mime_type": entry.mime_type,
        "series": entry.series,
        "tags": list(entry.tags),
        "note": entry.note,
        "extra": dict(entry.extra),
        "has_time": entry.changed_at is not None,
    }
    slim = {key: value for key, value in facts.items() if value not in (None, "", [], {}, False)}
    return json.dumps(slim, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def write_entries(
    hash_list: HashList, change: ListChange, entries: Sequence[HashEntry], *, at: datetime
) -> Counts:
    """Write a set of one list, inside the caller's transaction; the last of equal keys counts.

    `at` is when the desk learnt it: a sharing server of ours answers by this time, so that no
    entry appears in a range that a client has already finished.
    """
    wanted = {source_key(e): e for e in entries if e.fingerprints or e.deleted}
    counts = Counts()
    counts.unchanged = len(entries) - len(wanted)
    held = _held(hash_list.pk, list(wanted))
    fresh = [(k, e) for k, e in wanted.items() if k not in held and not e.deleted]
    counts.unchanged += sum(1 for k, e in wanted.items() if k not in held and e.deleted)
    _insert(hash_list, change, fresh, at)
    counts.added = len(fresh)
    _change(hash_list, change, [(held[k], wanted[k]) for k in wanted if k in held], at, counts)
    return counts


_Held = tuple[int, bytes, str, str, int, bool]  # id, facts, grade, member, media, is deleted


def _held(list_id: int, keys: list[str]) -> dict[str, _Held]:
    where, parameter = bulk.among("source_key", keys)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_key, id, facts, grade, member, media, deleted_at IS NOT NULL"  # noqa: S608
            f" FROM hashlists_entry WHERE hash_list_id = %s AND {where}",
            [list_id, parameter],
        )
        return {r[0]: (r[1], bytes(r[2]), r[3], r[4], r[5], bool(r[6])) for r in cursor.fetchall()}


def _row(hash_list: HashList, change: ListChange, pk: int, key: str, e: HashEntry, at: datetime,
         facts: bytes) -> tuple[Any, ...]:  # fmt: skip
    grade = (e.grade or "")[:60]
    return (
        pk, hash_list.pk, key, e.member_name[:120], int(_MEDIA[e.media]), grade,
        map_grade(_scheme(hash_list, e), grade), at, at if e.deleted else None, facts, change.pk,
    )  # fmt: skip


def _scheme(hash_list: HashList, entry: HashEntry) -> str:
    # A list that says so itself comes before what an exporter wrote into each line.
    return hash_list.scheme if hash_list.scheme != "own" else (entry.scheme or "")


def _insert(
    hash_list: HashList, change: ListChange, fresh: list[tuple[str, HashEntry]], at: datetime
) -> None:
    ids = bulk.reserve_ids(Entry, len(fresh))
    rows = [
        _row(hash_list, change, pk, key, e, at, facts_of(e))
        for pk, (key, e) in zip(ids, fresh, strict=True)
    ]
    bulk.insert(Entry, _FIELDS, rows)
    _insert_hashes([(pk, f) for pk, (_, e) in zip(ids, fresh, strict=True) for f in e.fingerprints])


def _insert_hashes(pairs: list[tuple[int, Value]]) -> None:
    seen = {(pk, SEARCHED[f.kind], f.value) for pk, f in pairs if f.kind in SEARCHED}
    rows = [(pk, int(kind), bytes.fromhex(value)) for pk, kind, value in sorted(seen)]
    bulk.insert(Fingerprint, ("entry", "kind", "value"), rows)


def _change(
    hash_list: HashList,
    change: ListChange,
    pairs: list[tuple[_Held, HashEntry]],
    at: datetime,
    counts: Counts,
) -> None:
    ids = [held[0] for held, _ in pairs]
    hashes = _hashes_of(ids)
    rows, new_hashes, emptied = [], [], []
    for (pk, facts, grade, member, media, was_deleted), e in pairs:
        wanted = {(int(SEARCHED[f.kind]), f.value) for f in e.fingerprints if f.kind in SEARCHED}
        new_facts = facts if e.deleted else facts_of(e)
        same = (
            e.deleted == was_deleted
            and (e.deleted or wanted == hashes.get(pk, set()))
            and new_facts == facts
            and (e.deleted or ((e.grade or "")[:60], e.member_name[:120]) == (grade, member))
            and (e.deleted or int(_MEDIA[e.media]) == media)
        )
        if same:
            counts.unchanged += 1
            continue
        counts.removed += e.deleted
        counts.changed += not e.deleted
        row = list(_row(hash_list, change, pk, "", e, at, new_facts))
        if e.deleted:
            # A tombstone says only that it is gone: what was said before stays readable.
            row[3:7] = [member, media, grade, map_grade(_scheme(hash_list, e), grade)]
        elif wanted != hashes.get(pk, set()):
            emptied.append(pk)
            new_hashes += [(pk, f) for f in e.fingerprints]
        rows.append((*row[3:], pk))
    bulk.update(Entry, _CHANGING, rows)
    if emptied:
        where, parameter = bulk.among("entry_id", emptied)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM hashlists_fingerprint WHERE {where}", [parameter])  # noqa: S608
        _insert_hashes(new_hashes)


def _hashes_of(ids: list[int]) -> dict[int, set[tuple[int, str]]]:
    found: dict[int, set[tuple[int, str]]] = {}
    if not ids:
        return found
    where, parameter = bulk.among("entry_id", ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT entry_id, kind, value FROM hashlists_fingerprint WHERE {where}",  # noqa: S608
            [parameter],
        )
        for entry_id, kind, value in cursor.fetchall():
            found.setdefault(entry_id, set()).add((kind, bytes(value).hex()))
    return found


def restore(entry: Entry, hashes: Sequence[tuple[int, bytes]]) -> HashEntry:
    """The value that an entry came from, with all that its source said; the inverse of writing."""
    from breakwater.formats.hash_entry import SourceId

    facts = json.loads(bytes(entry.facts))
    fingerprints = [Value(NAMES[Kind(kind)], bytes(value).hex()) for kind, value in hashes]
    fingerprints += [Value(kind, value) for kind, value in facts.get("kept", [])]
    said = facts.get("source_id")
    return HashEntry(
        fingerprints=tuple(fingerprints),
        media=_MEDIA_NAMES[Media(entry.media)],  # type: ignore[arg-type]
        grade=entry.grade or None,
        scheme=facts.get("scheme"),
        source_id=SourceId(*said) if said else None,
        member_name=entry.member,
        changed_at=entry.changed_at.astimezone(UTC),
        size=facts.get("size"),
        mime_type=facts.get("mime_type", ""),
        series=facts.get("series", ""),
        tags=tuple(facts.get("tags", ())),
        note=facts.get("note", ""),
        extra=facts.get("extra", {}),
        deleted=entry.deleted_at is not None,
    )
