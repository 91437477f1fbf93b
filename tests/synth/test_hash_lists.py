"""The demo's hash lists: made once, of synthetic hashes, some of them the reports' own."""

from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from breakwater.hashlists import index
from breakwater.hashlists.actions import receiving
from breakwater.hashlists.models import Entry, HashList
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.voices import verdict
from breakwater.reports.models import Selector
from breakwater.synth.hash_lists import load_lists

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(index, "FRESH_FOR", 0.0)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)


def test_the_demo_has_lists_that_name_files_of_its_reports(at: datetime) -> None:
    digests = [f"{n:032x}" for n in range(1, 60)]
    Selector.objects.bulk_create(
        Selector(id=n, kind="md5", value=value, frequency=100 - n, first_seen_at=at)
        for n, value in enumerate(digests)
    )
    assert load_lists(seed=1, at=at)
    assert HashList.objects.count() == 3
    assert not HashList.objects.exclude(source__contains="(synthetic)").exists()
    found = [verdict(v) for v in find([Asked("md5", d) for d in digests], on=timezone.localdate())]
    assert sum(bool(v.voices) for v in found) > 8
    assert any(v.is_contradicted for v in found)
    before = Entry.objects.count()
    assert not load_lists(seed=2, at=at)
    assert Entry.objects.count() == before
