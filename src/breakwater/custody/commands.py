"""`breakwater audit …`: verify the log, note where it ends, write it out."""

import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from breakwater.custody import export as exporting
from breakwater.custody import queries, rules
from breakwater.custody.verification import verify as verify_log
from breakwater.formats.whole_number import whole_number

app = typer.Typer(help="Verify and export the audit log.", no_args_is_help=True)
out = Console(highlight=False)
SHOWN = 1000
_HASH_SIGNS = 64


def _head(text: str) -> rules.Head:
    seq, _, digest = text.partition(":")
    number = whole_number(seq)
    if number is None or len(digest) != _HASH_SIGNS:
        raise typer.BadParameter("give it as `breakwater audit head` printed it, NUMBER:HASH")
    return rules.Head(number, digest)


@app.command()
def verify(
    noted: Annotated[
        str | None,
        typer.Option(help="A head that was noted earlier, as `breakwater audit head` printed it."),
    ] = None,
) -> None:
    """Check every entry of the log and name each place where the chain is broken.

    Ends with 1 if any entry was altered, removed, reordered or added by other means.
    """
    expected = _head(noted) if noted else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=out, transient=True) as bar:
        task = bar.add_task("Verifying", total=queries.length())
        found = verify_log(
            at=timezone.now(),
            noted=expected,
            tell=lambda count: bar.update(task, completed=count),
        )
    for finding in found.findings[:SHOWN]:
        out.print(escape(_line(finding)), soft_wrap=True)
    if found.findings:
        out.print(f"[red]Broken in {len(found.findings)} places[/] of {found.entries} entries.")
        raise typer.Exit(1)
    out.print(f"[green]Unbroken[/]: {found.entries} entries.")
    out.print(f"It ends at {found.end.seq}:{found.end.hash}", soft_wrap=True)


def _line(finding: rules.Finding) -> str:
    entries = f"Entry {finding.seq}"
    if finding.last > finding.seq:
        entries = f"Entries {finding.seq} to {finding.last}"
    return f"{entries}: {finding.fault}; {finding.reason}"


@app.command()
def head() -> None:
    """Print where the log ends, to be noted outside of this computer.

    Whoever owns the database can rewrite the whole log; a noted head shows it.
    """
    kept = queries.head() or rules.Head()
    typer.echo(f"{kept.seq}:{kept.hash}")


@app.command()
def export(
    path: Annotated[
        Path | None, typer.Argument(help="The file to write; without it, standard output.")
    ] = None,
) -> None:
    """Write the whole log as JSON Lines, oldest entry first."""
    if path is None:
        _write(sys.stdout)
        return
    if path.exists():
        out.print(f"{escape(str(path))} exists; choose another name.", style="red")
        raise typer.Exit(1)
    with path.open("w", encoding="utf-8") as file:
        count = _write(file)
    out.print(f"{count} entries written to {escape(str(path))}")


def _write(file: TextIO) -> int:
    count = 0
    for line in exporting.json_lines(queries.all_entries()):
        file.write(line)
        count += 1
    return count
