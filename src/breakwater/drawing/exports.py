"""Gives a figure as a file: CSV and XLSX of its table, SVG of its drawing.

Every file says where its numbers come from. Text that a spreadsheet would run as a formula
is made plain text.
"""

import csv
import io

import xlsxwriter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from breakwater.drawing import charts, words
from breakwater.drawing.figure import Cell, Figure

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "svg": "image/svg+xml",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def forms(figure: Figure) -> list[str]:
    """The kinds of file that this figure can be had as."""
    return ["csv", "xlsx", "svg"] if charts.draw(figure) else ["csv", "xlsx"]


def export(figure: Figure, form: str, origin: str) -> bytes:
    if form == "csv":
        return as_csv(figure, origin)
    if form == "xlsx":
        return as_xlsx(figure, origin)
    return charts.draw(figure).encode()


def answer(request: HttpRequest, wanted: str, figures: list[Figure]) -> HttpResponse:
    """One figure of a page as a file; 404 if the page has no such figure or form of it."""
    form = request.GET.get("as", "")
    figure = next((figure for figure in figures if figure.id == wanted), None)
    if figure is None or form not in forms(figure):
        raise Http404(wanted)
    content = export(figure, form, words.origin(figure.origin, settings.DEMO))
    # Every address of such a page is made of plain letters, so it can name a file.
    page = request.path.strip("/").replace("/", "-")
    name = f"{page}-{figure.id.replace('_', '-')}.{form}"
    return HttpResponse(
        content,
        content_type=TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def safe(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell
    return cell


def as_csv(figure: Figure, origin: str) -> bytes:
    """Header, rows; the origin as a last column, so that the file stays one plain table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([safe(name) for name in [*figure.header, "source"]])
    for row in figure.rows:
        writer.writerow([safe(cell) for cell in [*row, origin]])
    # The mark tells Excel that the file is UTF-8.
    return "\ufeff".encode() + out.getvalue().encode()


def as_xlsx(figure: Figure, origin: str) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    percent = book.add_format({"num_format": "0.0%"})
    sheet.write_row(0, 0, figure.header, bold)
    for place, row in enumerate(figure.rows, start=1):
        sheet.write_string(place, 0, str(row[0]))
        for column, cell in enumerate(row[1:], start=1):
            unit = figure.series[column - 1].unit
            if cell is not None:
                sheet.write(place, column, cell, percent if unit in ("share", "change") else None)
    sheet.set_column(0, 0, 34)
    sheet.freeze_panes(1, 1)
    sheet.write_string(len(figure.labels) + 2, 0, figure.title)
    sheet.write_string(len(figure.labels) + 3, 0, origin)
    book.close()
    return out.getvalue()
