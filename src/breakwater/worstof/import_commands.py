"""`breakwater worstof import`: a partner's nominations and assessments, by file."""

from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console

from breakwater.custody.command_line import typist
from breakwater.formats.assessment_table import MOST_BYTES, BadTable, Expected, Table
from breakwater.people.access import user_may
from breakwater.people.models import Agency, User
from breakwater.worstof import import_texts as texts
from breakwater.worstof.actions import importing
from breakwater.worstof.actions.lists import international
from breakwater.worstof.entry_texts import word
from breakwater.worstof.models import BlockList, PartnerFile
from breakwater.worstof.queries.incoming import Foreseen, Whose, lines_of
from breakwater.worstof.rules.incoming import TAKEN, Outcome
from breakwater.worstof.wrong_use import wrong

app = typer.Typer()
out = Console(highlight=False, soft_wrap=True)
GOOD = {*TAKEN, Outcome.KNOWN, Outcome.SAME_LINE}


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV or JSON, as a partner sent it.")],
    agency: Annotated[str, typer.Option(help="Name of the authority whose word it is.")],
    by: Annotated[str, typer.Option("--as", help="User name of the person who does it.")],
    on: Annotated[str, typer.Option("--list", help="Name of the list.")] = "",
    dry_run: Annotated[bool, typer.Option(help="Only say what each line would do.")] = False,
) -> None:
    """Take a partner's file in. Ends with 0 if every line was taken or known, with 1 if some were
    left out, with 2 if nothing was taken, with 3 if the file judges: then somebody who signs in has
    it taken in on the page."""
    user, whose = _person(by), _whose(agency, on)
    data = _data(file)
    try:
        table, foreseen = importing.foresee(data, whose, by=user, at=timezone.now())
        if dry_run:
            _tell_foreseen(foreseen)
            outcomes = [str(one.outcome) for one in foreseen]
        else:
            judges = any(line.answers for line in table.lines)
            outcomes = _taken(data, file.name, whose, user, judges=judges)
    except BadTable as problem:
        wrong(texts.unreadable(problem.problem))
    except importing.NotForYou as refused:
        wrong(word(texts.WHY_NOT, refused.why))
    raise typer.Exit(_tell_faults(table) or int(any(outcome not in GOOD for outcome in outcomes)))


def _person(name: str) -> User:
    found = User.objects.select_related("agency").filter(username=name).first()
    if found is None or not user_may(found, "worstof.nominate"):
        wrong(f"{name}: expected a user name of somebody who may do this")
    return found


def _whose(agency: str, on: str) -> Whose:
    found = Agency.objects.filter(name=agency).first()
    block_list = BlockList.objects.filter(name=on).first() if on else international()
    if found is None:
        wrong("--agency: expected the name of an authority that the desk knows")
    if block_list is None:
        wrong("--list: expected the name of a list")
    return Whose(block_list, found)


def _data(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as problem:
        wrong(f"{file}: {problem.strerror}")


def _taken(data: bytes, name: str, whose: Whose, by: User, *, judges: bool) -> list[str]:
    """Take the file in to its end; one that a killed command left goes on where it stood.

    Who can give commands can name anybody in `--as`: a judgement needs somebody who signed in.
    """
    try:
        kept = importing.receive(data, name, whose, by=by, at=timezone.now(), typed_by=typist())
    except importing.SameFile as before:
        kept = before.file
        if kept.agency != whose.agency:
            wrong(f"F-{kept.pk}: this very file came in before, as the word of {kept.agency}")
        out.print(f"F-{kept.pk}: this very file came in before", markup=False)
    if kept.state == PartnerFile.State.DRAFT:
        if judges:
            out.print(
                f"F-{kept.pk} is kept. It judges, so nothing is taken in until a supervisor signs in "
                "and has it taken in on the page Partners' files.", markup=False,
            )  # fmt: skip
            raise typer.Exit(3)
        kept = importing.confirm(kept, by=by, at=timezone.now(), typed_by=typist())
    while kept.state == PartnerFile.State.WAITING:
        kept = importing.take_in(kept, at=timezone.now())
    rows = lines_of(kept)
    for row in rows:
        where = f"W-{row.entry.pk}  {row.entry.shown}  " if row.entry else ""
        out.print(f"{row.number}  {where}{word(texts.OUTCOMES, row.outcome)}", markup=False)
    return [row.outcome for row in rows]


def _tell_foreseen(foreseen: list[Foreseen]) -> None:
    for one in foreseen:
        said = word(texts.OUTCOMES, one.outcome)
        out.print(f"{one.line.number}  {one.line.name.shown}  {said}", markup=False)


def _tell_faults(table: Table) -> int:
    """Name what cannot be read; 1 if a line was left out for it."""
    for fault in table.faults:
        found = f" ({fault.text})" if fault.text else ""
        told = f"{fault.line}  {fault.field}: {texts.fault_text(fault)}{found}"
        out.print(told, markup=False)
    return int(any(fault.expected != Expected.KNOWN_COLUMN for fault in table.faults))
