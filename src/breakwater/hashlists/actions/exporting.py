"""Writes a list into a file, and logs that it left the desk."""

from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.hash_table import write_table
from breakwater.formats.vics import vics_blocks
from breakwater.hashlists.models import HashList
from breakwater.hashlists.queries.exported import by_frame, entries, frames
from breakwater.hashlists.rules.frames import As, vics_file
from breakwater.people.models import User
from breakwater.storage import bulk

EXPORTS = ("csv", "vics")
AS_IT_CAME = As()


def export(
    hash_list: HashList,
    form: str,
    out: BinaryIO,
    *,
    by: User | str,
    at: datetime,
    vics: As = AS_IT_CAME,
) -> None:
    """Write all entries that are not withdrawn; `vics` is how a VICS file is written.

    Entries are read a set at a time while they are written.

    Raises:
        ValueError: the form is none of `EXPORTS`, or see `rules.frames.vics_file`. Nothing is
            written then.
    """
    if form not in EXPORTS:
        raise ValueError(f"{form}: expected one of {', '.join(EXPORTS)}")
    with bulk.bounded_memory():
        blocks = _blocks(hash_list, form, vics)
        with transaction.atomic():
            detail = {"form": form, "entries": hash_list.entry_count}
            record("hashlists.list.exported", actor=by, at=at, target=hash_list.name, detail=detail)
        for block in blocks:
            out.write(block)


def _blocks(hash_list: HashList, form: str, vics: As) -> Iterable[bytes]:
    if form == "csv":
        return write_table(entries(hash_list))
    groups = by_frame(hash_list)
    return vics_blocks(*vics_file(groups, frames(hash_list), hash_list.scheme, vics))
