"""Reports that name a host are counted, also those from before hosts were kept."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps

from breakwater.reports.actions.rebuild import rebuild
from breakwater.reports.models import Report, UrlHost
from breakwater.reports.queries.hosts import reports_naming

pytestmark = pytest.mark.django_db


def test_reports_taken_in_before_are_counted_after_the_migration(
    take_in: Callable[..., Report],
) -> None:
    take_in("R-1", "a", profile="https://www.bad.example/1")
    take_in("R-2", "b", profile="https://bad.example/2")
    expected = {"bad.example": 2, "www.bad.example": 1}
    assert reports_naming([*expected, "none.example"]) == expected
    UrlHost.objects.all().delete()
    import_module("breakwater.reports.migrations.0005_url_hosts").fill(apps, None)
    assert reports_naming(expected) == expected


def test_reading_all_reports_again_counts_none_twice(take_in: Callable[..., Report], at) -> None:
    take_in("R-1", "a", profile="https://bad.example/1")
    kept = UrlHost.objects.count()
    rebuild(by="test", at=at)
    assert UrlHost.objects.count() == kept
    assert reports_naming(["bad.example"]) == {"bad.example": 1}
