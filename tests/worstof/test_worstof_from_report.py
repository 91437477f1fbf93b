"""A domain put forward from a report's address, without the address in any server log."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breakwater.formats.record import Incident, Record
from breakwater.reports.rules import identify
from breakwater.worstof.models import Entry, Nomination

pytestmark = pytest.mark.django_db
ADDRESS = "https://bad.example/gallery/7"


@pytest.fixture
def report(take_in):
    """A report that names one address on the web, as its account's profile."""
    return take_in("R-1", "someone", profile=ADDRESS)


def nomination(world_list, **more):
    seen_at = (timezone.now() - timedelta(hours=26)).strftime("%Y-%m-%dT%H:%M")
    facts = {"block_list": world_list.pk, "name": ADDRESS, "evidence": "T-9", "seen": "Seen"}
    return facts | {"seen_at": seen_at} | more


def test_a_report_offers_its_addresses_by_their_place(report, officer, client_for):
    client = client_for(officer)
    link = f"{reverse('worst-of-nominate')}?report={report.number}&amp;address=0"
    for page in ("report", "bundle"):
        args = [report.number] if page == "report" else [report.memberships.get().bundle_id]
        html = client.get(reverse(page, args=args)).content.decode()
        assert ADDRESS in html
        assert link in html


def test_the_place_in_a_report_fills_the_form_in(report, world_list, officer, client_for):
    client = client_for(officer)
    asked = {"report": report.number, "address": "0"}
    html = client.get(reverse("worst-of-nominate"), asked).content.decode()
    assert f'value="{ADDRESS}"' in html
    assert f"From report {report.number}" in html
    answer = client.post(reverse("worst-of-nominate"), nomination(world_list, report=report.number))
    assert answer.status_code == 302
    made = Nomination.objects.get()
    assert (made.source, made.report_number) == ("report", report.number)
    assert report.number in client.get(answer["Location"]).content.decode()


def test_a_reports_address_with_www_becomes_the_domain_itself_and_the_page_says_so(
    take_in, world_list, officer, client_for
):
    address = "https://www.bad.example/gallery/7"
    report = take_in("R-2", "someone", profile=address)
    facts = nomination(world_list, report=report.number, name=address)
    html = client_for(officer).post(reverse("worst-of-nominate"), facts, follow=True)
    assert "“www.” is left out" in html.content.decode()
    made = Nomination.objects.get()
    assert (made.entry.name, made.given) == ("bad.example", address)
    found = client_for(officer).post(reverse("worst-of-find"), {"name": address})
    assert found["Location"] == reverse("worst-of-entry", args=[made.entry_id])


@pytest.mark.parametrize("place", ["1", "-1", "x", "", "99999999", "\N{SUPERSCRIPT TWO}"])
def test_a_place_that_is_not_there_fills_nothing_in(report, officer, client_for, place):
    asked = {"report": report.number, "address": place}
    answer = client_for(officer).get(reverse("worst-of-nominate"), asked)
    assert answer.status_code == 200
    assert "bad.example" not in answer.content.decode()


def test_an_authority_abroad_neither_reads_nor_cites_a_report(
    report, world_list, assessor, client_for
):
    client = client_for(assessor)
    asked = {"report": report.number, "address": "0"}
    assert "bad.example" not in client.get(reverse("worst-of-nominate"), asked).content.decode()
    html = client.post(
        reverse("worst-of-nominate"), nomination(world_list, report=report.number)
    ).content.decode()
    assert f"There is no report {report.number} for you" in html
    assert not Entry.objects.exists()


def test_reports_are_no_secret_of_the_entry_to_those_who_see_them_only(
    report, world_list, officer, assessor, client_for
):
    facts = nomination(world_list, report=report.number)
    address = client_for(officer).post(reverse("worst-of-nominate"), facts)["Location"]
    assert report.number in client_for(officer).get(address).content.decode()
    assert report.number not in client_for(assessor).get(address).content.decode()


def test_addresses_come_once_each_in_the_order_of_the_report():
    urls = ["b.example/x", "HTTP://A.example/", "b.example/x"]
    record = Record(format="ispws", incidents=[Incident(kind="web", urls=urls)])
    assert identify.web_addresses(record) == ["http://b.example/x", "http://a.example"]
