"""Drawings and files of any figure: well-formed, safe, and the same numbers."""

import csv
import io
import re
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from breakwater.drawing import charts, exports
from breakwater.drawing.figure import Figure, Kind, Series
from breakwater.figures import published_figures, words
from breakwater.figures.published import tables

NUMBERS = st.one_of(
    st.none(), st.integers(min_value=0, max_value=10**12), st.sampled_from(["<5", "0.5"])
)
NAMES = st.text(max_size=60)


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    rows = draw(st.integers(min_value=0, max_value=40))
    series = draw(st.integers(min_value=1, max_value=7))
    kinds: list[Kind] = ["bars", "columns", "lines", "map", "table"]
    return Figure(
        id="any",
        title=draw(NAMES),
        origin="own",
        column=draw(NAMES),
        labels=tuple(draw(NAMES) for _ in range(rows)),
        series=tuple(
            Series(draw(NAMES), tuple(draw(NUMBERS) for _ in range(rows))) for _ in range(series)
        ),
        kind=draw(st.sampled_from(kinds)),
        log=draw(st.booleans()),
        codes=tuple(draw(st.sampled_from(["JM", "TT", "ZZ", ""])) for _ in range(rows)),
        view=draw(st.sampled_from(["world", "caribbean", "pacific"])),
    )


@settings(max_examples=60, deadline=None)
@given(figures())
def test_every_drawing_is_well_formed_and_has_title_and_description(figure: Figure) -> None:
    drawn = charts.draw(figure)
    if not drawn:
        return
    tree = etree.fromstring(drawn.encode())
    spaces = {"s": "http://www.w3.org/2000/svg"}
    assert len(tree.xpath("s:title", namespaces=spaces)) == 1
    assert len(tree.xpath("s:desc", namespaces=spaces)) == 1
    assert not tree.xpath("//*[@style]")
    assert not tree.xpath("//s:script", namespaces=spaces)
    for rect in tree.xpath("//s:rect", namespaces=spaces):
        assert 0 <= float(rect.get("width")) <= charts.WIDTH
        assert float(rect.get("height")) >= 0


@settings(max_examples=40, deadline=None)
@given(figures())
def test_no_cell_of_a_csv_file_is_a_formula(figure: Figure) -> None:
    text = exports.as_csv(figure, "here").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(figure.labels) + 1
    assert {len(row) for row in rows} == {len(figure.series) + 2}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for r in rows for cell in r)


@settings(max_examples=25, deadline=None)
@given(figures())
def test_every_workbook_opens_again_and_holds_no_formula(figure: Figure) -> None:
    archive = zipfile.ZipFile(io.BytesIO(exports.as_xlsx(figure, "here")))
    sheet = etree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not sheet.xpath("//*[local-name()='f']")
    assert len(sheet.xpath("//*[local-name()='row']")) >= 1


def test_a_workbook_holds_the_published_numbers() -> None:
    figure = published_figures.shared(tables())
    archive = zipfile.ZipFile(io.BytesIO(exports.as_xlsx(figure, "Published by NCMEC")))
    sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>102724</v>" in sheet
    assert "Haití" in archive.read("xl/sharedStrings.xml").decode()


@pytest.mark.parametrize("log", [False, True])
def test_a_longer_bar_is_a_larger_number(log: bool) -> None:
    scale = charts.Scale([15, 300, 102_724], log)
    assert 0 < scale(15) < scale(300) < scale(102_724) <= 1


def test_a_drawing_that_is_logarithmic_says_so() -> None:
    figure = published_figures.bars("b", "t", tables().countries.values(), 2023)
    assert figure.log
    assert "Logarithmic scale" in charts.describe(figure)


def test_every_country_of_a_region_has_a_dot_on_its_map() -> None:
    for slug, members in tables().regions.items():
        lines = [tables().countries[code] for code in members]
        drawn = charts.draw(published_figures.map_of("m", "t", lines, 2023, "JM", slug))
        present = sum(1 for line in lines if line.by_year.get(2023))
        assert drawn.count("<circle") == present


def test_the_caribbean_map_names_every_territory() -> None:
    lines = list(tables().shared)
    drawn = charts.draw(published_figures.map_of("m", "t", lines, 2023, "JM", "caribbean"))
    named = {name.replace("&amp;", "&") for name in re.findall(r'map-label"[^>]*>([^<]+)<', drawn)}
    assert named == {words.country(line.code) for line in lines}
