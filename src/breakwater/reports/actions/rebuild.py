"""Makes everything derived anew from the originals: after a change of rules, tables or readers.

Originals, bundles, memberships and decisions stay. What reports say, their selectors,
weights and counts are read and reckoned again, a set of reports per transaction; a kill
leaves some sets new and some old, and running it again completes it.
"""

import bisect
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from breakwater.custody.actions import record as audit
from breakwater.hashlists import index
from breakwater.reports.actions import counting, matching
from breakwater.reports.actions.incoming import Incoming
from breakwater.reports.actions.refreshing import refresh_bundles_of
from breakwater.reports.actions.unpack import UNPACK_LOCK
from breakwater.reports.actions.write_set import number_set, report_rows, weigh, write_selectors
from breakwater.reports.models import (
    Appearance,
    FileMatch,
    PersonTally,
    Report,
    Tally,
)
from breakwater.reports.reading import read_original, understand
from breakwater.reports.rules.bundling import Known
from breakwater.storage import bulk

SET = 500


def rebuild(*, by: str, at: datetime, progress: Callable[[int, int], None] | None = None) -> int:
    """Read every report again from its original; say how many there were."""
    # What the lists said of reports is deleted and asked for anew: of files that are whole.
    index.update()
    total, done, last = Report.objects.count(), 0, 0
    with transaction.atomic():
        bulk.lock_writer(UNPACK_LOCK)
        Tally.objects.all().delete()
        PersonTally.objects.all().delete()
        audit("reports.rebuild.started", actor=by, detail={"reports": total}, at=at)
        newest = Report.objects.order_by("-id").values_list("id", flat=True).first() or 0
    while last < newest:
        with transaction.atomic():
            bulk.lock_writer(UNPACK_LOCK)
            # Reports that came in since are counted already: the walk stops before them.
            reports = _read_set(last, newest)
            if not reports:
                break
            _rewrite(reports, at)
        last, done = reports[-1].id, done + len(reports)
        if progress:
            progress(done, total)
    return done


def _read_set(after: int, newest: int) -> list[Incoming]:
    return read_again(Report.objects.filter(id__gt=after, id__lte=newest).order_by("id")[:SET])


def read_again(reports: QuerySet[Report]) -> list[Incoming]:
    """Read reports from their originals once more, in the order asked for."""
    rows = reports.values_list(
        "id", "number", "door", "received_at", "original_id",
        "original__format", "original__content", "original__provider_name",
    )  # fmt: skip
    found = []
    for pk, number, door, received_at, original_id, format, content, provider_name in rows:
        record = read_original(format, zlib.decompress(content))
        understood = understand(
            record, provider_name=provider_name, overlay=settings.DESK_IP_OVERLAY
        )
        found.append(Incoming(original_id, number, door, received_at, understood, id=pk))
    return found


def _rewrite(reports: Sequence[Incoming], at: datetime) -> None:
    ids = [r.id for r in reports]
    before = _sightings_of(ids)
    values, known, existing = number_set(reports)
    _weigh_again(reports, known, matching.verdicts(values, at))
    fields, rows = report_rows(reports)
    bulk.update(Report, fields[1:], [(*row[1:], row[0]) for row in rows])
    Appearance.objects.filter(report_id__in=ids).delete()
    _recount(known, before, reports)
    write_selectors(values, known, existing, reports)
    counting.count(reports)
    refresh_bundles_of(ids)


def _weigh_again(
    reports: Sequence[Incoming], known: dict[int, Known], said: matching.Verdicts
) -> None:
    """Weigh reports as on their arrival, by what was known of each selector before them."""
    ids = [r.id for r in reports]
    earlier = _earlier(known, ids)
    for report in reports:
        seen = {
            sid: Known(bisect.bisect_left(earlier.get(sid, []), report.id))
            for sid, _, _ in report.sightings
        }
        weigh(report, seen, said)
    FileMatch.objects.filter(report_id__in=ids).delete()
    matching.write_matches(reports, said)


def reweigh(report_ids: Sequence[int], at: datetime) -> list[Incoming]:
    """Weigh reports again after the hash lists changed, and their bundles with them.

    Call inside a transaction that holds the writer's lock.
    """
    reports = read_again(Report.objects.filter(id__in=report_ids).order_by("id"))
    if not reports:
        return []
    values, known, _ = number_set(reports)
    _weigh_again(reports, known, matching.verdicts(values, at))
    rows = [(*r.weight, r.reasons, r.id) for r in reports]
    bulk.update(Report, ("is_urgent", "score", "reasons"), rows)
    refresh_bundles_of([r.id for r in reports])
    return reports


def _sightings_of(ids: list[int]) -> set[tuple[int, int]]:
    """Pairs (report, selector) as stored before."""
    return set(Appearance.objects.filter(report_id__in=ids).values_list("report_id", "selector_id"))


def _earlier(known: dict[int, Known], ids: list[int]) -> dict[int, list[int]]:
    """Reports, in order, that each selector was in before the last of the set."""
    where, parameter = bulk.among("selector_id", list(known))
    found: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT selector_id, report_id FROM reports_appearance "  # noqa: S608
            f"WHERE {where} AND report_id <= %s ORDER BY report_id",
            [parameter, ids[-1]],
        )
        for selector, report in cursor.fetchall():
            found[selector].append(report)
    return found


def _recount(
    known: dict[int, Known], before: set[tuple[int, int]], reports: Sequence[Incoming]
) -> None:
    now = {(r.id, sid) for r in reports for sid, _, _ in r.sightings}
    for _, sid in now - before:
        known[sid].frequency += 1
    gone: dict[int, int] = defaultdict(int)
    for _, sid in before - now:
        gone[sid] += 1
    for sid, number in gone.items():
        if sid in known:
            known[sid].frequency -= number
        else:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE reports_selector SET frequency = frequency - %s WHERE id = %s",
                    [number, sid],
                )
