"""Reads of one bundle: its reports, what they name, and which other bundles name the same."""

import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from breakwater.formats.record import Moment, Person, Record, load
from breakwater.people.models import User
from breakwater.reports.models import Appearance, Bundle, BundleChange, Membership, Report, Selector
from breakwater.reports.queries.queue import visible
from breakwater.reports.rules.bundling import links as link_table

REPORTS_READ = 12
REPORTS_LISTED = 40
FILES_SHOWN = 40
SELECTORS_SHOWN = 60
LINKS_SHOWN = 20
EVENTS_SHOWN = 60


@dataclass(slots=True)
class Named:
    """One selector in a bundle: in which roles, in how many reports of the whole desk."""

    selector: Selector
    roles: set[str] = field(default_factory=set)
    too_common: int = 0  # the cap above which it no longer links, 0 if it links


@dataclass(slots=True)
class Link:
    """Another bundle, and what both name."""

    bundle: Bundle
    evidence: list[Selector] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` received, incident, capture or file; `what` its code or name."""

    at: datetime
    kind: str
    what: str
    report: str
    role: str = ""
    value: str = ""
    has_zone: bool = True


def bundle(pk: int, user: User) -> Bundle | None:
    found = visible(user).filter(pk=pk)
    return found.select_related("provider", "assigned_to", "top_report", "merged_into").first()


def memberships(of: Bundle, most: int = REPORTS_LISTED) -> list[Membership]:
    """A bundle's gravest reports, with why each is here."""
    found = of.memberships.select_related("report__provider", "via_selector").defer(
        "report__record"
    )
    return list(found.order_by("-report__is_urgent", "-report__score", "report_id")[:most])


def records(of: Bundle) -> list[tuple[str, Record]]:
    """The gravest reports as understood, (number, record)."""
    rows = (
        Report.objects.filter(memberships__bundle=of)
        .order_by("-is_urgent", "-score", "id")
        .values_list("number", "record")[:REPORTS_READ]
    )
    return [(number, load(zlib.decompress(packed))) for number, packed in rows]


def named(of: Bundle) -> list[Named]:
    """The bundle's selectors, those that lead to others first; hashes of files are left out."""
    rows = (
        Appearance.objects.filter(report__memberships__bundle=of)
        .exclude(role="file")
        .select_related("selector")
        .order_by("-selector__frequency", "selector_id")[: SELECTORS_SHOWN * 3]
    )
    found: dict[int, Named] = {}
    for row in rows:
        entry = found.setdefault(row.selector_id, Named(row.selector))
        entry.roles.add(row.role)
        cap = link_table().cap(row.role, row.selector.kind)
        if cap and row.selector.frequency >= cap:
            entry.too_common = cap
    return list(found.values())[:SELECTORS_SHOWN]


def common_files(of: Bundle) -> list[Named]:
    """The three most common files of the bundle that are in too many reports to link."""
    cap = min(c for (role, _), (_, _, c) in link_table().by_role_and_kind.items() if role == "file")
    rows = Selector.objects.filter(
        pk__in=Appearance.objects.filter(report__memberships__bundle=of, role="file").values(
            "selector"
        ),
        frequency__gte=cap,
        kind="md5",
    ).order_by("-frequency")[:3]
    return [Named(s, {"file"}, cap) for s in rows]


def links(of: Bundle, user: User) -> list[Link]:
    """Other bundles that name the same, with the evidence of each; very common ones left out."""
    mine = Appearance.objects.filter(report__memberships__bundle=of).values("selector")
    shared = list(
        Selector.objects.filter(pk__in=mine, frequency__gt=1, frequency__lte=500)
        .exclude(kind="batch")
        .order_by("frequency")[:60]
    )
    by_id = {s.pk: s for s in shared}
    pairs = (
        Membership.objects.filter(report__appearance__selector__in=by_id)
        .exclude(bundle=of)
        .values_list("bundle_id", "report__appearance__selector_id")
        .distinct()[:600]
    )
    evidence: dict[int, list[Selector]] = defaultdict(list)
    for bundle_id, selector_id in pairs:
        if selector_id in by_id:
            evidence[bundle_id].append(by_id[selector_id])
    ranked = sorted(evidence, key=lambda pk: (-len(evidence[pk]), pk))[:LINKS_SHOWN]
    found = {b.pk: b for b in visible(user).filter(pk__in=ranked).select_related("provider")}
    return [Link(found[pk], evidence[pk][:5]) for pk in ranked if pk in found]


def history(of: Bundle) -> QuerySet[BundleChange]:
    return of.changes.select_related("by").order_by("-at", "-pk")[:100]


def events(read: list[tuple[str, Record]]) -> list[Event]:
    """What happened when, oldest first, of the records that were read."""
    found: list[Event] = []
    for number, record in read:
        _add(found, record.incident_at, "incident", record.incident_type, number)
        _add(found, record.received_at, "received", "", number)
        for person in record.persons:
            _add_captures(found, person, number)
        for file in record.files:
            _add(found, file.uploaded_at, "file", file.name or file.file_id, number)
    return sorted(found, key=lambda e: e.at)[:EVENTS_SHOWN]


def _add_captures(found: list[Event], person: Person, number: str) -> None:
    for capture in person.captures:
        port = f" port {capture.port}" if capture.port else ""
        text = f"{capture.ip}{port}"
        _add(found, capture.at, "capture", capture.event, number, person.role, text)


def _add(
    found: list[Event],
    at: Moment | None,
    kind: str,
    what: str,
    report: str,
    role: str = "",
    value: str = "",
) -> None:
    if at and at.utc:
        found.append(Event(at.utc, kind, what, report, role, value, at.has_zone))
