"""Writes a list into a file, and logs that it left the desk."""

from datetime import datetime
from typing import BinaryIO

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.hash_table import write_table
from breakwater.formats.vics import VicsFile, write_vics
from breakwater.hashlists.models import HashList
from breakwater.hashlists.queries.exported import entries
from breakwater.people.models import User

EXPORTS = ("csv", "vics")


def export(hash_list: HashList, form: str, out: BinaryIO, *, by: User | str, at: datetime) -> None:
    """Write all entries that are not withdrawn.

    Raises:
        ValueError: the form is none of `EXPORTS`.
    """
    if form not in EXPORTS:
        raise ValueError(f"{form}: expected one of {', '.join(EXPORTS)}")
    with transaction.atomic():
        detail = {"form": form, "entries": hash_list.entry_count}
        record("hashlists.list.exported", actor=by, at=at, target=hash_list.name, detail=detail)
    if form == "vics":
        out.write(write_vics(VicsFile("hash_set", entries=tuple(entries(hash_list)))))
        return
    for block in write_table(entries(hash_list)):
        out.write(block)
