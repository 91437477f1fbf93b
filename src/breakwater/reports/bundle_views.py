"""The bundle page, the report page, and decisions that concern one bundle alone."""

from collections.abc import Mapping
from typing import NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from breakwater import countries
from breakwater.custody.actions import record_view
from breakwater.formats.record import File, Record
from breakwater.formats.whole_number import whole_number
from breakwater.hashlists.rules.voices import RAISE
from breakwater.matching.photodna import MATCH_DISTANCE
from breakwater.people.access import needs, signed_in, user_may
from breakwater.people.models import User
from breakwater.reports import texts
from breakwater.reports.actions import merging, seeing, undoing
from breakwater.reports.choices import archive_choices, colleagues, referral_agencies
from breakwater.reports.models import Bundle, BundleChange
from breakwater.reports.queries import bundles as queries
from breakwater.reports.queries import matches, queue, single
from breakwater.reports.queries.matches import Match
from breakwater.reports.rules import identify
from breakwater.reports.rules.completeness import completeness
from breakwater.reports.rules.perceptual import photodna_code, scheme_of

PERSONS_SHOWN = 20
ALL_REPORTS = 2000
ACCOUNTS_OF_BATCH = 50
WEB_ADDRESSES_SHOWN = 100


@require_GET
@needs("bundle.see")
def bundle_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    user = signed_in(request)
    bundle = queries.bundle(pk, user)
    if bundle is None:
        raise Http404
    if bundle.merged_into_id:
        messages.info(request, _("B-%(old)s is part of this bundle now.") % {"old": pk})
        return redirect("bundle", bundle.merged_into_id)
    now = timezone.now()
    record_view(user, f"B-{pk}", now)
    seeing.mark_seen(bundle, user, at=now)
    records = queries.records(bundle)
    most = ALL_REPORTS if "all" in request.GET else queries.REPORTS_LISTED
    members = queries.memberships(bundle, most)
    context = {
        "bundle": bundle,
        "answer": texts.headline(bundle.reasons, 3),
        "reasons": texts.reason_lines(bundle.reasons),
        "type": texts.INCIDENT_TYPES.get(bundle.incident_type, bundle.incident_type),
        "grade": texts.IP_GRADES[bundle.ip_grade],
        "country_reason": _country_reason(bundle),
        "members": [(m, texts.via(m.via, m.via_distance)) for m in members],
        "more_members": max(0, bundle.report_count - len(members)),
        "persons": _persons(records, bundle),
        "files": _files(
            records, matches.of_bundle(bundle) if user_may(user, "lists.lookup") else {}
        ),
        "events": _events(records),
        "named": _named(bundle, records),
        "common_files": queries.common_files(bundle),
        "links": _links(bundle, user),
        "history": _history(bundle, user, now),
        "shares": bundle.shares.select_related("agency", "by"),
        "missing": _missing(records, bundle),
        "next": queue.next_after(bundle, user) if user_may(user, "bundle.work") else None,
        "archive_reasons": archive_choices(),
        "agencies": referral_agencies(),
        "colleagues": colleagues() if user_may(user, "bundle.supervise") else [],
        "is_mine": bundle.assigned_to_id == user.pk,
        "can_work": user_may(user, "bundle.work"),
        "can_supervise": user_may(user, "bundle.supervise"),
        "is_closed": bundle.state in (Bundle.State.ARCHIVED, Bundle.State.REFERRED),
        "archive_words": (
            texts.ARCHIVE.get(bundle.archive_reason, "")
            if bundle.state == Bundle.State.ARCHIVED
            else ""
        ),
    }
    return render(request, "reports/bundle.html", context)


def _country_reason(bundle: Bundle) -> object:
    top = bundle.top_report
    return texts.COUNTRY_REASONS.get(top.country_reason if top else "", "")


def _persons(records: list[tuple[str, Record]], bundle: Bundle) -> list[dict[str, object]]:
    """People as the reports give them; the same account in the same role is shown once."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    for number, record in records:
        for index, person in enumerate(record.persons[:ACCOUNTS_OF_BATCH]):
            account = (
                identify.account_value(person.account, record.provider) if person.account else ""
            )
            key = (person.role, account or f"{number} {index}")
            entry = found.setdefault(
                key,
                {
                    "person": person,
                    "role": texts.ROLES.get(person.role, person.role),
                    "account": account,
                    "reports": [],
                },
            )
            reports = entry["reports"]
            if isinstance(reports, list) and number not in reports:
                reports.append(number)
    return list(found.values())[:PERSONS_SHOWN]


def _files(records: list[tuple[str, Record]], said: Mapping[int, list[Match]]) -> dict[str, object]:
    """The different files with what lists say of them; `said` is by the number of a hash."""
    seen: dict[str, dict[str, object]] = {}
    total = 0
    for number, record in records:
        for index, file in enumerate(record.files):
            total += 1
            key = file.sha256 or file.md5 or file.sha1 or f"{number} {index}"
            if key not in seen and len(seen) < queries.FILES_SHOWN:
                words = [str(texts.ANNOTATIONS.get(a, a)) for a in file.annotations]
                seen[key] = {
                    "file": file, "words": words, "report": number, "times": 0,
                    "matches": _matches(file, said),
                }  # fmt: skip
            if key in seen:
                seen[key]["times"] = int(str(seen[key]["times"])) + 1
    return {"rows": list(seen.values()), "total": total, "different": len(seen)}


class Told(NamedTuple):
    """A match as it is shown: by which kind of hash, and our limit where no distance is official."""

    kind: str
    match: Match
    limit: int | None


def _matches(file: File, said: Mapping[int, list[Match]]) -> list[Told]:
    """What lists say of a file, each entry once; those that raise come first."""
    found: dict[int, Told] = {}
    for selector, number in identify.hash_numbers(file):
        is_picture = selector.kind == "phash"
        word = scheme_of(selector.value) if is_picture else str(texts.KINDS[selector.kind])
        limit = MATCH_DISTANCE if is_picture and photodna_code(selector.value) else None
        for match in said.get(number, ()):
            found.setdefault(match.speaker.entry_id, Told(word, match, limit))
    return sorted(found.values(), key=lambda told: told.match.direction != RAISE)


def _events(records: list[tuple[str, Record]]) -> list[dict[str, object]]:
    words = {
        "incident": _("Incident"),
        "received": _("Received by the clearing house"),
        "file": _("File uploaded"),
    }
    return [
        {
            "event": e,
            "word": texts.EVENTS.get(e.what, e.what) if e.kind == "capture" else words[e.kind],
            "role": texts.ROLES.get(e.role, ""),
            "more": e.what if e.kind == "file" else texts.INCIDENT_TYPES.get(e.what, "") if e.kind == "incident" else "",
        }
        for e in queries.events(records)
    ]  # fmt: skip


def _named(bundle: Bundle, records: list[tuple[str, Record]]) -> list[dict[str, object]]:
    """The bundle's selectors; of an address on the web also the report that it stands in."""
    places = {
        value: {"report": number, "index": index}
        for number, record in reversed(records)
        for index, value in enumerate(identify.web_addresses(record))
    }
    return [
        {
            "kind": texts.KINDS.get(n.selector.kind, n.selector.kind),
            "selector": n.selector,
            "roles": ", ".join(str(texts.ROLES.get(r, r)) for r in sorted(n.roles)),
            "cap": n.too_common,
            "place": places.get(n.selector.value) if n.selector.kind == "url" else None,
        }
        for n in queries.named(bundle)
    ]


def _links(bundle: Bundle, user: User) -> list[dict[str, object]]:
    return [
        {
            "bundle": link.bundle,
            "state": link.bundle.get_state_display(),
            "evidence": [(texts.KINDS.get(s.kind, s.kind), s) for s in link.evidence],
        }
        for link in queries.links(bundle, user)
    ]


def _history(bundle: Bundle, user: User, now: object) -> list[dict[str, object]]:
    supervises = user_may(user, "bundle.supervise")
    return [
        {
            "change": c,
            "word": texts.VERBS.get(c.verb, c.verb),
            "reason": texts.ARCHIVE.get(str(c.after.get("archive_reason", "")), ""),
            "to": c.after.get("to", ""),
            "note": c.note if c.by_id else texts.NOTES.get(c.note, c.note),
            "can_take_apart": supervises and c.verb in ("merged", "split") and not c.undone_at,
        }
        for c in queries.history(bundle)
    ]


def _missing(records: list[tuple[str, Record]], bundle: Bundle) -> list[tuple[object, object]]:
    if not records:
        return []
    found = completeness(records[0][1], country=bundle.country)
    return [(texts.MISSING[key], texts.ASK[ask]) for key, ask in found.missing]


@require_POST
@needs("bundle.supervise")
def split(request: HttpRequest, pk: int) -> HttpResponseBase:
    user = signed_in(request)
    bundle = get_object_or_404(queue.visible(user), pk=pk)
    numbers = map(whole_number, request.POST.getlist("report"))
    chosen = [number for number in numbers if number is not None]
    try:
        fresh = merging.split(
            bundle, chosen, by=user, at=timezone.now(), note=request.POST.get("note", "")
        )
    except merging.NothingToSplit:
        messages.error(request, _("Nothing was split: choose some of the reports, but not all."))
        return redirect("bundle", pk)
    messages.success(request, _("The chosen reports are now in B-%(new)s.") % {"new": fresh.pk})
    return redirect("bundle", fresh.pk)


@require_POST
@needs("bundle.supervise")
def take_apart(request: HttpRequest, pk: int, change: int) -> HttpResponseBase:
    """Take back one merge or split of the history."""
    found = get_object_or_404(BundleChange, pk=change, bundle=pk)
    try:
        undoing.take_apart(found, by=signed_in(request), at=timezone.now())
    except undoing.NotUndoable:
        messages.error(request, _("It cannot be taken back: the bundles have changed since."))
    else:
        messages.success(request, _("Taken back. Both bundles are in the queue again."))
    return redirect("bundle", pk)


@require_GET
@needs("report.see")
def report_page(request: HttpRequest, number: str) -> HttpResponseBase:
    user = signed_in(request)
    report = single.report(number, user)
    if report is None:
        raise Http404
    record_view(user, report.number, timezone.now())
    record = single.record(report)
    found = completeness(record, country=report.country)
    context = {
        "report": report,
        "record": record,
        "bundles": single.bundles(report, user),
        "answer": texts.headline(report.reasons, 3),
        "reasons": texts.reason_lines(report.reasons),
        "type": texts.INCIDENT_TYPES.get(report.incident_type, report.incident_type),
        "grade": texts.IP_GRADES[report.ip_grade],
        "country_reason": texts.COUNTRY_REASONS.get(report.country_reason, ""),
        "database_date": countries.database_date(),
        "missing": [(texts.MISSING[key], texts.ASK[ask]) for key, ask in found.missing],
        "persons": _persons([(report.number, record)], Bundle()),
        "captures": [
            (texts.ROLES.get(role, role), c, texts.EVENTS.get(c.event, c.event), texts.IP_GRADES[identify.grade(c)])
            for role, c in list(identify.captures(record))[:200]
        ],
        "files": _files([(report.number, record)], matches.of_report(report.pk) if user_may(user, "lists.lookup") else {}),
        "web_addresses": identify.web_addresses(record)[:WEB_ADDRESSES_SHOWN],
        "annotations": [texts.ANNOTATIONS.get(a, a) for a in record.annotations],
        "parts": single.original_parts(report),
        "sha256": bytes(report.original.sha256).hex(),
    }  # fmt: skip
    return render(request, "reports/report.html", context)


@require_GET
@needs("report.see")
def report_original(request: HttpRequest, number: str) -> HttpResponseBase:
    """The original's exact bytes, to keep or to check against its SHA-256."""
    user = signed_in(request)
    report = single.report(number, user)
    if report is None:
        raise Http404
    record_view(user, report.number, timezone.now(), detail={"original": True})
    response = HttpResponse(single.original_bytes(report), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{report.number}.original"'
    return response
