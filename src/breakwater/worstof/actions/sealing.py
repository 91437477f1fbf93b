"""The zone as it was signed: its names, their digests, the manifest, and a mark outside.

Before anything new is signed, the names kept must be those signed last time, and the database must
not be older than what was published.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from breakwater.custody.actions import record
from breakwater.storage.whole_file import write_whole
from breakwater.worstof import signing
from breakwater.worstof.models import Publication, PublisherState, ZoneDigests, ZoneName
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.zone_digest import (
    BUCKETS,
    bucket_digest,
    bucket_of,
    digest_in,
    digests_of_row,
    packed,
    root_of_packed,
    row_of,
)

PUBLISHER = "publisher"


class Stopped(Exception):
    """Publishing would be wrong now; the sentence says why."""


class NotTheNamesSigned(Stopped):
    """The names kept are not those of the last publication."""


class NoMark(Stopped):
    """Nobody can say how far publishing came: the mark outside of the database is damaged."""


class OlderCopy(Stopped):
    """The database is older than what this desk has published."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far publishing came, as kept outside of the database."""

    serial: int
    identity: str  # of the database that published it


def folder() -> Path:
    """Where the room keeps keys and marks, readable by the desk's user alone."""
    path = Path(settings.CONFIG.data_dir) / "worstof"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


class Now(NamedTuple):
    """The moment of a publication on the desk's clock, and on one that nobody sets, if it is read."""

    at: datetime
    lived: float | None = None  # seconds, see `rules.steady`


def check_copy(found: Publication | None) -> zone.Digests:
    """The digests kept, if the database is the one that was signed last, and whole."""
    mark = read_mark()
    serial = found.serial if found else 0
    if mark.serial > serial and mark.identity and mark.identity == zone.identity():
        raise OlderCopy(
            f"The database ends at publication {serial}, but {mark.serial} was published: "
            "it was restored from an older copy. The last good zone stays."
        )
    kept = zone.bucket_digests()
    signed = zone.roots_of(found)
    if (root_of_packed(kept.every), root_of_packed(kept.international)) != signed:
        raise NotTheNamesSigned(
            f"The digests of the names are not those of publication {serial}. "
            "The last good zone stays."
        )
    return kept


def write_names(
    names: list[str],
    before: dict[str, bool],
    after: dict[str, bool],
    found: Publication | None,
    kept: zone.Digests,
    serial: int,
    now: Now,
) -> Publication:
    """Have these names in the zone as they are after the changes, and sign what it then is.

    Raises:
        NotTheNamesSigned: names beside them are not those of the last publication.
    """
    added = [name for name in names if name not in before]
    removed = [name for name in names if name not in after]
    buckets = zone.names_in(sorted({bucket_of(name) for name in names}))
    _check_buckets(buckets, kept)
    for piece in zone.pieces([name for name in names if name in before]):
        ZoneName.objects.filter(name__in=piece).delete()
    ZoneName.objects.bulk_create(
        (
            ZoneName(name=n, is_national=after[n], serial=serial, bucket=bucket_of(n))
            for n in names
            if n in after
        ),
        batch_size=5000,
    )
    for name in names:
        buckets[bucket_of(name)].pop(name, None)
        if name in after:
            buckets[bucket_of(name)][name] = after[name]
    kept = _seal(buckets, kept)
    count = (found.names if found else 0) + len(added) - len(removed)
    size = found.size if found else 0
    size += sum(len(n) + 1 for n in added) - sum(len(n) + 1 for n in removed)
    return sign_state(serial, kept, (count, size), (len(added), len(removed)), now)


def _check_buckets(buckets: Mapping[int, Mapping[str, bool]], kept: zone.Digests) -> None:
    """Whether the names beside which something changes, and their scopes, are those signed."""
    for number, names in buckets.items():
        signed = digest_in(kept.every, number), digest_in(kept.international, number)
        if _digests(names) != signed:
            raise NotTheNamesSigned(
                "The names kept are not those of the last publication. The last good zone stays."
            )


def _digests(names: Mapping[str, bool]) -> tuple[bytes, bytes]:
    """Of all names of a bucket, and of those that are not national."""
    common = [name for name, is_national in names.items() if not is_national]
    every = bucket_digest(names)
    return every, every if len(common) == len(names) else bucket_digest(common)


def _seal(buckets: Mapping[int, Mapping[str, bool]], kept: zone.Digests) -> zone.Digests:
    """Keep the digests of these buckets as their names are now."""
    every, international = {}, {}
    for number, names in buckets.items():
        every[number], international[number] = _digests(names)
    now = zone.Digests(packed(every, kept.every), packed(international, kept.international))
    _keep(now, {row_of(number) for number in buckets})
    return now


def seal_names_kept() -> zone.Digests:
    """Digest every name anew, whatever the rows say of its bucket."""
    now = zone.digests_of_names()
    ZoneDigests.objects.all().delete()  # also rows that nobody should have put there
    _keep(now, range(row_of(BUCKETS)))
    return now


def _keep(digests: zone.Digests, rows: Iterable[int]) -> None:
    """Write these rows of the digests."""
    ZoneDigests.objects.bulk_create(
        (_row(digests, row) for row in rows),
        update_conflicts=True,
        unique_fields=["number"],
        update_fields=["every", "international"],
    )


def _row(digests: zone.Digests, row: int) -> ZoneDigests:
    every, international = (digests_of_row(whole, row) for whole in digests)
    other = None if international == every else international
    return ZoneDigests(number=row, every=every, international=other)


def sizes() -> tuple[int, int]:
    """How many names are kept, and how many octets they have, one a line."""
    names = ZoneName.objects.values_list("name", flat=True).iterator()
    lengths = [len(name) + 1 for name in names]
    return len(lengths), sum(lengths)


def sign_state(
    serial: int, kept: zone.Digests, size: tuple[int, int], moved: tuple[int, int], now: Now
) -> Publication:
    """Sign the names kept under a serial; `size` and `moved` are as in the manifest.

    Raises:
        BadKey: the key file is damaged or readable by others.
    """
    at, root = now.at, root_of_packed(kept.every)
    manifest = {
        "version": 1,
        "serial": serial,
        "at": at.astimezone(UTC).isoformat(),
        "names": size[0],
        "size": size[1],
        "added": moved[0],
        "removed": moved[1],
        "root": root,
        "international_root": root_of_packed(kept.international),
    }
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    state, _ = PublisherState.objects.get_or_create(pk=1)
    if not state.identity:
        PublisherState.objects.filter(pk=1).update(identity=secrets.token_hex(16))
    if state.problem:
        PublisherState.objects.filter(pk=1).update(problem="", since=None)
    detail = {key: manifest[key] for key in ("names", "added", "removed", "root")}
    target = f"serial {serial}"
    record("worstof.zone.published", actor=PUBLISHER, at=at, target=target, detail=detail)
    return Publication.objects.create(
        serial=serial, at=at, names=size[0], size=size[1], added=moved[0], removed=moved[1],
        sha256=root, manifest=text, signature=signing.sign(text.encode()).hex(), lived=now.lived,
    )  # fmt: skip


def known_serial() -> int:
    """The highest serial that ever left this desk, whatever the database says."""
    return read_mark().serial


def _mark_path() -> Path:
    return folder() / "published.json"


def read_mark() -> Mark:
    """How far publishing came; serial 0 if it never began.

    Raises:
        NoMark: the file is there and does not say.
        OSError: it cannot be read.
    """
    try:
        found = json.loads(_mark_path().read_text("ascii"))
        return Mark(int(found["serial"]), str(found["identity"]))
    except FileNotFoundError:
        return Mark(0, "")
    except (ValueError, KeyError, TypeError) as problem:
        raise NoMark(
            f"The mark of the last publication, {_mark_path().name}, cannot be read. The last good "
            "zone stays. Remove the file and accept the copy once its names are known to be right."
        ) from problem


def write_mark(serial: int) -> None:
    """Keep outside the database how far publishing came, so that an older copy is noticed.

    Raises:
        OSError: the disk failed or is full; the mark before stays.
    """
    text = json.dumps({"serial": serial, "identity": zone.identity()})
    write_whole(_mark_path(), [text])
