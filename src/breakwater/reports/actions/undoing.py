"""Takes decisions back, as long as nobody has changed the same thing since."""

from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record as audit
from breakwater.people.access import user_may
from breakwater.people.models import User
from breakwater.reports.actions.deciding import Outcome
from breakwater.reports.actions.refreshing import refresh_bundles
from breakwater.reports.models import Bundle, BundleChange, Membership, Share
from breakwater.reports.rules import deciding

FIELDS = ("state", "assigned_to_id", "archive_reason")


class NotUndoable(Exception):
    """There is no such decision, or its time is over, or it is somebody else's."""


def undo(bulk: str, *, by: User, at: datetime) -> Outcome:
    """Take back every decision that was made together under this id.

    Raises:
        NotUndoable: nothing under this id can be taken back by this person now.
    """
    outcome = Outcome(bulk)
    supervises = user_may(by, "bundle.supervise")
    with transaction.atomic():
        changes = BundleChange.objects.select_for_update().filter(bulk=bulk, undone_at=None)
        for change in changes.order_by("-pk"):
            if not bulk or not deciding.may_undo(
                made_at=change.at, now=at, is_own=change.by_id == by.pk,
                is_supervisor=supervises, verb=change.verb,
            ):  # fmt: skip
                raise NotUndoable(bulk)
            if _take_back(change):
                BundleChange.objects.filter(pk=change.pk).update(undone_at=at)
                outcome.done.append(change.bundle_id)
                target = f"B-{change.bundle_id}"
                detail = {"verb": change.verb, "bulk": bulk}
                audit("reports.bundle.undone", actor=by, target=target, detail=detail, at=at)
            else:
                outcome.refused.append((change.bundle_id, "changed_since"))
    if not outcome.done and not outcome.refused:
        raise NotUndoable(bulk)
    return outcome


def take_apart(change: BundleChange, *, by: User, at: datetime) -> None:
    """Take back one merge, made by a person or by the software, at any time.

    Raises:
        NotUndoable: it was taken back already, or the bundles have changed since.
    """
    with transaction.atomic():
        if not user_may(by, "bundle.supervise") or change.undone_at or not _take_back(change):
            raise NotUndoable(str(change.pk))
        BundleChange.objects.filter(pk=change.pk).update(undone_at=at)
        target = f"B-{change.bundle_id}"
        detail = {"verb": change.verb, "source": change.before.get("source", "")}
        audit("reports.bundle.undone", actor=by, target=target, detail=detail, at=at)


def _take_back(change: BundleChange) -> bool:
    bundle = Bundle.objects.select_for_update().get(pk=change.bundle_id)
    if change.verb == "merged":
        return _unmerge(change, bundle)
    if change.verb == "split":
        return _unsplit(change, bundle)
    after = {name: change.after[name] for name in FIELDS if name in change.after}
    if any(getattr(bundle, name) != value for name, value in after.items()):
        return False
    Bundle.objects.filter(pk=bundle.pk).update(**{name: change.before[name] for name in after})
    if "share" in change.after:
        Share.objects.filter(bundle=bundle, agency_id=change.after["share"]).delete()
    return True


def _unmerge(change: BundleChange, target: Bundle) -> bool:
    source = Bundle.objects.select_for_update().filter(pk=change.before["source"]).first()
    moved = Membership.objects.filter(pk__in=change.before["memberships"], bundle=target)
    stays = target.memberships.exclude(pk__in=moved.values("pk")).exists()
    if source is None or source.merged_into_id != target.pk or not stays or not moved.exists():
        return False
    moved.update(bundle=source)
    # Back as one that a person has touched, or the software would join the two again.
    state = max(int(change.before["state"]), Bundle.State.OPEN)
    Bundle.objects.filter(pk=source.pk).update(state=state, merged_into=None)
    Bundle.objects.filter(pk=target.pk, state=Bundle.State.NEW).update(state=Bundle.State.OPEN)
    refresh_bundles([source.pk, target.pk])
    return True


def _unsplit(change: BundleChange, bundle: Bundle) -> bool:
    fresh = Bundle.objects.select_for_update().filter(pk=change.before["split_into"]).first()
    if fresh is None or fresh.state == Bundle.State.MERGED or bundle.state == Bundle.State.MERGED:
        return False
    Membership.objects.filter(bundle=fresh).update(bundle=bundle)
    Bundle.objects.filter(pk=fresh.pk).update(state=Bundle.State.MERGED, merged_into=bundle)
    Bundle.objects.filter(pk=bundle.pk).update(state=change.before["state"])
    refresh_bundles([bundle.pk])
    return True
