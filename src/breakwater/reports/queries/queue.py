"""Reads of the queue: which bundles, in which order, for whom.

The first page at a million reports reads one index range: filters that no index serves
are applied while walking it, gravest first, and counts stop at `COUNT_UP_TO`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from breakwater.formats.whole_number import whole_number
from breakwater.people.access import sees_only_shared
from breakwater.people.models import User
from breakwater.reports.models import Appearance, Bundle, Membership, Report, Seen, Selector
from breakwater.reports.rules import identify

PAGE = 50
COUNT_UP_TO = 1000
FOUND_AT_MOST = 200
ORDER = ("-is_urgent", "-score", "-last_report_at", "-id")
VIEWS = ("new", "mine", "open", "referred", "archived", "matched", "all")
State = Bundle.State
_STATES = {
    "new": State.NEW,
    "open": State.OPEN,
    "referred": State.REFERRED,
    "archived": State.ARCHIVED,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asked the queue for; "" and False leave it open."""

    view: str = "new"
    country: str = ""
    incident_type: str = ""
    provider: int | None = None
    urgent: bool = False
    unread: bool = False
    attributable: bool = False
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return any(
            (
                self.country,
                self.incident_type,
                self.provider,
                self.urgent,
                self.unread,
                self.attributable,
            )
        )


@dataclass(slots=True)
class Page:
    bundles: list[Bundle]
    number: int
    has_next: bool
    unread: set[int] = field(default_factory=set)


def visible(user: User) -> QuerySet[Bundle]:
    """The bundles that a person may see at all: a reader, what was shared with the agency."""
    found = Bundle.objects.all()
    return found.filter(shares__agency=user.agency_id) if sees_only_shared(user) else found


def page(wanted: Wanted, user: User) -> Page:
    start = (wanted.page - 1) * PAGE
    rows = list(
        _wanted(wanted, user).select_related("provider", "assigned_to")[start : start + PAGE + 1]
    )
    shown = rows[:PAGE]
    return Page(shown, wanted.page, len(rows) > PAGE, unread(shown, user))


def _wanted(wanted: Wanted, user: User) -> QuerySet[Bundle]:
    found = _in_view(visible(user), wanted.view, user)
    if wanted.country:
        found = found.filter(country=wanted.country)
    if wanted.incident_type:
        found = found.filter(incident_type=wanted.incident_type)
    if wanted.provider:
        found = found.filter(provider=wanted.provider)
    if wanted.urgent:
        found = found.filter(is_urgent=True)
    if wanted.attributable:
        found = found.filter(ip_grade__gte=identify.IpGrade.TIME)
    if wanted.unread:
        seen = Seen.objects.filter(
            user=user, bundle=OuterRef("pk"), at__gte=OuterRef("last_report_at")
        )
        found = found.filter(~Exists(seen))
    return found.order_by(*ORDER)


def _in_view(found: QuerySet[Bundle], view: str, user: User) -> QuerySet[Bundle]:
    if view == "mine":
        return found.filter(assigned_to=user, state=State.OPEN)
    if view in _STATES:
        return found.filter(state=_STATES[view])
    if view == "matched":
        found = found.filter(matched_at__isnull=False)
    return found.exclude(state=State.MERGED)


def unread(bundles: Sequence[Bundle], user: User) -> set[int]:
    """Which of these have something new since this person last opened them."""
    ids = [b.pk for b in bundles]
    seen = dict(Seen.objects.filter(user=user, bundle__in=ids).values_list("bundle_id", "at"))
    return {b.pk for b in bundles if b.pk not in seen or seen[b.pk] < b.last_report_at}


def counts(user: User) -> dict[str, int]:
    """How many each view holds; `COUNT_UP_TO` + 1 means more than that."""
    found = visible(user)
    return {
        view: _in_view(found, view, user).order_by().values("pk")[: COUNT_UP_TO + 1].count()
        for view in VIEWS
        if view != "all"
    }


def urgent_waiting(user: User) -> int:
    return (
        visible(user)
        .filter(state=State.NEW, is_urgent=True)
        .values("pk")[: COUNT_UP_TO + 1]
        .count()
    )


def archived_matches(user: User) -> int:
    """Archived bundles that a hash list has named since somebody last looked at them."""
    return (
        visible(user)
        .filter(matched_at__isnull=False, state=State.ARCHIVED)
        .values("pk")[: COUNT_UP_TO + 1]
        .count()
    )


def oldest_urgent(user: User) -> datetime | None:
    found = visible(user).filter(state=State.NEW, is_urgent=True)
    return found.order_by("last_report_at").values_list("opened_at", flat=True).first()


@dataclass(slots=True)
class Found:
    """What a search gave: at most one direct hit, bundles, and whether there are more."""

    bundle: int | None = None
    report: str = ""
    bundles: list[Bundle] = field(default_factory=list)
    selectors: list[Selector] = field(default_factory=list)
    has_more: bool = False
    unread: set[int] = field(default_factory=set)


def search(text: str, user: User) -> Found:
    """Find a bundle or report by its number, or the bundles that name an identifier."""
    text = text.strip()[:2000]
    if text[:2].upper() == "B-" and (pk := whole_number(text[2:])) is not None:
        found = visible(user).filter(pk=pk).values_list("pk", flat=True).first()
        return Found(bundle=found)
    numbers = (text, text.upper(), f"C-{text}", f"P-{text}")
    report = Report.objects.filter(number__in=numbers)
    if sees_only_shared(user):
        report = report.filter(memberships__bundle__in=visible(user))
    number = report.values_list("number", flat=True).first()
    if number:
        return Found(report=number)
    return _by_selector(text, user)


def _by_selector(text: str, user: User) -> Found:
    selectors = list(Selector.objects.filter(_means(text)).order_by("frequency")[:50])
    reports = Appearance.objects.filter(selector__in=[s.pk for s in selectors]).values("report")
    members = Membership.objects.filter(report__in=reports).values("bundle")
    rows = list(
        visible(user).filter(pk__in=members).select_related("provider", "assigned_to")
        .order_by(*ORDER)[: FOUND_AT_MOST + 1]
    )  # fmt: skip
    shown = rows[:FOUND_AT_MOST]
    return Found(
        bundles=shown,
        selectors=selectors if shown else [],
        has_more=len(rows) > FOUND_AT_MOST,
        unread=unread(shown, user),
    )


def _means(text: str) -> Q:
    exact = {text, text.lower(), *(value for _, value in identify.normal_forms(text))}
    found = Q(value__in=exact)
    # An account or screen name without its service, an address without port and time.
    if len(text) >= 3 and "@" not in text:
        found |= _starts(f"{text}@")
        for kind, value in identify.normal_forms(text):
            if kind == "capture":
                found |= _starts(f"{value} ")
    return found


def _starts(text: str) -> Q:
    """SQLite's LIKE cannot use the index, PostgreSQL's order is not that of the bytes."""
    if connection.vendor == "postgresql":
        return Q(value__startswith=text)
    return Q(value__gte=text, value__lt=text[:-1] + chr(ord(text[-1]) + 1))


def next_after(bundle: Bundle, user: User) -> int | None:
    """The bundle that follows in the view of new ones, for deciding one after the other."""
    found = visible(user).filter(state=State.NEW).exclude(pk=bundle.pk)
    return found.order_by(*ORDER).values_list("pk", flat=True).first()
