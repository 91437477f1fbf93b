"""The pages of figures: who may see them, what they read, what they show."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree, html

from breakwater.people.models import User
from breakwater.reports.models import PersonTally, Provider, Tally

PAGES = [
    "/figures/",
    "/figures/countries/",
    "/figures/countries/JM/",
    "/figures/regions/caribbean/",
    "/figures/regions/european-union/",
    "/figures/compare/",
    "/figures/compare/?c=JM&c=TT",
    "/figures/providers/",
    "/figures/types/",
    "/figures/people/",
    "/figures/quality/",
]
ClientFor = Callable[[User], Client]


@pytest.fixture
def counted(db: None) -> None:
    provider = Provider.objects.create(name="=Example & <Sons>")
    today = timezone.now().date()
    Tally.objects.create(
        day=today, country="JM", provider=provider, incident_type="csam", reports=40, urgent=4
    )
    Tally.objects.create(
        day=today, country="TT", provider=provider, incident_type="enticement", reports=2, files=6
    )
    month = datetime(2026, 11, 1, tzinfo=UTC).date()
    for band, persons in (("11-13", 3), ("14-15", 25)):
        PersonTally.objects.create(
            month=month, country="JM", role="victim", age_band=band, sex="female", persons=persons
        )


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("page", PAGES)
def test_an_analyst_sees_figures_and_no_page_reads_personal_data(
    page: str, analyst: User, client_for: ClientFor
) -> None:
    client = client_for(analyst)
    client.get(page)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(page)
    assert answer.status_code == 200
    asked = [q["sql"] for q in queries if "reports_" in q["sql"]]
    assert len(asked) <= 2
    for table in ("reports_report", "reports_selector", "reports_appearance", "reports_original"):
        assert not any(re.search(rf'"{table}"', sql) for sql in asked)
    assert b"style=" not in answer.content


@pytest.mark.parametrize("page", PAGES)
def test_an_auditor_sees_no_figures(page: str, auditor: User, client_for: ClientFor) -> None:
    assert client_for(auditor).get(page).status_code == 403


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("page", PAGES)
def test_every_figure_of_a_page_can_be_taken_away(
    page: str, analyst: User, client_for: ClientFor
) -> None:
    client = client_for(analyst)
    tree = html.fromstring(client.get(page).content)
    links = tree.xpath("//a[@download]/@href")
    assert links or "compare/" in page
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for link in links[:18]:
        answer = client.get(page.split("?")[0] + link)
        assert answer.status_code == 200
        if link.endswith("as=csv"):
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
            assert len(rows) > 1
            assert len({len(row) for row in rows}) == 1
        elif link.endswith("as=xlsx"):
            assert (
                "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
            )
        else:
            assert etree.fromstring(answer.content).tag.endswith("svg")


def test_the_caribbean_page_shows_the_shared_table_exactly(
    analyst: User, client_for: ClientFor
) -> None:
    data = resources.files("breakwater.figures") / "data" / "seed_caribbean_cybertipline.csv"
    wanted = [
        (row["country"], row["2021"], row["2022"], row["2023"])
        for row in csv.DictReader(data.read_text(encoding="utf-8").splitlines())
    ]
    page = client_for(analyst).get("/figures/regions/caribbean/")
    tree = html.fromstring(page.content.decode())
    shown = [
        (
            row.xpath("string(th/a)"),
            *(cell.text_content().replace(",", "") for cell in row.xpath("td")),
        )
        for row in tree.xpath("//*[@id='figure-shared']//tbody/tr")
    ]
    assert len(wanted) == 25
    assert shown == wanted


@pytest.mark.usefixtures("counted")
def test_small_counts_of_people_are_not_shown(analyst: User, client_for: ClientFor) -> None:
    client = client_for(analyst)
    tree = html.fromstring(client.get("/figures/people/").content)
    cells = [c.text_content() for c in tree.xpath("//*[@id='figure-victim']//td")]
    assert cells == ["<5", "25"]
    exported = client.get("/figures/people/?export=victim&as=csv").content.decode()
    assert "<5" in exported
    assert ",3," not in exported


@pytest.mark.usefixtures("counted")
def test_a_providers_name_is_never_a_formula_in_a_spreadsheet(
    analyst: User, client_for: ClientFor
) -> None:
    answer = client_for(analyst).get("/figures/?export=own_providers&as=csv")
    assert b"'=Example & <Sons>" in answer.content


def test_an_unknown_country_region_figure_or_form_is_not_found(
    analyst: User, client_for: ClientFor
) -> None:
    client = client_for(analyst)
    for address in (
        "/figures/countries/ZZ/",
        "/figures/regions/atlantis/",
        "/figures/?export=nothing&as=csv",
        "/figures/?export=trend&as=exe",
        "/figures/countries/JM/?export=standing&as=svg",
    ):
        assert client.get(address).status_code == 404, address


def at_home_in(user: User, country: str, settings: object) -> None:
    settings.DESK_COUNTRY = country  # type: ignore[attr-defined]
    user.agency.country = country
    user.agency.save()


def test_the_dashboard_answers_for_the_desks_country(
    analyst: User, client_for: ClientFor, settings: object
) -> None:
    at_home_in(analyst, "TT", settings)
    answer = client_for(analyst).get("/figures/").content.decode()
    assert "Trinidad" in answer
    assert "6,155 reports published for 2023" in answer


@pytest.mark.parametrize("code", ["ZA", "HM", "SX", "XK"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_dashboard_works_for_every_kind_of_desk(
    code: str, language: str, analyst: User, client_for: ClientFor, settings: object
) -> None:
    at_home_in(analyst, code, settings)
    client = client_for(analyst)
    for page in ("/figures/", "/figures/countries/", f"/figures/countries/{code.lower()}/"):
        assert client.get(page, headers={"accept-language": language}).status_code == 200


def test_an_exported_file_is_named_after_its_page(analyst: User, client_for: ClientFor) -> None:
    answer = client_for(analyst).get("/figures/countries/JM/?export=trend&as=csv")
    assert 'filename="figures-countries-JM-trend.csv"' in answer["Content-Disposition"]


def test_a_country_without_published_figures_says_so(analyst: User, client_for: ClientFor) -> None:
    answer = client_for(analyst).get("/figures/countries/HM/").content.decode()
    assert "have no reports for" in answer
