"""Reads and writes the bundles that a set of reports joins, opens or connects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from breakwater.custody.actions import record as audit
from breakwater.reports.actions.incoming import Incoming, has_generative_ai
from breakwater.reports.models import Bundle, BundleChange, Membership
from breakwater.reports.rules.bundling import Bundler, Group, Known, Near
from breakwater.storage import bulk

_FACTS = (
    "is_urgent", "score", "top_report", "reasons", "country", "incident_type", "provider",
    "is_batch", "is_informational", "has_generative_ai", "ip_grade",
)  # fmt: skip
_STORED = (
    "id",
    "state",
    "assigned_to",
    "merged_into",
    "report_count",
    "opened_at",
    "last_report_at",
    *_FACTS,
)


@dataclass(slots=True)
class _Row:
    """A bundle while the set is written."""

    state: int
    report_count: int
    opened_at: datetime
    last_report_at: datetime
    facts: tuple[object, ...]
    touched: bool = False

    @property
    def weight(self) -> tuple[object, object]:
        return self.facts[0], self.facts[1]


class SetBundler(Bundler):
    """A bundler that remembers the stored rows behind its groups."""

    rows: dict[int, _Row]


def make_bundler(known: dict[int, Known], *, near: Near, spare: int) -> SetBundler:
    """Fetch the bundles that the set's selectors point to, following merges."""
    stored: dict[int, tuple[Any, ...]] = {}
    merged_into: dict[int, int] = {}
    wanted = {k.bundle for k in known.values() if k.bundle is not None}
    while wanted:
        for row in bulk.fetch_by_ids(Bundle, _STORED, wanted):
            stored[row[0]] = row
            if row[3] is not None:
                merged_into[row[0]] = row[3]
        wanted = {b for b in merged_into.values() if b not in stored}
    for selector in known.values():
        while selector.bundle in merged_into:
            selector.bundle = merged_into[selector.bundle]
        if selector.bundle not in stored:
            selector.bundle = None
    groups = {
        pk: Group(pk, row[4], is_free=row[1] == Bundle.State.NEW and row[2] is None)
        for pk, row in stored.items()
        if pk not in merged_into
    }
    bundler = SetBundler(known, groups, bulk.reserve_ids(Bundle, spare), near=near)
    bundler.rows = {
        pk: _Row(stored[pk][1], stored[pk][4], stored[pk][5], stored[pk][6], stored[pk][7:])
        for pk in groups
    }
    return bundler


def write_bundles(
    reports: Sequence[Incoming],
    memberships: Sequence[tuple[Any, ...]],
    bundler: SetBundler,
    *,
    at: datetime,
) -> None:
    """Write new bundles, update joined ones, and record the merges that reports caused."""
    rows = bundler.rows
    stored = set(rows)
    by_id = {r.id: r for r in reports}
    for report_id, bundle_id, *_, country in memberships:
        _join(rows, bundler.current(bundle_id), by_id[report_id], country)
    given = [source for source in bundler.merged if source in stored]
    for source in given:
        _absorb(rows, source, bundler.current(source))
    fresh = [pk for pk in rows if pk not in stored]
    fields = (
        "id",
        "state",
        "report_count",
        "opened_at",
        "last_report_at",
        *_FACTS,
        "archive_reason",
    )
    bulk.insert(
        Bundle,
        fields,
        [
            (pk, r.state, r.report_count, r.opened_at, r.last_report_at, *r.facts, "")
            for pk, r in ((pk, rows[pk]) for pk in fresh)
        ],
    )
    reopened = [pk for pk in stored if rows[pk].touched and rows[pk].state == Bundle.State.ARCHIVED]
    for pk in reopened:
        rows[pk].state = Bundle.State.NEW
    bulk.update(
        Bundle,
        ("state", "report_count", "opened_at", "last_report_at", *_FACTS),
        [
            (r.state, r.report_count, r.opened_at, r.last_report_at, *r.facts, pk)
            for pk in sorted(stored)
            if (r := rows[pk]).touched
        ],
    )
    _record_reopened(reopened, at)
    _record_merges(given, bundler, reports, at)


def _join(rows: dict[int, _Row], bundle: int, report: Incoming, part_country: str) -> None:
    facts = _facts_of(report, part_country)
    row = rows.get(bundle)
    if row is None:
        rows[bundle] = _Row(Bundle.State.NEW, 1, report.received_at, report.received_at, facts)
        return
    row.report_count += 1
    row.opened_at = min(row.opened_at, report.received_at)
    row.last_report_at = max(row.last_report_at, report.received_at)
    row.touched = True
    if report.weight > row.weight:
        row.facts = facts


def _facts_of(report: Incoming, part_country: str) -> tuple[object, ...]:
    urgent, points = report.weight
    return (
        urgent,
        points,
        report.id,
        report.reasons,
        part_country if report.understood.parts else report.understood.country,
        report.understood.incident_type,
        report.provider_id,
        report.understood.is_batch,
        report.understood.is_informational,
        has_generative_ai(report),
        report.understood.ip_grade,
    )


def _absorb(rows: dict[int, _Row], source: int, target: int) -> None:
    given, row = rows[source], rows[target]
    row.report_count += given.report_count
    row.opened_at = min(row.opened_at, given.opened_at)
    row.last_report_at = max(row.last_report_at, given.last_report_at)
    row.touched = True
    if given.weight > row.weight:
        row.facts = given.facts


def _record_reopened(reopened: list[int], at: datetime) -> None:
    BundleChange.objects.bulk_create(
        BundleChange(
            bundle_id=pk,
            at=at,
            verb="reopened",
            note="new_report",
            before={"state": Bundle.State.ARCHIVED},
        )
        for pk in reopened
    )


def _record_merges(
    given: list[int], bundler: SetBundler, reports: Sequence[Incoming], at: datetime
) -> None:
    if not given:
        return
    targets = {source: bundler.current(source) for source in given}
    moved: dict[int, list[int]] = {source: [] for source in given}
    where, parameter = bulk.among("bundle_id", given)
    with connection.cursor() as cursor:
        statement = f"SELECT id, bundle_id FROM reports_membership WHERE {where} ORDER BY id"  # noqa: S608
        cursor.execute(statement, [parameter])
        for membership, source in cursor.fetchall():
            moved[source].append(membership)
    bulk.update(Membership, ("bundle",), [(targets[s], m) for s in given for m in moved[s]])
    merged = int(Bundle.State.MERGED)
    bulk.update(Bundle, ("state", "merged_into"), [(merged, targets[s], s) for s in given])
    BundleChange.objects.bulk_create(
        BundleChange(
            bundle_id=targets[source],
            at=at,
            verb="merged",
            note=reports[bundler.merged[source][1]].number,
            before={
                "source": source,
                "state": int(Bundle.State.NEW),
                "memberships": moved[source],
            },
        )
        for source in given
    )
    merges = {str(source): target for source, target in targets.items()}
    audit("reports.bundle.merged", actor="software", detail={"merges": merges}, at=at)
