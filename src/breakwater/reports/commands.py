"""`breakwater reports …`: import files, rebuild what is derived, see and retry what is stuck."""

from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from breakwater.custody.command_line import typist
from breakwater.reports import import_queries as queries
from breakwater.reports.actions.importing import counts, import_path
from breakwater.reports.actions.rebuild import rebuild
from breakwater.reports.actions.retry import retry
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Delivery, Original

app = typer.Typer(help="Take reports in, and repair what became of them.", no_args_is_help=True)
out = Console(highlight=False)
MAX_LINES = 200
STUCK_SHOWN = 100


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=out,
    )


@app.command("import")
def import_files(
    paths: Annotated[
        list[Path],
        typer.Argument(exists=True, help="Files, ZIP archives or folders with reports in them."),
    ],
    wait: Annotated[
        bool,
        typer.Option(help="Also read the accepted reports now, without waiting for the worker."),
    ] = True,
) -> None:
    """Hand in police-side JSON, ZIP archives or whole folders.

    Every file gets a result; those that were not taken are listed with the reason.
    Importing the same again doubles nothing, so an interrupted import is simply run
    again. Photos and videos are hashed and not kept.

    Ends with 1 if any file was refused.
    """
    deliveries: list[Delivery] = []
    with _bar() as bar:
        for path in paths:
            task = bar.add_task(escape(path.name or str(path)), total=None)
            deliveries += import_path(
                path,
                sent_by=typist(),
                at=timezone.now(),
                progress=lambda seen, total, task=task: bar.update(  # type: ignore[misc]
                    task, completed=seen, total=total
                ),
            )
    results = [line for delivery in deliveries for line in delivery.results]
    _print_problems(results)
    if wait:
        _read_waiting()
    found = counts(results)
    out.print(
        f"{found['accepted']} accepted, {found['repeat']} here already, "
        f"{found['refused']} not taken, {found['hashed']} other files hashed and not kept."
    )
    if found["refused"]:
        raise typer.Exit(1)


def _print_problems(results: list[dict[str, str]]) -> None:
    problems = [line for line in results if line["result"] == "refused"]
    for line in problems[:MAX_LINES]:
        out.print(f"[bold]not taken[/] {escape(line['name'])}: {escape(line['reason'])}")
    if len(problems) > MAX_LINES:
        out.print(f"and {len(problems) - MAX_LINES} more: see the page of the delivery")


def _read_waiting() -> None:
    total = Original.objects.filter(state=Original.State.WAITING).count()
    if not total:
        return
    with _bar() as bar:
        task = bar.add_task("reading reports", total=total)
        while done := unpack_waiting(at=timezone.now()):
            bar.advance(task, done)


@app.command("rebuild")
def rebuild_reports() -> None:
    """Make everything derived anew from the originals, after a change of rules or readers.

    Bundles, decisions and the log stay as they are.
    """
    with _bar() as bar:
        task = bar.add_task("rebuilding", total=None)
        done = rebuild(
            by=typist(),
            at=timezone.now(),
            progress=lambda seen, total: bar.update(task, completed=seen, total=total),
        )
    out.print(f"{done} reports rebuilt.")


@app.command("stuck")
def stuck_reports() -> None:
    """List originals that were accepted and could not be read, with the reason.

    Ends with 1 if there are any.
    """
    stuck = queries.stuck_originals()
    count = stuck.count()
    if not count:
        out.print("Nothing is stuck.")
        return
    table = Table("id", "number", "name", "reason")
    for original in stuck[:STUCK_SHOWN]:
        cells = (original.number, original.name, original.last_error)
        table.add_row(str(original.pk), *(escape(cell) for cell in cells))
    out.print(table)
    if count > STUCK_SHOWN:
        out.print(f"and {count - STUCK_SHOWN} more")
    raise typer.Exit(1)


@app.command("retry")
def retry_stuck(
    originals: Annotated[
        list[int] | None, typer.Argument(help="Their ids as `stuck` shows them; all if left out.")
    ] = None,
) -> None:
    """Let stuck originals be read again."""
    count = retry(by=typist(), at=timezone.now(), originals=originals)
    out.print(f"{count} will be read again.")
