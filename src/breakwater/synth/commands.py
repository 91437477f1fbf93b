"""`breakwater synth …`: write synthetic reports as files."""

import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from django.utils import timezone
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from breakwater.reports.actions.accept import Document
from breakwater.synth import tables
from breakwater.synth.stream import FORMATS, documents

app = typer.Typer(help="Make reports that look real and can belong to nobody.")
out = Console(highlight=False)
SPAN = timedelta(days=180)


@app.callback()
def synth() -> None:
    """Make reports that look real and can belong to nobody."""


@app.command()
def write(
    to: Annotated[Path, typer.Argument(help="A folder, or a file ending in .zip.")],
    count: Annotated[int, typer.Option(min=1, help="How many reports.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and same --until: same bytes.")] = 1,
    country: Annotated[
        str, typer.Option(help="The desk's country, as JM; leave out for the whole world.")
    ] = "",
    format: Annotated[
        list[str] | None, typer.Option(help="filing or le_json; may be given twice.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; today if left out.")
    ] = None,
) -> None:
    """Write synthetic reports of 180 days into a folder or a ZIP archive.

    `breakwater reports import` takes them in. Example:

        breakwater synth write reports.zip --count 5000 --country JM --format le_json
    """
    formats = tuple(format or FORMATS)
    unknown = [f for f in formats if f not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"«{unknown[0]}» is none of: {', '.join(FORMATS)}")
    code = country.upper()
    if code and code not in tables.countries():
        raise typer.BadParameter(str(tables.UnknownCountry(code)))
    end = until.replace(tzinfo=UTC) if until else _today()
    made = documents(count, seed=seed, country=code, start=end - SPAN, end=end, formats=formats)
    try:
        _save(made, to, count)
    except OSError as problem:
        out.print(f"Not written: {escape(str(problem))}")
        raise typer.Exit(1) from problem
    out.print(f"{count} reports written to {escape(str(to))}.")


def _today() -> datetime:
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _save(made: Iterable[Document], to: Path, count: int) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=out) as bar:
        shown = bar.track(made, total=count, description="writing reports")
        if to.suffix.lower() == ".zip":
            with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for document in shown:
                    # A fixed date in the archive keeps the same reports the same bytes.
                    entry = zipfile.ZipInfo(document.name)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, document.data)
            return
        to.mkdir(parents=True, exist_ok=True)
        for document in shown:
            (to / document.name).write_bytes(document.data)
