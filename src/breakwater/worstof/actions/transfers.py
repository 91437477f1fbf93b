"""Keeps who took the zone by transfer, and logs each whole copy and each address that is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.worstof.models import Recipient, TransferSource


@dataclass(frozen=True, slots=True)
class Taken:
    """One transfer as the primary began to give it; `is_whole`: all names, and not what changed."""

    at: datetime
    address: str
    is_whole: bool
    serial: int


def keep_transfers(taken: Mapping[str, Sequence[Taken]], *, may_be_known: bool) -> None:
    """Keep those of each key in their order; if `may_be_known`, none before the last that is kept.

    Changes are taken every few seconds, so these are logged only when they go to a new address.
    """
    with transaction.atomic():
        for recipient in Recipient.objects.filter(key_name__in=taken).order_by("pk"):
            _keep(recipient, taken[recipient.key_name], may_be_known=may_be_known)


def _keep(recipient: Recipient, taken: Sequence[Taken], *, may_be_known: bool) -> None:
    known = {source.address: source for source in recipient.sources.all()}
    for one in taken:
        source = known.get(one.address)
        if source and may_be_known and one.at <= source.last_at:
            continue
        if source is None or one.is_whole:
            _record(recipient, one, is_new=source is None)
        known[one.address] = _last(source, recipient, one)
    for source in known.values():
        source.save()


def _last(source: TransferSource | None, recipient: Recipient, one: Taken) -> TransferSource:
    found = source or TransferSource(recipient=recipient, address=one.address, first_at=one.at)
    found.last_at, found.is_whole, found.serial = one.at, one.is_whole, one.serial
    found.whole_at = one.at if one.is_whole else found.whole_at
    return found


def _record(recipient: Recipient, one: Taken, *, is_new: bool) -> None:
    detail = {
        "form": "dns", "kind": "AXFR" if one.is_whole else "IXFR", "serial": one.serial,
        "address": one.address, "is_new_address": is_new,
    }  # fmt: skip
    actor = f"{recipient.name} ({recipient.key_name})"
    target = recipient.key_name
    record("worstof.list.downloaded", actor=actor, at=one.at, target=target, detail=detail)
