"""A changed hash list meets the whole archive, and what changed is put before its owner.

The hashes of a change are taken in sets, and how far it came is kept behind each, so that a worker
that was killed goes on there. Software only weighs again and says so: an archived bundle stays
archived until somebody has looked.
"""

import time
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from breakwater.custody.actions import record as audit
from breakwater.formats.hash_entry import tells_pictures_apart
from breakwater.hashlists.actions import matched
from breakwater.hashlists.actions.matched import ListChange, Listed
from breakwater.matching import photodna
from breakwater.matching.pdq import MATCH_DISTANCE
from breakwater.reports import picture_index
from breakwater.reports.actions.rebuild import reweigh
from breakwater.reports.actions.unpack import UNPACK_LOCK
from breakwater.reports.models import Bundle, BundleChange, FileMatch, Report, Seen
from breakwater.reports.picture_index import rows_of
from breakwater.storage import bulk

SET = 5_000
TURN = 20.0  # seconds
# Whoever writes reports waits while so many are weighed.
REPORTS_AT_ONCE = 500


def rematch(at: datetime) -> bool:
    """Take the oldest changed list to the archive, for some seconds; false when none has changed.

    The next turn goes on where this one ended, so that reports come in meanwhile.
    """
    change = matched.next_change()
    if change is None:
        return False
    matched.begin(change)
    until = time.monotonic() + TURN
    while some := matched.entries_of(change, SET):
        _meet(some, change, at)
        matched.advance(change, some)
        if time.monotonic() > until:
            return True
    _weigh_all(_reports_that_matched(change), change, at)
    matched.finish(change, at)
    return True


def _near(some: Sequence[Listed]) -> set[int]:
    """Numbers of the archive's pictures within the distance of a match of any of `some`."""
    near: set[int] = set()
    hashes = _codes(some, "pdq")
    telling = [code for code in hashes if tells_pictures_apart(code)]
    flat = [code for code in hashes if not tells_pictures_apart(code)]
    archive = picture_index.current()
    # A value that tells no pictures apart is looked for as itself.
    for codes, radius in ((telling, MATCH_DISTANCE), (flat, 0)):
        if codes:
            archive.refresh()
            near.update(archive.index.search(rows_of(codes), radius, threads=2).ids.tolist())
    if hashes := _codes(some, "photodna"):
        near |= picture_index.photodna().near(rows_of(hashes, photodna.LENGTH))
    return near


def _codes(some: Sequence[Listed], kind: str) -> list[bytes]:
    return [bytes.fromhex(e.value) for e in some if e.kind == kind]


def _meet(some: Sequence[Listed], change: ListChange, at: datetime) -> None:
    """Weigh again what `some` concern.

    After a kill the set is met again; reports that were weighed are then found unchanged.
    """
    with transaction.atomic():
        bulk.lock_writer(UNPACK_LOCK)  # another worker that matched by an older index has finished
    selectors = selectors_of(some) | _near(some)
    # An entry may have lost the hash by which a report was matched.
    _weigh_all(_reports_with(selectors) | _reports_matched({e.entry for e in some}), change, at)


def _weigh_all(report_ids: set[int], change: ListChange, at: datetime) -> None:
    """Weigh reports again, in parts: a hash may be in a hundred thousand of them."""
    reports = sorted(report_ids)
    for first in range(0, len(reports), REPORTS_AT_ONCE):
        with transaction.atomic():
            bulk.lock_writer(UNPACK_LOCK)
            _weigh(reports[first : first + REPORTS_AT_ONCE], change, at)


def selectors_of(some: Sequence[Listed]) -> set[int]:
    """Numbers of the archive's selectors that are exactly the digests among `some`."""
    wanted = {(e.kind, e.value) for e in some if e.kind not in ("pdq", "photodna")}
    if not wanted:
        return set()
    where, parameter = bulk.among("value", [value for _, value in wanted])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, kind, value FROM reports_selector WHERE {where}", [parameter])  # noqa: S608
        return {row[0] for row in cursor.fetchall() if (row[1], row[2]) in wanted}


def _reports_with(selectors: set[int]) -> set[int]:
    if not selectors:
        return set()
    where, parameter = bulk.among("selector_id", sorted(selectors))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT report_id FROM reports_appearance WHERE {where}",  # noqa: S608
            [parameter],
        )
        return {row[0] for row in cursor.fetchall()}


def _reports_matched(entries: set[int]) -> set[int]:
    where, parameter = bulk.among("entry_id", sorted(entries))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT report_id FROM reports_filematch WHERE {where}",  # noqa: S608
            [parameter],
        )
        return {row[0] for row in cursor.fetchall()}


def _reports_that_matched(change: ListChange) -> set[int]:
    """Reports that matched an entry by hashes of which the change left it none."""
    left = matched.without_hashes(change).filter(pk=OuterRef("entry_id"))
    found = FileMatch.objects.filter(Exists(left), list_id=change.hash_list_id)
    return set(found.values_list("report_id", flat=True))


def _weigh(report_ids: list[int], change: ListChange, at: datetime) -> None:
    before = dict(Report.objects.filter(id__in=report_ids).values_list("id", "reasons"))
    after = reweigh(report_ids, at)
    changed = [r.id for r in after if r.reasons != before[r.id]]
    bundles = list(
        Bundle.objects.filter(memberships__report_id__in=changed)
        .exclude(state=Bundle.State.MERGED)
        .distinct()
        .values_list("pk", flat=True)
    )
    if not bundles:
        return
    Bundle.objects.filter(pk__in=bundles).update(matched_at=at)
    # Unread again for everybody who has opened it.
    Seen.objects.filter(bundle_id__in=bundles).delete()
    _tell(bundles, change, at)


def _tell(bundles: list[int], change: ListChange, at: datetime) -> None:
    """Write into the history of bundles that a list names files of theirs, once for each change.

    The reports of a bundle may be weighed in several parts.
    """
    name = change.hash_list.name
    told = set(
        BundleChange.objects.filter(
            bundle__in=bundles, verb="matched", note=name, at__gte=change.finished_at
        ).values_list("bundle", flat=True)
    )
    new = [pk for pk in bundles if pk not in told]
    if not new:
        return
    BundleChange.objects.bulk_create(
        BundleChange(bundle_id=pk, at=at, verb="matched", note=name) for pk in new
    )
    detail = {"bundles": new}
    audit("reports.bundle.matched", actor="software", at=at, target=name, detail=detail)


def waiting_matches() -> Q:
    """Bundles that a list named since somebody last looked."""
    return Q(matched_at__isnull=False)
