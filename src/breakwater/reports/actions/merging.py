"""Joins bundles that are one matter and takes apart what is not; both can be taken back."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record as audit
from breakwater.people.models import User
from breakwater.reports.actions.deciding import Outcome, plan
from breakwater.reports.actions.refreshing import refresh_bundles
from breakwater.reports.models import Appearance, Bundle, BundleChange, Membership, Selector


class NothingToMerge(Exception):
    """A merge needs two bundles that may be merged."""


class NothingToSplit(Exception):
    """A split needs some, but not all, of a bundle's reports."""


def merge(ids: Sequence[int], *, by: User, at: datetime, note: str = "") -> tuple[int, Outcome]:
    """Put the reports of several bundles into the first of them.

    The parts of one viral batch stay apart, because each belongs to another country.

    Raises:
        NothingToMerge: fewer than two can be merged.
    """
    outcome = Outcome(secrets.token_hex(8))
    with transaction.atomic():
        will, outcome.refused = plan("merged", ids, by=by)
        if len(will) < 2:
            raise NothingToMerge
        target, *sources = will
        held = set(target.memberships.values_list("report_id", flat=True))
        for source in sources:
            mine = dict(source.memberships.values_list("id", "report_id"))
            if held & set(mine.values()):
                outcome.refused.append((source.pk, "same_batch"))
                continue
            held |= set(mine.values())
            _absorb(target, source, list(mine), outcome.bulk, note, by, at)
            outcome.done.append(source.pk)
        if not outcome.done:
            raise NothingToMerge
        refresh_bundles([target.pk])
    return target.pk, outcome


def _absorb(
    target: Bundle, source: Bundle, moved: list[int], bulk: str, note: str, by: User, at: datetime
) -> None:
    Membership.objects.filter(pk__in=moved).update(bundle=target)
    Bundle.objects.filter(pk=source.pk).update(state=Bundle.State.MERGED, merged_into=target)
    before = {"source": source.pk, "state": source.state, "memberships": moved}
    BundleChange.objects.create(
        bundle=target, at=at, by=by, verb="merged", note=note[:2000], before=before, bulk=bulk
    )
    detail = {"source": f"B-{source.pk}", "reports": len(moved), "note": note[:500]}
    audit("reports.bundle.merged", actor=by, target=f"B-{target.pk}", detail=detail, at=at)


def split(
    bundle: Bundle, reports: Sequence[int], *, by: User, at: datetime, note: str = ""
) -> Bundle:
    """Give some of a bundle's reports a bundle of their own.

    Both count as touched by a person from now on, so the software does not join them again.
    Identifiers that only the moved reports name lead to the new bundle.

    Raises:
        NothingToSplit: none, or all, of the reports were chosen.
    """
    with transaction.atomic():
        allowed, _ = plan("split", [bundle.pk], by=by)
        memberships = list(bundle.memberships.filter(report_id__in=reports))
        if not allowed or not 0 < len(memberships) < bundle.memberships.count():
            raise NothingToSplit
        fresh = Bundle.objects.create(
            state=Bundle.State.OPEN, provider=bundle.provider, opened_at=at, last_report_at=at,
            assigned_to=bundle.assigned_to,
        )  # fmt: skip
        moved = [m.pk for m in memberships]
        Membership.objects.filter(pk__in=moved).update(bundle=fresh)
        _lead_selectors(bundle, fresh, [m.report_id for m in memberships])
        before = {"split_into": fresh.pk, "state": bundle.state, "memberships": moved}
        Bundle.objects.filter(pk=bundle.pk, state=Bundle.State.NEW).update(state=Bundle.State.OPEN)
        refresh_bundles([bundle.pk, fresh.pk])
        BundleChange.objects.create(
            bundle=bundle, at=at, by=by, verb="split", note=note[:2000], before=before,
            bulk=secrets.token_hex(8),
        )  # fmt: skip
        detail = {"into": f"B-{fresh.pk}", "reports": len(moved), "note": note[:500]}
        audit("reports.bundle.split", actor=by, target=f"B-{bundle.pk}", detail=detail, at=at)
    return fresh


def _lead_selectors(bundle: Bundle, fresh: Bundle, moved_reports: list[int]) -> None:
    stay = Appearance.objects.filter(report__memberships__bundle=bundle).values("selector_id")
    named = Appearance.objects.filter(report_id__in=moved_reports).values("selector_id")
    Selector.objects.filter(bundle=bundle, pk__in=named).exclude(pk__in=stay).update(bundle=fresh)
