"""Lists themselves: what there is, a new one, one written out, and the index over all of them."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from django.utils import timezone
from rich.markup import escape
from rich.table import Table

from breakwater.custody.command_line import typist
from breakwater.hashlists import index, scales
from breakwater.hashlists.actions.exporting import EXPORTS, NotForThem, export
from breakwater.hashlists.actions.lists import NameTaken, NotALegalBasis, Terms, create_list
from breakwater.hashlists.commands.terminal import (
    ListName,
    named_list,
    named_recipient,
    out,
    refused,
    wrong,
)
from breakwater.hashlists.models import Direction, Handling, HashList, Recipient
from breakwater.hashlists.rules.frames import As, MixedSchemes

DAY = "%Y-%m-%d"


def list_lists() -> None:
    """Show every list with its entries, who vouches for it and who may be told."""
    table = Table("list", "entries", "source", "direction", "handling", "state")
    for x in HashList.objects.order_by("name"):
        state = "retired" if x.retired_at else "in force"
        cells = (x.name, f"{x.entry_count:,}", x.source, x.direction, x.handling, state)
        table.add_row(*map(escape, cells))
    out.print(table)


def create(
    name: Annotated[str, typer.Argument(help="What the list is called here.")],
    source: Annotated[str, typer.Option(help="Who vouches for it: a unit, a clearing house.")],
    legal_basis: Annotated[str, typer.Option(help="By what right it is held.")],
    scheme: Annotated[str, typer.Option(help="What its grades mean.")] = "own",
    direction: Annotated[
        str, typer.Option(help="raise or lower the priority, or known.")
    ] = "raise",
    handling: Annotated[
        str, typer.Option(help="Who may be told: desk, authorities or providers.")
    ] = "desk",
    conditions: Annotated[str, typer.Option(help="Conditions in the source's words.")] = "",
    valid_from: Annotated[datetime | None, typer.Option(formats=[DAY], help="First day.")] = None,
    valid_until: Annotated[datetime | None, typer.Option(formats=[DAY], help="Last day.")] = None,
) -> None:
    """Make an empty list.

    One list is what one source gave under one legal basis and one set of conditions; make
    another list for anything else. Ends with 1 if there is a list of this name.
    """
    known = (("--scheme", scheme, tuple(scales.known())), ("--direction", direction, Direction.values),
             ("--handling", handling, Handling.values))  # fmt: skip
    for option, value, values in known:
        if value not in values:
            wrong(f"{option} {value}: expected one of {', '.join(values)}")
    begins, ends = (day.date() if day else None for day in (valid_from, valid_until))
    if begins and ends and ends < begins:
        wrong(f"--valid-until {ends}: expected a day on or after {begins}")
    terms = Terms(
        name.strip(), source, legal_basis, scheme, direction, handling, conditions, begins, ends
    )
    try:
        create_list(terms, by=typist(), at=timezone.now())
    except NotALegalBasis as problem:
        wrong(f"{problem}.".capitalize())
    except NameTaken:
        refused(f"There is a list «{name}» already.")
    out.print(f"Made. Fill it with: breakwater hashlists import FILE --list '{escape(name)}'")


def export_list(
    of: ListName,
    form: Annotated[str, typer.Option(help="csv, which loses nothing, or vics.")] = "csv",
    to: Annotated[Path | None, typer.Option("--out", help="File; otherwise it is printed.")] = None,
    version: Annotated[
        str, typer.Option(help="Of VICS: 1.3 or 2.0; otherwise that of the file it came from.")
    ] = "",
    scheme: Annotated[
        str, typer.Option(help="Of VICS: US, UK, Default or CUSTOM; otherwise as it came.")
    ] = "",
    case: Annotated[
        str, typer.Option(help="Of VICS: put all records into one new case of this number.")
    ] = "",
    recipient: Annotated[
        str, typer.Option("--for", help="Account of the recipient that the file is for.")
    ] = "",
) -> None:
    """Write all entries of a list that are not withdrawn into a file. It is logged.

    With --for, only a list that this recipient may pull too, and the log names it. Without, the file
    is the desk's own copy: pass it on to nobody. Records that came as VICS go back into their cases,
    with every field as it was written.
    """
    hash_list = named_list(of)
    if form not in EXPORTS:
        wrong(f"--form {form}: expected one of {', '.join(EXPORTS)}")
    for_whom = named_recipient(recipient) if recipient else None
    vics = As(version, scheme, case)
    if to is None:
        _export(hash_list, form, sys.stdout.buffer, vics, for_whom)
        return
    draft = to.with_name(f".{to.name}.part")
    try:
        # Beside it, so that a file that is there stays where the list cannot be written.
        with draft.open("wb") as stream:
            _export(hash_list, form, stream, vics, for_whom)
        draft.replace(to)
    except OSError as problem:
        refused(f"{to} cannot be written: {problem.strerror}")
    finally:
        draft.unlink(missing_ok=True)
    out.print(f"Written: {to}", markup=False)
    if for_whom is None:
        out.print("A copy of the desk's own: --for names whom a list is passed on to.")


def _export(
    hash_list: HashList, form: str, stream: BinaryIO, vics: As, recipient: Recipient | None
) -> None:
    try:
        export(
            hash_list, form, stream, by=typist(), at=timezone.now(), vics=vics, recipient=recipient
        )
    except NotForThem:
        wrong(
            f"«{recipient}» may not have this list. Its handling, the account and what it was "
            "granted: breakwater hashlists list, breakwater hashlists recipient list"
        )
    except MixedSchemes as problem:
        wrong(f"There are {problem} with --scheme.")
    except ValueError as problem:
        wrong(f"--{problem}")


def verify() -> None:
    """Check the files of the index, and make damaged ones anew from the database.

    Lookups go on meanwhile. Ends with 1 if something was damaged, also when it is repaired.
    """
    damaged = index.damaged()
    for name in damaged:
        out.print(f"Damaged: {name}", markup=False)
    index.update(verify=True)
    if damaged:
        refused("Made anew from the database.")
    out.print("The index is whole and up to date.")
