"""Writes a list into a file, and logs that it left the desk."""

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.hash_table import write_table
from breakwater.formats.vics import write_vics
from breakwater.hashlists.models import HashList
from breakwater.hashlists.queries.exported import entries, frames
from breakwater.hashlists.rules.frames import As, vics_file
from breakwater.people.models import User

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

    Raises:
        ValueError: the form is none of `EXPORTS`, or see `rules.frames.vics_file`. Nothing is
            written then.
    """
    if form not in EXPORTS:
        raise ValueError(f"{form}: expected one of {', '.join(EXPORTS)}")
    file = None
    if form == "vics":
        file = vics_file(entries(hash_list), frames(hash_list), hash_list.scheme, vics)
    with transaction.atomic():
        detail = {"form": form, "entries": hash_list.entry_count}
        record("hashlists.list.exported", actor=by, at=at, target=hash_list.name, detail=detail)
    if file:
        out.write(write_vics(file))
        return
    for block in write_table(entries(hash_list)):
        out.write(block)
