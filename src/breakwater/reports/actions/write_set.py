"""Writes a set of understood reports with their selectors, bundles and counts.

Everything that needs the desk's memory happens here, in the order of arrival: earlier
reports of an account, files seen before, the bundle a report joins. Reads are a handful
of statements per set and writes go in bulk.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from breakwater.formats.record import REPORTED
from breakwater.reports.actions import counting, matching, pictures, regroup
from breakwater.reports.actions.incoming import Incoming, has_generative_ai, reasons_json
from breakwater.reports.models import Appearance, Membership, Provider, Report, Selector, UrlHost
from breakwater.reports.rules import identify
from breakwater.reports.rules.bundling import Bundler, Joined, Known, links
from breakwater.reports.rules.facts import Surroundings, facts
from breakwater.reports.rules.score import score
from breakwater.storage import bulk


def write_set(reports: Sequence[Incoming], *, at: datetime) -> None:
    if not reports:
        return
    for report, pk in zip(reports, bulk.reserve_ids(Report, len(reports)), strict=True):
        report.id = pk
    values, known, existing = number_set(reports)
    near = pictures.nearly_the_same(values, known)
    bundler = regroup.make_bundler(
        known, near=near, spare=sum(max(1, len(r.understood.parts)) for r in reports)
    )
    memberships: list[tuple[Any, ...]] = []
    said = matching.verdicts(values, at)
    for index, report in enumerate(reports):
        weigh(report, known, said)
        memberships += _place(report, index, bundler)
        bundler.count(report.sightings)
    bulk.insert(Report, *report_rows(reports))
    regroup.write_bundles(reports, memberships, bundler, at=at)
    moved = [(r, bundler.current(b), *rest) for r, b, *rest in memberships]
    bulk.insert(Membership, _MEMBERSHIP_FIELDS, moved)
    # A bundle that was opened and merged within this set was never written.
    for selector in known.values():
        if selector.bundle is not None:
            selector.bundle = bundler.current(selector.bundle)
    write_selectors(values, known, existing, reports)
    matching.write_matches(reports, said)
    counting.count(reports)


def _name_providers(reports: Sequence[Incoming]) -> None:
    names = {r.understood.provider for r in reports}
    Provider.objects.bulk_create([Provider(name=n) for n in sorted(names)], ignore_conflicts=True)
    ids = dict(Provider.objects.filter(name__in=names).values_list("name", "id"))
    for report in reports:
        report.provider_id = ids[report.understood.provider]


def number_set(
    reports: Sequence[Incoming],
) -> tuple[dict[int, tuple[str, str]], dict[int, Known], set[int]]:
    """Number every provider and selector of the set and fetch what the desk knows of each."""
    _name_providers(reports)
    values: dict[int, tuple[str, str]] = {}
    clashing: set[tuple[str, str]] = set()
    for report in reports:
        for _, kind, value, number in _all_selectors(report):
            if values.setdefault(number, (kind, value)) != (kind, value):
                clashing.add((kind, value))
    held = _held(values)
    clashing |= {values[n] for n, row in held.items() if (row[1], row[2]) != values[n]}
    moved = _step_aside(clashing, values, held)
    known = {n: Known(held[n][3], held[n][4]) if n in held else Known() for n in values}
    for report in reports:
        report.sightings = [
            (moved.get((kind, value), number), role, kind)
            for role, kind, value, number in _all_selectors(report)
        ]
    return values, known, set(held)


def _all_selectors(report: Incoming) -> list[tuple[str, str, str, int]]:
    understood = report.understood
    return understood.selectors + [link for _, link in understood.parts]


_Held = tuple[int, str, str, int, int | None]


def _held(numbers: Iterable[int]) -> dict[int, _Held]:
    fields = ("id", "kind", "value", "frequency", "bundle")
    return {row[0]: row for row in bulk.fetch_by_ids(Selector, fields, numbers)}


def _step_aside(
    clashing: set[tuple[str, str]], values: dict[int, tuple[str, str]], held: dict[int, _Held]
) -> dict[tuple[str, str], int]:
    """Give selectors whose number is another's the next number of their own.

    About 1 in 10^5 desks with ten million selectors meets this once; it must still be right.
    """
    moved: dict[tuple[str, str], int] = {}
    for pair in clashing:
        first = identify.selector_id(*pair)
        values.pop(first, None)
        held.pop(first, None)
    for pair in sorted(clashing):
        salt = 0
        while pair not in moved:
            number = identify.selector_id(*pair, salt)
            row = _held([number]).get(number)
            if ((row[1], row[2]) if row else values.get(number, pair)) == pair:
                moved[pair], values[number] = number, pair
                if row:
                    held[number] = row
            salt += 1
    return moved


def weigh(report: Incoming, known: dict[int, Known], said: matching.Verdicts) -> None:
    """Give the report its score and the reasons for it."""
    accounts = [
        known[s].frequency
        for s, role, kind in report.sightings
        if role == REPORTED and kind == "account"
    ]
    files = [known[s].frequency for s, _, kind in report.sightings if kind == "md5"]
    cap = links().cap("file", "md5")
    listed, listed_by = matching.listed(report, said) if said else ("", "")
    around = Surroundings(
        received_at=report.received_at,
        prior_reports=0 if report.understood.is_batch else max(accounts, default=0),
        new_files=files.count(0),
        known_viral=bool(files) and cap is not None and min(files) >= cap,
        ip_grade=report.understood.ip_grade,
        completeness=report.understood.completeness,
        listed=listed,
        listed_by=listed_by,
    )
    report.score = score(facts(report.understood.facts, report.understood.incident_at, around))
    report.reasons = reasons_json(report.score)


_MEMBERSHIP_FIELDS = ("report", "bundle", "via", "via_selector", "via_distance", "country")


def _place(report: Incoming, index: int, bundler: Bundler) -> list[tuple[Any, ...]]:
    """Join the report to its bundle, or each country's part of a batch to its own.

    Returns rows in the order of `_MEMBERSHIP_FIELDS`.
    """
    parts = report.understood.parts
    if not parts:
        return [_membership(report, bundler.place(index, report.sightings, linking=True), "")]
    found: dict[int, tuple[Any, ...]] = {}
    links_of_parts = [s for s in report.sightings if s[2] == "batch"]
    for (country, _), link in zip(parts, links_of_parts, strict=True):
        joined = bundler.place(index, [link], linking=False)
        found.setdefault(joined.bundle, _membership(report, joined, country))
    return list(found.values())


def _membership(report: Incoming, joined: Joined, country: str) -> tuple[Any, ...]:
    return (report.id, joined.bundle, joined.via, joined.selector, joined.distance, country)


_REPORT_FIELDS = (
    "id", "number", "original", "door", "provider", "received_at", "incident_at",
    "incident_type", "country", "country_reason", "ip_grade", "is_urgent", "is_batch",
    "is_informational", "has_generative_ai", "score", "reasons", "completeness", "problems",
    "file_count", "record",
)  # fmt: skip


def report_rows(reports: Sequence[Incoming]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Give the columns of the report table, id first, and a row per report."""
    return _REPORT_FIELDS, [_report_row(r) for r in reports]


def _report_row(report: Incoming) -> tuple[object, ...]:
    understood = report.understood
    urgent, points = report.weight
    return (
        report.id,
        report.number,
        report.original_id,
        report.door,
        report.provider_id,
        report.received_at,
        understood.incident_at,
        understood.incident_type,
        understood.country,
        understood.country_reason,
        understood.ip_grade,
        urgent,
        understood.is_batch,
        understood.is_informational,
        has_generative_ai(report),
        points,
        report.reasons,
        understood.completeness,
        understood.problems,
        understood.file_count,
        understood.packed,
    )


def write_selectors(
    values: dict[int, tuple[str, str]],
    known: dict[int, Known],
    existing: set[int],
    reports: Sequence[Incoming],
) -> None:
    first_seen: dict[int, datetime] = {}
    appearances: list[tuple[int, int, str]] = []
    for report in reports:
        for sid, role, _ in report.sightings:
            first_seen.setdefault(sid, report.received_at)
            appearances.append((report.id, sid, role))
    fresh = [
        (sid, *values[sid], known[sid].frequency, known[sid].bundle, first_seen[sid])
        for sid in values
        if sid not in existing
    ]
    fields = ("id", "kind", "value", "frequency", "bundle", "first_seen_at")
    # In the order of the indexes: neighbours are written into the same pages.
    fresh.sort(key=lambda row: row[0])
    appearances.sort(key=lambda row: row[1])
    bulk.insert(Selector, fields, fresh)
    pictures.keep(fresh)
    hosts = [(h, row[0]) for row in fresh if row[1] == "url" for h in identify.url_hosts(row[2])]
    bulk.insert(UrlHost, ("host", "selector"), hosts)
    changed = [(known[sid].frequency, known[sid].bundle, sid) for sid in existing]
    bulk.update(Selector, ("frequency", "bundle"), sorted(changed, key=lambda row: row[2]))
    bulk.insert(Appearance, ("report", "selector", "role"), appearances)
