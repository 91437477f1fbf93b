"""Figures through the API and on the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from breakwater.figures.commands import app
from breakwater.figures.published import tables
from breakwater.people.models import User
from breakwater.reports.models import Provider, Tally

ClientFor = Callable[[User], Client]
ADDRESSES = [
    "/api/v1/figures/countries",
    "/api/v1/figures/countries/JM",
    "/api/v1/figures/regions/caribbean",
    "/api/v1/figures/own",
    "/api/v1/figures/quality",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_analyst_reads_figures_and_a_reader_does_not(
    address: str, analyst: User, reader: User, client_for: ClientFor
) -> None:
    assert client_for(analyst).get(address).status_code == 200
    assert client_for(reader).get(address).status_code == 403


def test_the_api_gives_the_published_numbers(analyst: User, client_for: ClientFor) -> None:
    client = client_for(analyst)
    jamaica = client.get("/api/v1/figures/countries/jm").json()
    assert jamaica["reports"]["2023"] == 6118
    assert (jamaica["rank"], jamaica["trend"]) == (133, "rising")
    caribbean = client.get("/api/v1/figures/regions/caribbean").json()
    assert len(caribbean["countries"]) == 25
    assert caribbean["reports"]["2023"] == tables().region_total("caribbean")[2023]
    assert client.get("/api/v1/figures/countries/ZZ").status_code == 404
    assert client.get("/api/v1/figures/regions/atlantis").status_code == 404


def test_the_api_gives_own_counts(analyst: User, client_for: ClientFor) -> None:
    Tally.objects.create(
        day=timezone.now().date(),
        country="JM",
        provider=Provider.objects.create(name="Example Chat"),
        incident_type="csam",
        reports=12,
        urgent=1,
    )
    own = client_for(analyst).get("/api/v1/figures/own").json()
    assert (own["reports"], own["urgent"]) == (12, 1)
    assert own["by_provider"] == {"Example Chat": 12}


def test_the_command_line_answers_for_a_country_and_refuses_an_unknown_one() -> None:
    answer = CliRunner().invoke(app, ["country", "tt"])
    assert answer.exit_code == 0
    assert "6,155" in answer.output
    assert CliRunner().invoke(app, ["country", "zz"]).exit_code == 1


def test_the_command_line_lists_what_is_odd() -> None:
    answer = CliRunner().invoke(app, ["check"])
    assert answer.exit_code == 0
    assert "Sain Marteen" in answer.output


def test_the_command_line_writes_a_region_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "caribbean.csv"
    assert CliRunner().invoke(app, ["export", "caribbean", str(path)]).exit_code == 0
    assert "Montserrat,8,1,2,24,15" in path.read_text(encoding="utf-8-sig")
    assert CliRunner().invoke(app, ["export", "atlantis", str(path)]).exit_code == 2
    assert CliRunner().invoke(app, ["export", "all", str(tmp_path / "x.doc")]).exit_code == 2
