"""What is published, what waits to be, and whether the names kept are the names that were signed."""

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Q, QuerySet

from breakwater.storage import bulk
from breakwater.worstof.models import (
    Entry,
    HeldChange,
    Publication,
    PublisherState,
    Recipient,
    ZoneChange,
    ZoneDigests,
    ZoneName,
)
from breakwater.worstof.rules.folding import Said
from breakwater.worstof.rules.zone_digest import (
    NOTHING,
    bucket_digest,
    bucket_of,
    digests_of,
    joined,
    packed,
    root_of,
    root_of_packed,
)

ZONE = "wol.invalid"  # what the zone is called if nothing else is said
_AT_ONCE = 5000  # names in one statement
T = TypeVar("T")


class Digests(NamedTuple):
    """See `rules.zone_digest.packed`."""

    every: bytes
    international: bytes


def last() -> Publication | None:
    return Publication.objects.order_by("-serial").first()


def before(publication: Publication) -> Publication | None:
    return Publication.objects.filter(serial__lt=publication.serial).order_by("-serial").first()


def state() -> PublisherState:
    """How publishing goes; an unsaved row says that it never began."""
    return PublisherState.objects.filter(pk=1).first() or PublisherState(pk=1)


def identity() -> str:
    """Which database this is, see `PublisherState.identity`; "" before its first publication."""
    rows = bulk.fetch_by_ids(PublisherState, ["identity"], [1])
    return str(rows[0][0]) if rows else ""


def waiting() -> QuerySet[ZoneChange]:
    """Changes to be published now, in order: decided, and not held unless two people let go."""
    free = Q(held=None) | Q(held__state=HeldChange.State.RELEASED)
    return ZoneChange.objects.filter(free, published_at=None, refused="").order_by("id")


def pieces(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def history(names: Sequence[str], taken: set[int]) -> Iterator[Said]:
    """What lists said of these names: what was published, and the changes about to be."""
    for piece in pieces(names):
        rows = ZoneChange.objects.filter(name__in=piece, refused="").order_by("id")
        found = list(rows.values_list("id", "name", "entry_id", "adds", "published_at"))
        country = countries_of({row[2] for row in found})
        for pk, name, entry, adds, published in found:
            if published or pk in taken:
                yield Said(name, entry, adds, bool(country[entry]))


def countries_of(entries: Collection[int | None]) -> dict[int | None, str]:
    """Of which country's own list each entry is, by number; "" of a common one, or of no entry.

    Asked apart from the changes: joined with thousands of them, PostgreSQL read all entries once for
    each while its statistics said that there are none yet.
    """
    numbers = [pk for pk in entries if pk is not None]
    found: dict[int | None, str] = dict.fromkeys(entries, "")
    for piece in pieces(numbers):
        rows = Entry.objects.filter(pk__in=piece)
        found.update(rows.values_list("pk", "block_list__country"))
    return found


def kept(names: Sequence[str]) -> dict[str, bool]:
    """Which of these names are in the zone, and whether only nationally."""
    rows = bulk.fetch_by_ids(ZoneName, ["name", "is_national"], names)
    return {name: bool(is_national) for name, is_national in rows}


class Effect(NamedTuple):
    """1 a name entered, -1 it left: for recipients of all names, and of the common list's alone."""

    every: int
    international: int


_BEFORE = """(SELECT max(serial) FROM worstof_publication WHERE at <= %s AND serial < coalesce(
(SELECT min(serial) FROM worstof_publication WHERE at > %s AND at <= %s), %s))"""
_BEFORE_LIVED = """coalesce((SELECT serial FROM worstof_publication WHERE lived <= %s
ORDER BY lived DESC, serial DESC LIMIT 1), (SELECT serial - 1 FROM worstof_publication
WHERE lived IS NOT NULL ORDER BY lived, serial LIMIT 1))"""
_NO_SERIAL = 2**63 - 1  # no publication has a higher one


def window_starts(
    spans: Sequence[timedelta], now: datetime, lived: float | None = None
) -> list[set[int]]:
    """For each window of these lengths until now, the serials after which it may have begun.

    By the desk's clock: that of the last publication before it; 0 if there is none. From the first
    publication in a window all are in it, whatever times the later ones have, so those of a clock
    set back only make it longer. And by the seconds lived, where somebody counted them.

    One statement: it is asked with every name that is published.
    """
    at = connection.ops.adapt_datetimefield_value
    given: list[Any] = []
    for begun in (at(now - span) for span in spans):
        given += (begun, begun, at(now), _NO_SERIAL)
    asked = [_BEFORE] * len(spans)
    if lived is not None:
        asked += [_BEFORE_LIVED] * len(spans)
        given += (lived - span.total_seconds() for span in spans)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(asked)}", given)
        found = cursor.fetchone()
    starts = [{serial or 0} for serial in found[: len(spans)]]
    for start, serial in zip(starts, found[len(spans) :], strict=False):
        start |= set() if serial is None else {serial}
    return starts


def effects_after(serials: Collection[int]) -> dict[int, dict[str, Effect]]:
    """By each serial, what later publications did to names, without what two people released."""
    rows = ZoneChange.objects.filter(serial__gt=min(serials), held=None)
    moved = rows.exclude(effect=0, effect_international=0)
    found: dict[int, dict[str, Effect]] = {before: {} for before in serials}
    columns = moved.values_list("serial", "name", "effect", "effect_international")
    for serial, name, every, international in columns:
        for before, effects in found.items():
            if (serial or 0) > before:
                so_far = effects.get(name, Effect(0, 0))
                effects[name] = Effect(so_far.every + every, so_far.international + international)
    return found


def count_international(most: int) -> int:
    """How many names are not national: counted up to `most`, since only short lists are counted."""
    return ZoneName.objects.filter(is_national=False)[:most].count()


def bucket_digests() -> Digests:
    """The kept digests, packed: of all names, and of those that are not national."""
    rows = list(ZoneDigests.objects.values_list("number", "every", "international"))
    return Digests(
        joined({number: every for number, every, _ in rows}),
        joined({number: every if other is None else other for number, every, other in rows}),
    )


def names_in(buckets: Sequence[int]) -> dict[int, dict[str, bool]]:
    """The names of these buckets, and whether each is national."""
    found: dict[int, dict[str, bool]] = {number: {} for number in buckets}
    for start in range(0, len(buckets), _AT_ONCE):
        rows = ZoneName.objects.filter(bucket__in=buckets[start : start + _AT_ONCE])
        for number, name, is_national in rows.values_list("bucket", "name", "is_national"):
            found[number][name] = is_national
    return found


def digests_of_names() -> Digests:
    """The digests of the names as they are kept, whatever the rows say of their buckets."""
    every: dict[int, list[str]] = {}
    international: dict[int, list[str]] = {}
    rows = ZoneName.objects.values_list("name", "is_national")
    for name, is_national in rows.iterator(chunk_size=_AT_ONCE):
        number = bucket_of(name)
        every.setdefault(number, []).append(name)
        if not is_national:
            international.setdefault(number, []).append(name)
    return Digests(
        packed({number: bucket_digest(names) for number, names in every.items()}),
        packed({number: bucket_digest(names) for number, names in international.items()}),
    )


def roots_of(publication: Publication | None) -> tuple[str, str]:
    """What was signed: the root of all names, and of those that are not national."""
    if publication is None:
        return root_of_packed(NOTHING), root_of_packed(NOTHING)
    return publication.sha256, json.loads(publication.manifest)["international_root"]


def is_whole() -> bool:
    """Whether every name kept, and whether it is national, is what was signed last. Reads all."""
    signed = roots_of(last())
    kept = digests_of_names()
    return (root_of_packed(kept.every), root_of_packed(kept.international)) == signed


def waited_since(recipients: Sequence[Recipient]) -> dict[int, datetime]:
    """By number, since when each recipient has not taken what was published; others have it all."""
    firsts: dict[int, datetime | None] = {}
    found = {}
    for recipient in recipients:
        seen = recipient.taken or 0
        if seen not in firsts:
            later = Publication.objects.filter(serial__gt=seen).order_by("serial")
            firsts[seen] = later.values_list("at", flat=True).first()
        if first := firsts[seen]:
            found[recipient.pk] = max(first, recipient.created_at)
    return found


def names_for(recipient: Recipient) -> QuerySet[ZoneName]:
    """The names in a recipient's scope, without its canaries."""
    if recipient.scope == Recipient.Scope.INTERNATIONAL:
        return ZoneName.objects.filter(is_national=False)
    return ZoneName.objects.all()


def names_signed(recipient: Recipient, publication: Publication) -> list[str] | None:
    """The names of this publication in the recipient's scope; None if they are not those signed."""
    names = list(names_for(recipient).values_list("name", flat=True))
    roots = json.loads(publication.manifest)
    is_international = recipient.scope == Recipient.Scope.INTERNATIONAL
    signed = roots["international_root" if is_international else "root"]
    return sorted(names) if root_of(digests_of(names)) == signed else None


def is_accepted_since(serial: int) -> bool:
    """Whether names were accepted as they were kept after this serial: no change tells of them."""
    return Publication.objects.filter(serial__gt=serial, is_accepted=True).exists()


def changed_since(serial: int) -> list[str]:
    """Names that publications after this serial touched."""
    rows = ZoneChange.objects.filter(serial__gt=serial)
    return list(rows.values_list("name", flat=True).distinct())


def only_loses_since(serial: int) -> bool:
    """Whether who has the names of this serial (0: none at all) got no other one since."""
    if not serial or is_accepted_since(serial):
        return False
    came = Q(effect__gt=0) | Q(effect_international__gt=0)
    rows = ZoneChange.objects.filter(came, serial__gt=serial)
    return not kept(list(rows.values_list("name", flat=True).distinct()))
