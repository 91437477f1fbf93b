"""What people decide about bundles: one or many at once, each with its entry in the log.

A decision about many bundles is one transaction; those that may not be decided are left
alone and named with the reason. Every decision keeps what was before, so that it can be
taken back while nobody has changed the same thing since.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import Deed, record_many
from breakwater.people.access import user_may
from breakwater.people.models import Agency, User
from breakwater.reports.models import Bundle, BundleChange, Share
from breakwater.reports.rules import deciding

MAX_AT_ONCE = 200
State = Bundle.State


class TooMany(Exception):
    """More bundles at once than anybody can have looked at."""


class NoteMissing(Exception):
    """This reason has to be said in words as well."""


class UnknownReason(Exception):
    """The reason is none of `data/archive.toml`."""


class NotAssignable(Exception):
    """The person may not work on bundles."""


@dataclass(slots=True)
class Outcome:
    """What a decision did: bundles done, and (bundle, why not) for the others."""

    bulk: str
    done: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


def plan(verb: str, ids: Iterable[int], *, by: User) -> tuple[list[Bundle], list[tuple[int, str]]]:
    """Say which bundles a decision would change and which not, and why. Locks them if in a
    transaction, so that what was planned is what happens.

    Raises:
        TooMany: choose fewer.
    """
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > MAX_AT_ONCE:
        raise TooMany(MAX_AT_ONCE)
    supervises = user_may(by, "bundle.supervise")
    found = {b.pk: b for b in Bundle.objects.select_for_update().filter(pk__in=wanted)}
    will, refused = [], []
    for pk in wanted:
        bundle = found.get(pk)
        why = "not_found"
        if bundle:
            why = deciding.refusal(
                verb,
                state=bundle.state,
                assigned_to=bundle.assigned_to_id,
                by=by.pk,
                is_supervisor=supervises,
            )
        if bundle and not why:
            will.append(bundle)
        else:
            refused.append((pk, why))
    return will, refused


def preview(
    verb: str, ids: Iterable[int], *, by: User
) -> tuple[list[Bundle], list[tuple[int, str]]]:
    """The plan of a decision without making it.

    Raises:
        TooMany: choose fewer.
    """
    with transaction.atomic():
        return plan(verb, ids, by=by)


def assign(ids: Sequence[int], to: User, *, by: User, at: datetime) -> Outcome:
    """Make somebody responsible; only a supervisor takes a bundle from somebody else.

    Raises:
        NotAssignable: `to` may not work on bundles.
    """
    if not user_may(to, "bundle.work"):
        raise NotAssignable(to.username)
    return _decide(
        "assigned", ids, lambda _: {"assigned_to_id": to.pk, "state": State.OPEN}, by, at
    )


def release(ids: Sequence[int], *, by: User, at: datetime) -> Outcome:
    return _decide("released", ids, lambda _: {"assigned_to_id": None, "state": State.NEW}, by, at)


def archive(ids: Sequence[int], reason: str, *, note: str = "", by: User, at: datetime) -> Outcome:
    """Put bundles away for a reason of `data/archive.toml`. A new report brings one back.

    Raises:
        UnknownReason, NoteMissing: say why, in the way the table asks for.
    """
    known = {r.key: r for r in deciding.archive_reasons()}
    if reason not in known:
        raise UnknownReason(reason)
    if known[reason].needs_note and not note.strip():
        raise NoteMissing(reason)
    after = {"state": State.ARCHIVED, "archive_reason": reason}
    return _decide("archived", ids, lambda _: after, by, at, note=note)


def refer(ids: Sequence[int], agency: Agency, *, note: str = "", by: User, at: datetime) -> Outcome:
    """Hand bundles over to an agency, whose readers see them from now on."""
    with transaction.atomic():
        outcome = _decide(
            "referred", ids, lambda _: {"state": State.REFERRED}, by, at, note=note, to=agency.name
        )
        new = {pk for pk in outcome.done if not _is_shared(pk, agency)}
        Share.objects.bulk_create(Share(bundle_id=pk, agency=agency, by=by, at=at) for pk in new)
        for change in BundleChange.objects.filter(bulk=outcome.bulk, bundle_id__in=new):
            change.after["share"] = agency.pk
            change.save(update_fields=["after"])
    return outcome


def _is_shared(bundle: int, agency: Agency) -> bool:
    return Share.objects.filter(bundle_id=bundle, agency=agency).exists()


def reopen(ids: Sequence[int], *, note: str = "", by: User, at: datetime) -> Outcome:
    after = {"state": State.OPEN, "archive_reason": "", "assigned_to_id": by.pk}
    return _decide("reopened", ids, lambda _: after, by, at, note=note)


def _decide(
    verb: str,
    ids: Sequence[int],
    after: Callable[[Bundle], dict[str, object]],
    by: User,
    at: datetime,
    *,
    note: str = "",
    to: str = "",
) -> Outcome:
    outcome = Outcome(secrets.token_hex(8))
    with transaction.atomic():
        will, outcome.refused = plan(verb, ids, by=by)
        changes, deeds = [], []
        for bundle in will:
            new = {name: _plain(value) for name, value in after(bundle).items()}
            old = {name: _plain(getattr(bundle, name)) for name in new}
            Bundle.objects.filter(pk=bundle.pk).update(**new)
            changes.append(
                BundleChange(
                    bundle=bundle, at=at, by=by, verb=verb, note=note[:2000],
                    before=old, after={**new, **({"to": to} if to else {})}, bulk=outcome.bulk,
                )
            )  # fmt: skip
            detail = {
                "from": old,
                "to": new,
                "bulk": outcome.bulk,
                "agency": to,
                "note": note[:500],
            }
            deeds.append(Deed(f"reports.bundle.{verb}", by, at, f"B-{bundle.pk}", detail))
            outcome.done.append(bundle.pk)
        BundleChange.objects.bulk_create(changes)
        record_many(deeds)
    return outcome


def _plain(value: object) -> object:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
