"""`breakwater worstof …`: compile dirty lines into a list, and write a list in every form."""

import io
from collections import Counter
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from breakwater.formats.block_list import FORMS, Compiled, Header, compile_lines
from breakwater.formats.domain_name import BadName, read_name
from breakwater.worstof.queries.known_names import known
from breakwater.worstof.rules.guards import guards_for, refusals

app = typer.Typer()
out = Console(highlight=False)


def _wrong(text: str) -> NoReturn:
    out.print(text, markup=False)
    raise typer.Exit(2)


@app.command("compile")
def compile_files(
    paths: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Lists.")],
    form: Annotated[str, typer.Option(help=f"One of {', '.join(FORMS)}.")],
    output: Annotated[Path, typer.Option(help="File that is written.")],
    zone: Annotated[str, typer.Option(help="Name of the policy zone.")] = "rpz.desk.invalid",
    serial: Annotated[int, typer.Option(help="Serial of the zone; 0: seconds since 1970.")] = 0,
) -> None:
    """Make one clean list of lines in any of the usual forms.

    What a resolver cannot block, and what would hurt others, is left out and counted. Nothing is
    listed on this desk. Ends with 1 if lines were left out, with 2 for wrong use.
    """
    if form not in FORMS:
        _wrong(f"--form {form}: expected one of {', '.join(FORMS)}")
    found = _compile(paths)
    at = timezone.now()
    header = Header(serial or int(at.timestamp()), at, zone, "Compiled by Breakwater")
    whole = output.with_name(output.name + ".part")
    try:
        with whole.open("wb") as stream:
            stream.writelines(FORMS[form].write(found.names, header))
        whole.replace(output)
    except (OSError, ValueError) as problem:
        whole.unlink(missing_ok=True)
        _wrong(f"{output} cannot be written: {problem}")
    _tell(found)
    raise typer.Exit(1 if found.left_out else 0)


def _compile(paths: list[Path]) -> Compiled:
    joined = io.BytesIO(b"\n".join(path.read_bytes().removesuffix(b"\n") for path in paths))
    guards = refusals(known())
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("", total=len(joined.getbuffer()))
        return compile_lines(joined, guards, progress=lambda done: bar.update(task, completed=done))


def _tell(found: Compiled) -> None:
    out.print(
        f"{len(found.names):,} names of {found.lines:,} lines: {found.duplicates:,} again, "
        f"{found.comments:,} comments, {found.covered:,} below another, {found.left_out:,} left out"
    )
    if found.problems:
        out.print(_counts(found.problems))
    for fault in found.faults:
        out.print(f"  line {fault.line}: {fault.problem} {fault.text}", markup=False)


def _counts(problems: Counter[str]) -> Table:
    table = Table("reason", "left out")
    for problem, count in problems.most_common():
        table.add_row(problem, f"{count:,}")
    return table


@app.command()
def check(
    names: Annotated[list[str], typer.Argument(help="Domain names or addresses of pages.")],
) -> None:
    """Say what the guards say of names. Ends with 1 if one is refused or needs signatures."""
    stands = known()
    free = True
    for text in names:
        try:
            name = read_name(text)
        except BadName as refused:
            out.print(f"{text}: refused, {refused.problem}", markup=False)
            free = False
            continue
        guards = guards_for(name.name, stands)
        free = free and not guards
        for guard in guards:
            verdict = "refused" if guard.refuses else "two more signatures"
            out.print(f"{name.shown}: {verdict}, {guard.key} ({guard.match})", markup=False)
        if not guards:
            out.print(f"{name.shown}: free to list", markup=False)
    raise typer.Exit(0 if free else 1)
