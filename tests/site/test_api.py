"""The read API: keys, rights, the log, and a description that is true."""

from datetime import timedelta

import pytest
from django.test import Client

from breakwater.custody.models import AuditEntry
from breakwater.people.actions import make_token
from breakwater.people.models import ApiToken

pytestmark = pytest.mark.django_db


def get(path, user, now):
    _, key = make_token(user, "test", 30, at=now)
    return Client().get(f"/api/v1{path}", headers={"authorization": f"Bearer {key}"})


@pytest.fixture
def now():
    from django.utils import timezone

    return timezone.now()


def test_without_a_key_nothing_is_read(db):
    assert Client().get("/api/v1/bundles").status_code == 401
    wrong = Client().get("/api/v1/bundles", headers={"authorization": "Bearer wrong"})
    assert wrong.status_code == 401


def test_bundles_come_the_most_urgent_first_with_reasons(take_in, officer, now):
    take_in("P-1")
    take_in("P-2", urgent=True)
    answer = get("/bundles", officer, now).json()
    assert [b["is_urgent"] for b in answer["bundles"]] == [True, False]
    assert answer["bundles"][0]["reasons"][0]["sentence"] == "The provider escalated it"


def test_one_bundle_and_one_report_are_read_and_logged(take_in, officer, now, bundle_of):
    report = take_in("P-1", "anna")
    bundle = bundle_of(report)
    assert get(f"/bundles/{bundle.pk}", officer, now).json()["reports"] == ["P-1"]
    whole = get("/reports/P-1", officer, now + timedelta(seconds=1)).json()
    assert whole["record"]["persons"][0]["account"]["identifier"] == "anna"
    assert AuditEntry.objects.latest("seq").target == "P-1"


def test_an_analyst_reads_figures_and_no_report(take_in, analyst, now):
    take_in("P-1")
    assert get("/figures/countries/jm", analyst, now).json()["reports"]["2023"] > 0
    later = now + timedelta(seconds=1)
    assert get("/reports/P-1", analyst, later).status_code == 403


def test_an_expired_key_opens_nothing(officer, now):
    _, key = make_token(officer, "old", 30, at=now)
    ApiToken.objects.update(expires_at=now - timedelta(seconds=1))
    answer = Client().get("/api/v1/bundles", headers={"authorization": f"Bearer {key}"})
    assert answer.status_code == 401


def test_the_description_names_every_address(officer, client_for):
    client = client_for(officer)
    document = client.get("/api/v1/openapi.json").json()
    page = client.get("/api/").content.decode()
    assert len(document["paths"]) >= 6
    for path in document["paths"]:
        assert path in page
