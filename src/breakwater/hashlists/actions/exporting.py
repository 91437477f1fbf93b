"""Writes a list into a file, and logs that it left the desk."""

from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.hash_table import write_table
from breakwater.formats.vics import vics_blocks
from breakwater.hashlists.models import HashList, Recipient
from breakwater.hashlists.queries.exported import by_frame, entries, frames
from breakwater.hashlists.queries.shared import lists_for
from breakwater.hashlists.rules.frames import As, vics_file
from breakwater.people.models import User
from breakwater.storage import bulk

EXPORTS = ("csv", "vics")
AS_IT_CAME = As()


class NotForThem(ValueError):
    """The recipient was not granted the list, its account is closed, or its handling forbids it."""


def export(
    hash_list: HashList,
    form: str,
    out: BinaryIO,
    *,
    by: User | str,
    at: datetime,
    vics: As = AS_IT_CAME,
    recipient: Recipient | None = None,
) -> None:
    """Write all entries that are not withdrawn; `vics` is how a VICS file is written.

    Entries are read a set at a time while they are written. The log says for which `recipient` the
    file is; without one it is a copy of the desk's own.

    Raises:
        NotForThem: the recipient may not pull this list either.
        ValueError: the form is none of `EXPORTS`, or see `rules.frames.vics_file`. Nothing is
            written then.
    """
    if form not in EXPORTS:
        raise ValueError(f"{form}: expected one of {', '.join(EXPORTS)}")
    if recipient and not _may_have(recipient, hash_list):
        raise NotForThem(recipient.username)
    with bulk.bounded_memory():
        blocks = _blocks(hash_list, form, vics)
        with transaction.atomic():
            detail = {"form": form, "entries": hash_list.entry_count}
            detail["recipient"] = recipient.username if recipient else ""
            record("hashlists.list.exported", actor=by, at=at, target=hash_list.name, detail=detail)
        for block in blocks:
            out.write(block)


def _may_have(recipient: Recipient, hash_list: HashList) -> bool:
    return recipient.is_active and hash_list.pk in lists_for(recipient, only=hash_list.pk)


def _blocks(hash_list: HashList, form: str, vics: As) -> Iterable[bytes]:
    if form == "csv":
        return write_table(entries(hash_list))
    groups = by_frame(hash_list)
    return vics_blocks(*vics_file(groups, frames(hash_list), hash_list.scheme, vics))
