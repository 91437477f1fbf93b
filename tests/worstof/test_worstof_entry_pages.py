"""A domain from its nomination to the list through the pages, and what nobody may see too early."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breakwater.worstof.actions import life
from breakwater.worstof.models import Entry

pytestmark = pytest.mark.django_db


def sight():
    return (timezone.now() - timedelta(hours=26)).strftime("%Y-%m-%dT%H:%M")


def judge(client, entry, **said):
    answers = dict.fromkeys(("real", "under_13", "severe", "online"), "yes")
    facts = answers | {"seen_online_at": sight(), "confidence": "high", "note": "n-of-mine"}
    return client.post(reverse("worst-of-assess", args=[entry.pk]), facts | said)


def put(client, world_list, name="https://bad.example/page"):
    facts = {"block_list": world_list.pk, "name": name, "evidence": "T-1", "seen": "Seen"}
    return client.post(reverse("worst-of-nominate"), facts | {"seen_at": sight()})


def test_a_domain_is_listed_by_two_countries_through_the_pages(
    world_list, officer, assessor, client_for
):
    here, abroad = client_for(officer), client_for(assessor)
    assert put(here, world_list).status_code == 302
    entry = Entry.objects.get()
    assert judge(here, entry).status_code == 302
    address = reverse("worst-of-entry", args=[entry.pk])
    assert "n-of-mine" in here.get(address).content.decode()
    hidden = abroad.get(address).content.decode()
    assert "n-of-mine" not in hidden
    assert "when you have judged yourself" in hidden
    assert judge(abroad, entry).status_code == 302
    entry.refresh_from_db()
    assert entry.state == "listed"
    told = abroad.get(address).content.decode()
    assert "n-of-mine" in told
    assert 'href="http' not in told


def test_the_page_says_why_two_accounts_of_one_name_count_once(
    nominated, officer, assessor, client_for
):
    entry = nominated()
    for person in (officer, assessor):
        person.first_name, person.last_name = "Zoe", "Twice"
        person.save()
        judge(client_for(person), entry)
    told = client_for(officer).get(reverse("worst-of-entry", args=[entry.pk])).content.decode()
    assert "1 more authority has to verify" in told
    assert "Police of Elsewhere: somebody of the same name judged for another authority" in told


def test_the_board_says_what_waits_for_whom(world_list, officer, assessor, client_for):
    here, abroad = client_for(officer), client_for(assessor)
    assert "No domain waits for you" in here.get(reverse("worst-of")).content.decode()
    put(here, world_list)
    judge(here, Entry.objects.get())
    assert "No domain waits for you" in here.get(reverse("worst-of")).content.decode()
    assert "1 domain waits for you" in abroad.get(reverse("worst-of")).content.decode()


def test_what_is_no_domain_is_said_at_its_field(world_list, officer, client_for):
    answer = put(client_for(officer), world_list, "192.0.2.7").content.decode()
    assert "An IP address is never listed" in answer


def test_a_judgement_without_all_answers_is_not_kept(nominated, officer, client_for):
    entry = nominated()
    assert judge(client_for(officer), entry, severe="").status_code == 400
    assert not entry.assessments.exists()


def test_a_removal_needs_its_reason(nominated, officer, client_for):
    entry, client = nominated(), client_for(officer)
    client.post(reverse("worst-of-remove", args=[entry.pk]), {"reason": " "})
    entry.refresh_from_db()
    assert entry.state == "nominated"
    client.post(reverse("worst-of-remove", args=[entry.pk]), {"reason": "Gone"})
    entry.refresh_from_db()
    assert entry.state == "removed"


def test_the_file_for_overseers_has_no_names(nominated, officer, analyst, client_for):
    nominated()
    named = b"".join(client_for(officer).get(reverse("worst-of-csv")).streaming_content)
    numbers = b"".join(client_for(analyst).get(reverse("worst-of-numbers-csv")).streaming_content)
    assert b"bad.example" in named
    assert b"bad.example" not in numbers
    assert b"W-" in numbers


def test_what_was_said_in_earlier_rounds_is_shown_to_those_who_need_not_judge_now(
    nominated, judged, officer, assessor, client_for
):
    entry = judged(judged(nominated(), officer, note="n-of-before"), assessor)
    address = reverse("worst-of-entry", args=[entry.pk])
    life.move_clocks(entry.due_at)
    entry.refresh_from_db()
    assert entry.state == "due"
    assert "n-of-before" not in client_for(assessor).get(address).content.decode()
    life.move_clocks(entry.due_at)
    told = client_for(assessor).get(address).content.decode()
    assert "n-of-before" in told
    assert "All criteria verified" in told
