"""What the lists say of hashes: exact for digests, within a radius for PDQ and PhotoDNA.

A PDQ value of a nearly flat picture, asked or listed, is found only where the same value is.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from django.db import connection

from breakwater.formats.hash_entry import tells_pictures_apart
from breakwater.hashlists import index
from breakwater.hashlists.models import HashList, Kind, Recipient
from breakwater.hashlists.rules.voices import PROVIDERS, Voice, is_valid, may_be_told, verdict
from breakwater.matching import photodna
from breakwater.matching.pdq import MATCH_DISTANCE
from breakwater.matching.radius import RadiusIndex
from breakwater.storage import bulk

KINDS = {"md5": Kind.MD5, "sha1": Kind.SHA1, "sha256": Kind.SHA256, "pdq": Kind.PDQ}
NUMBERS = KINDS | {"photodna": Kind.PHOTODNA}
WIDTHS = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32}
# A widely shared file may be near thousands of entries. The gravest of every list are enough to
# decide by, however many nearer ones there are.
MOST_VOICES = 200
MOST_OF_A_LIST = 20
READ_AT_ONCE = 50_000


class Asked(NamedTuple):
    """One hash: `kind` is a key of `KINDS` or «photodna», `value` lower-case hexadecimal."""

    kind: str
    value: str


class _Hit(NamedTuple):
    asked: int
    fingerprint: int
    distance: int


def find(
    asked: Sequence[Asked],
    *,
    on: date,
    radius: int = MATCH_DISTANCE,
    only: Collection[int] | None = None,
) -> list[list[Voice]]:
    """For each of `asked` the voices of lists that are valid on that day.

    `only` restricts to the lists of these numbers. Hashes of other kinds or of a wrong length
    have no voices.
    """
    found: list[list[Voice]] = [[] for _ in asked]
    hits = _hits(asked, radius)
    if not hits:
        return found
    lists = _speaking(on, only)
    entries = _entries({hit.fingerprint for hit in hits}, lists)
    for hit in hits:
        row = entries.get(hit.fingerprint)
        if row is None or not _is_as_found(hit, asked[hit.asked], *row[:2]):
            continue
        entry_id, list_id, member, grade, mapped = row[2:]
        hash_list = lists[list_id]
        found[hit.asked].append(
            Voice(
                list_id, hash_list.name, hash_list.source, member, str(hash_list.direction), grade,
                mapped, asked[hit.asked].kind, hit.distance, entry_id,
            )
        )  # fmt: skip
    return [_kept(voices) for voices in found]


def _is_as_found(hit: _Hit, asked: Asked, kind: int, value: bytes) -> bool:
    """Whether the entry has, in the database, the hash that the index found, and it says something.

    The index was looked at a moment ago; if an older copy of the database was put back since, its
    numbers may belong to other hashes.
    """
    if kind != NUMBERS.get(asked.kind):
        return False
    wanted, held = bytes.fromhex(asked.value), bytes(value)
    if kind == Kind.PDQ:
        distance = (int.from_bytes(wanted) ^ int.from_bytes(held)).bit_count()
        return distance == hit.distance and (not distance or tells_pictures_apart(held))
    if kind == Kind.PHOTODNA:
        return photodna.distance(wanted, held) == hit.distance
    return wanted == held


def _kept(voices: list[Voice]) -> list[Voice]:
    """The gravest voices, a few of each list; every list that speaks is heard."""
    ordered = verdict(voices).voices
    if len(ordered) <= MOST_OF_A_LIST:
        return list(ordered)
    of_list: Counter[int] = Counter()
    kept: list[Voice] = []
    for voice in ordered:
        of_list[voice.list_id] += 1
        if of_list[voice.list_id] == 1 or (
            of_list[voice.list_id] <= MOST_OF_A_LIST and len(kept) < MOST_VOICES
        ):
            kept.append(voice)
    return kept


def is_anything_listed() -> bool:
    """Whether there is any hash to match against; cheap enough to ask before every set."""
    return not index.current().is_empty


def _hits(asked: Sequence[Asked], radius: int) -> set[_Hit]:
    hits: set[_Hit] = set()
    for name, kind in KINDS.items():
        width = WIDTHS[name]
        places = [i for i, a in enumerate(asked) if a.kind == name and len(a.value) == 2 * width]
        if not places:
            continue
        joined = bytes.fromhex("".join(asked[i].value for i in places))
        rows = np.frombuffer(joined, np.uint8).reshape(len(places), width)
        if kind is Kind.PDQ:
            hits |= _near(rows, places, radius)
        else:
            hits |= _same(kind, rows, places)
    return hits | _near_photodna(asked)


def _near_photodna(asked: Sequence[Asked]) -> set[_Hit]:
    """Within the distance of `photodna.MATCH_DISTANCE`; the values come from others, never from us."""
    table = index.current().photodna()
    length = 2 * photodna.LENGTH
    places = [i for i, a in enumerate(asked) if a.kind == "photodna" and len(a.value) == length]
    if table is None or not places:
        return set()
    joined = bytes.fromhex("".join(asked[i].value for i in places))
    rows = np.frombuffer(joined, np.uint8).reshape(len(places), photodna.LENGTH)
    return {
        _Hit(place, pk, distance)
        for place, pairs in zip(places, table.near(rows), strict=True)
        for pk, distance in pairs
    }


def _same(kind: Kind, rows: index.Rows, places: list[int]) -> set[_Hit]:
    table = index.current().digests(kind)
    if table is None:
        return set()
    found = table.rows(rows)
    starts, ids = table.arrays["starts"], table.arrays["ids"]
    return {
        _Hit(places[i], int(pk), 0)
        for i in np.flatnonzero(found >= 0).tolist()
        for pk in ids[starts[found[i]] : starts[found[i] + 1]]
    }


def _near(rows: index.Rows, places: list[int], radius: int) -> set[_Hit]:
    pdq = index.current().pdq()
    if pdq is None:
        return set()
    telling = np.array([tells_pictures_apart(row.tobytes()) for row in rows])
    return {
        _Hit(places[at[i]], pk, distance)
        for at, limit in ((np.flatnonzero(telling), radius), (np.flatnonzero(~telling), 0))
        for i, found in _found(pdq, rows[at], limit)
        for pk, distance in found
    }


def _found(
    pdq: RadiusIndex, rows: index.Rows, radius: int
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Place among `rows` and the pairs of number and distance, of those that found anything."""
    if not len(rows):
        return
    found = pdq.search(rows, radius)
    for i in np.flatnonzero(found.splits[1:] > found.splits[:-1]).tolist():
        yield i, found.of(i)


def lists_told_to(recipient: Recipient) -> set[int]:
    """Numbers of the lists of which a recipient may be told that a hash is on them.

    What is shared with authorities is told to those that were granted the list, as when they pull.
    """
    granted = set(recipient.may_pull.values_list("pk", flat=True))
    return {
        pk
        for pk, handling in HashList.objects.values_list("pk", "handling")
        if may_be_told(handling, recipient.sort) and (handling == PROVIDERS or pk in granted)
    }


def _speaking(on: date, only: Collection[int] | None) -> Mapping[int, HashList]:
    lists = HashList.objects.filter(retired_at=None)
    if only is not None:
        lists = lists.filter(pk__in=list(only))
    return {x.pk: x for x in lists if is_valid(on, x.valid_from, x.valid_until)}


# Kind and value of the hash, then number, list, member, grade and mapped grade of the entry.
_Row = tuple[int, bytes, int, int, str, str, str]


def _entries(fingerprints: set[int], lists: Mapping[int, HashList]) -> dict[int, _Row]:
    """What is said of each hash by lists that speak; a change is heard when all of it is there."""
    found: dict[int, _Row] = {}
    numbers = sorted(fingerprints)
    for first in range(0, len(numbers), READ_AT_ONCE):
        where, parameter = bulk.among("f.id", numbers[first : first + READ_AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT f.id, f.kind, f.value, e.id, e.hash_list_id, e.member, e.grade,"  # noqa: S608
                " e.mapped_grade"
                " FROM hashlists_fingerprint f JOIN hashlists_entry e ON e.id = f.entry_id"
                " JOIN hashlists_listchange c ON c.id = e.changed_by_id"
                " WHERE e.deleted_at IS NULL"
                f" AND c.finished_at IS NOT NULL AND {where}",
                [parameter],
            )
            found |= {row[0]: row[1:] for row in cursor.fetchall() if row[4] in lists}
    return found
