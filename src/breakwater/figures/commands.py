"""`breakwater figures …`: look at the published tables, check them, and take figures away."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from breakwater.drawing import exports
from breakwater.figures import published_figures, rules, words
from breakwater.figures.published import WrongFigures, tables

app = typer.Typer(help="Published figures: look, check, take away.", no_args_is_help=True)
out = Console(highlight=False)


@app.command()
def country(code: Annotated[str, typer.Argument(help="Two letters, such as JM.")]) -> None:
    """Say how many reports were published for a country, with rank and trend."""
    published, wanted = tables(), code.upper()
    line = published.countries.get(wanted)
    if line is None:
        out.print(f"The published tables have no country {escape(code)}.")
        raise typer.Exit(1)
    year = published.years[-1]
    rank = rules.rank(published.of_year(year), wanted)
    out.print(escape(words.answer_of_country(wanted, year, dict(line.by_year), rank)))
    table = Table("Year", "Reports")
    for one, reports in sorted(line.by_year.items()):
        table.add_row(str(one), words.number(reports))
    out.print(table)


@app.command()
def check() -> None:
    """Check the published tables against their totals and list what is odd in them."""
    try:
        published = tables()
    except WrongFigures as wrong:
        out.print(escape(str(wrong)))
        raise typer.Exit(1) from wrong
    out.print(f"The rows of {len(published.years)} years add up to the published totals.")
    for found in rules.findings(published):
        out.print(escape(f"{words.findings_title(found.kind)}: {words.finding(found)}"))
        for e in found.evidence[:8]:
            numbers = [e.name, e.year, e.number, e.where, e.beside]
            out.print(escape("   " + " · ".join(str(n) for n in numbers if n not in ("", None))))


@app.command()
def export(
    region: Annotated[str, typer.Argument(help="A region, such as caribbean, or all.")],
    path: Annotated[Path, typer.Argument(help="File to write; its end is .csv or .xlsx.")],
) -> None:
    """Write the published table of a region, or of all countries, to a file."""
    published, form = tables(), path.suffix.removeprefix(".").lower()
    if region != "all" and region not in published.regions:
        raise typer.BadParameter(f"regions are all, {', '.join(published.regions)}")
    if form not in ("csv", "xlsx"):
        raise typer.BadParameter("the file's name has to end in .csv or .xlsx")
    codes = published.countries if region == "all" else published.regions[region]
    lines = [published.countries[code] for code in codes]
    figure = published_figures.table("countries", region, lines, published.years, "")
    path.write_bytes(exports.export(figure, form, words.origin("published", is_demo=False)))
    out.print(f"{len(lines)} countries written to {escape(str(path))}")
