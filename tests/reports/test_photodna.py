"""PhotoDNA values that providers name in their reports meet the hash lists."""

import base64
import importlib
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from django.apps import apps
from django.test import Client

from breakwater.hashlists import index, jobs
from breakwater.hashlists.actions import receiving
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.hashlists.models import HashList
from breakwater.people.models import User
from breakwater.reports import picture_index
from breakwater.reports.actions.rematching import rematch
from breakwater.reports.models import (
    Bundle,
    FileMatch,
    PhotodnaHash,
    Report,
    Selector,
)
from breakwater.reports.rules.perceptual import photodna_code, selector_value

FileReport = Callable[..., Report]
pytestmark = pytest.mark.django_db(transaction=True)
VALUE = bytes(range(40, 184))


def changed(by: int, places: int) -> bytes:
    """A value at distance by² · places of `VALUE`."""
    value = np.frombuffer(VALUE, np.uint8).copy()
    value[:places] += by
    return value.tobytes()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(index, "FRESH_FOR", 0.0)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    return tmp_path


def a_list(values: list[bytes], at: datetime, direction: str = "raise") -> HashList:
    text = "photodna,grade\n" + "".join(f"{v.hex()},A1\n" for v in values)
    made = create_list(Terms("Unit X", "X", "Synthetic Act", direction=direction), by="t", at=at)
    receive(made, io.BytesIO(text.encode()), Received("f", "table"), by="t", at=at)
    for _, job in jobs.JOBS:
        job(at)
    return made


@pytest.fixture
def file_report(police_file: FileReport) -> FileReport:
    """Takes in a police file about one account with one file that has this hash and no other."""

    def take(number: int, value: str, name: str = "PhotoDNA") -> Report:
        hashes = [{"hashType": name, "value": value}]
        return police_file(number, [{"filename": "1.jpg", "originalFileHashes": hashes}])

    return take


def test_a_value_within_the_distance_of_a_listed_one_raises_its_report_on_arrival(
    at: datetime, file_report: FileReport
) -> None:
    a_list([VALUE], at)
    near = file_report(1, changed(100, 3).hex())  # at 30,000
    beyond = file_report(2, changed(101, 3).hex())
    match = FileMatch.objects.get()
    assert (match.report_id, match.distance, match.direction) == (near.pk, 30_000, "raise")
    assert near.score > beyond.score
    assert "Unit X (A1), PhotoDNA ±30000" in json.loads(near.reasons)[0][2]["listed_by"]


def test_one_value_in_three_spellings_and_under_two_names_is_one_selector(
    file_report: FileReport,
) -> None:
    file_report(1, VALUE.hex().upper())
    file_report(2, base64.b64encode(VALUE).decode(), name="PhotoDNA")
    file_report(3, ",".join(map(str, VALUE)), name="PDNA")
    selector = Selector.objects.get(kind="phash")
    assert (selector.value, selector.frequency) == (f"photodna:{VALUE.hex()}", 3)
    assert bytes(PhotodnaHash.objects.get().code) == VALUE


@pytest.mark.parametrize("value", ["", "00" * 143, "zz" * 144, ",".join(["256"] * 144)])
def test_a_value_that_cannot_be_read_stays_as_the_provider_wrote_it(
    at: datetime, file_report: FileReport, value: str
) -> None:
    a_list([VALUE], at)
    file_report(1, value or "-")
    assert Selector.objects.get(kind="phash").value == f"photodna:{value or '-'}"
    assert not PhotodnaHash.objects.exists()
    assert not FileMatch.objects.exists()


def test_a_list_of_values_alone_meets_the_archive(at: datetime, file_report: FileReport) -> None:
    near, same = file_report(1, changed(10, 50).hex()), file_report(2, VALUE.hex())
    file_report(3, changed(101, 3).hex())
    picture_index.forget()  # as in a new process
    a_list([VALUE], at)
    assert rematch(at)
    found = FileMatch.objects.order_by("report_id").values_list("report_id", "distance")
    assert list(found) == [(near.pk, 5000), (same.pk, 0)]
    told = Bundle.objects.filter(matched_at=at).values_list("memberships__report", flat=True)
    assert set(told) == {near.pk, same.pk}
    # What the process holds of the archive is read on.
    late = file_report(4, changed(1, 1).hex())
    FileMatch.objects.all().delete()
    a_list_again = HashList.objects.get()
    text = f"photodna,grade\n{changed(2, 2).hex()},B2\n"
    receive(a_list_again, io.BytesIO(text.encode()), Received("g", "table"), by="t", at=at)
    for _, job in jobs.JOBS:
        job(at)
    assert rematch(at)
    assert FileMatch.objects.filter(report=late).exists()


def test_a_list_that_lowers_lowers_by_a_near_value_only_where_it_names_every_file(
    at: datetime, file_report: FileReport
) -> None:
    a_list([VALUE], at, direction="lower")
    assert "listed_lower" in file_report(1, changed(1, 1).hex()).reasons
    assert "listed" not in file_report(2, changed(101, 3).hex()).reasons


def test_the_page_says_the_distance_and_what_is_taken_for_near(
    at: datetime, file_report: FileReport, officer: User, client_for: Callable[[User], Client]
) -> None:
    a_list([VALUE], at)
    file_report(1, changed(100, 2).hex())
    page = client_for(officer).get(f"/bundles/{Bundle.objects.get().pk}/").content.decode()
    assert "PhotoDNA distance 20000, taken for near up to 30000" in " ".join(page.split())


def test_values_of_reports_that_came_before_are_numbered_when_the_desk_is_brought_up_to_date(
    file_report: FileReport,
) -> None:
    file_report(1, VALUE.hex())
    # As earlier versions wrote it.
    Selector.objects.filter(kind="phash").update(value=f"pdna:{VALUE.hex().upper()}")
    PhotodnaHash.objects.all().delete()
    step = importlib.import_module("breakwater.reports.migrations.0006_photodna_hashes")
    step.number_values(apps, None)
    assert bytes(PhotodnaHash.objects.get().code) == VALUE


def test_what_is_read_from_a_selector_is_what_was_written_to_it() -> None:
    assert photodna_code(selector_value("PhotoDNA", VALUE.hex())) == VALUE
    assert photodna_code(f"pdq:{'0' * 64}") is None
    assert photodna_code("photodna") is None
