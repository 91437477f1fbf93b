"""Files of hashes taken into a list, at once or by the worker."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from django.db import transaction
from django.utils import timezone
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from breakwater.custody.command_line import typist
from breakwater.formats.hash_collection import SUFFIXES
from breakwater.formats.hash_table import TARGETS, ColumnMapping, TooManyColumns, preview
from breakwater.formats.record import FormatError
from breakwater.hashlists import index
from breakwater.hashlists.actions import importing, receiving
from breakwater.hashlists.actions.importing import apply_change
from breakwater.hashlists.actions.receiving import Empty, Received, TooLarge, receive
from breakwater.hashlists.commands.terminal import ListName, named_list, out, wrong
from breakwater.hashlists.models import HashList, ListChange

# A worker leaves the file to the command for so long; once begun, nobody else gets it while this lives.
HEAD_START = timedelta(minutes=1)
FAULTS_SHOWN = 20


def import_files(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files of hashes.")],
    to: ListName,
    form: Annotated[
        str, typer.Option(help="table (CSV, TSV, JSON, JSON lines), vics, or collection.")
    ] = "table",
    column: Annotated[
        list[str] | None,
        typer.Option(help="NAME=KIND for a column that is guessed wrongly; may be repeated."),
    ] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Work it through here, without waiting for the worker.")
    ] = False,
) -> None:
    """Take files of hashes into a list.

    The same file again changes nothing, and an import that broke off goes on where it stood.
    Columns of a table are guessed; where 64 digits may be SHA-256 or PDQ, say it:
    --column hash=pdq. A collection is a folder or file of python-threatexchange: simple.*.te,
    the output of `threatexchange dataset -P --csv`, or lines such as «pdq f8f8…» in .txt.

    Ends with 1 if lines were set aside (with --now) or a file was not taken, with 2 for wrong
    use; then nothing was taken at all.
    """
    hash_list = named_list(to)
    if form not in receiving.FORMS:
        wrong(f"--form {form}: expected one of {', '.join(receiving.FORMS)}")
    files = [file for path in paths for file in _files(path, form)]
    mappings = {path: _mapping(path, form, column or []) for path in files}
    if not files:
        wrong(f"No file ends with {', '.join(SUFFIXES)}.")
    with _bar() as bar:
        well = [_import(path, hash_list, form, mappings[path], now, bar) for path in files]
    if now:
        index.update()
    else:
        out.print("The worker takes them in; see how it went on the page of the list.")
    if not all(well):
        raise typer.Exit(1)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(),
        console=out,
    )  # fmt: skip


def _files(path: Path, form: str) -> list[Path]:
    if not path.is_dir():
        return [path]
    if form != "collection":
        wrong(f"{path} is a folder; only --form collection takes one")
    if pickles := sorted(path.glob("*.pickle")):
        out.print(
            f"Not read: {len(pickles)} pickled files, because a pickle runs whatever it holds. "
            "Write them out with: threatexchange dataset -P --csv > collection.csv"
        )
    return sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)


def _mapping(path: Path, form: str, said: list[str]) -> ColumnMapping | None:
    """The guess for a table with what was said of its columns; None for other forms."""
    if form != "table":
        if said:
            wrong("--column is for tables only")
        return None
    try:
        with path.open("rb") as stream:
            seen = preview(stream)
    except TooManyColumns as problem:
        wrong(f"{path.name}: {problem}")
    columns = dict(seen.mapping.columns)
    for one in said:
        name, _, kind = one.rpartition("=")
        if name not in seen.columns:
            wrong(f"--column {one}: {path.name} has the columns {', '.join(seen.columns)}")
        if kind not in TARGETS:
            wrong(f"--column {one}: expected one of {', '.join(TARGETS)}")
        columns = {n: k for n, k in columns.items() if k != kind} | {name: kind}
    for fault in seen.faults:
        if fault.advice == "choose_kind" and fault.field not in columns:
            wrong(
                f"{path.name}: the column «{fault.field}» may be SHA-256 or PDQ. "
                f"Say --column {fault.field}=sha256 or --column {fault.field}=pdq"
            )
    return ColumnMapping(columns, has_header=seen.mapping.has_header)


def _import(
    path: Path, to: HashList, form: str, mapping: ColumnMapping | None, now: bool, bar: Progress
) -> bool:
    """Take one file; say how it went, and whether all of it was taken."""
    task = bar.add_task(escape(path.name), total=path.stat().st_size)
    try:
        with path.open("rb") as stream, transaction.atomic():
            received = Received(path.name, form, mapping)
            change = receive(to, stream, received, by=typist(), at=timezone.now())
            if now:
                ListChange.objects.filter(pk=change.pk).update(
                    next_try_at=timezone.now() + HEAD_START
                )
    except (TooLarge, Empty) as problem:
        out.print(f"[bold]not taken[/] {escape(path.name)}: {problem}")
        return False
    if not now:
        bar.update(task, completed=path.stat().st_size)
        out.print(f"received {escape(path.name)}")
        return True

    def progress(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    return _apply(change, progress)


def _apply(change: ListChange, progress: importing.Progress) -> bool:
    try:
        apply_change(change, at=timezone.now(), progress=progress)
    except FormatError as problem:
        ListChange.objects.filter(pk=change.pk).update(
            state=ListChange.State.FAILED, last_error=f"{type(problem).__name__}: {problem}"[:2000]
        )
        out.print(f"[bold]not taken[/] {escape(change.name)}: {escape(str(problem))}")
        return False
    except importing.InWork:
        out.print(f"{escape(change.name)}: the worker takes it in; see the page of the list")
        return True
    out.print(
        f"{escape(change.name)}: {change.added:,} added, {change.changed:,} changed, "
        f"{change.unchanged:,} unchanged, {change.removed:,} removed, {change.faulty:,} set aside"
    )
    left_out = change.faults.filter(advice="entry_left_out").order_by("pk")
    for fault in left_out[:FAULTS_SHOWN]:
        out.print(f"  line {fault.place}: {fault.problem} {fault.found}", markup=False)
    if left_out.count() > FAULTS_SHOWN:
        out.print(f"  and {left_out.count() - FAULTS_SHOWN:,} more: see the page of the import")
    return not change.faulty
