"""Lists and their rules: who may change them, and what a rule cannot be."""

import pytest
from django.urls import reverse

from breakwater.custody.models import AuditEntry
from breakwater.worstof.actions.lists import BadTerms, Terms, create_list
from breakwater.worstof.models import BlockList

pytestmark = pytest.mark.django_db
RULE = {
    "name": "Additions of Testland",
    "legal_basis": "Test Act s. 9",
    "country": "JM",
    "verifications": 2,
    "distinct": "agency",
    "fresh_days": 60,
    "grace_days": 7,
}


def test_a_supervisor_makes_a_national_list_and_changes_its_rule(supervisor, client_for):
    client = client_for(supervisor)
    assert client.post(reverse("worst-of-list-new"), RULE).status_code == 302
    made = BlockList.objects.get(country="JM")
    html = client.get(reverse("worst-of-lists")).content.decode()
    assert "2 agencies verify all criteria" in html
    assert "Verified again after 60 days; leaves the list 7 days later" in html
    page = reverse("worst-of-list", args=[made.pk])
    assert 'value="60"' in client.get(page).content.decode()
    assert client.post(page, RULE | {"verifications": 3}).status_code == 302
    made.refresh_from_db()
    assert made.verifications == 3
    kept = AuditEntry.objects.filter(verb__startswith="worstof.list.").order_by("pk")
    assert [row.verb for row in kept] == ["worstof.list.created", "worstof.list.changed"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"verifications": 1}, "greater than or equal to 2"),
        ({"fresh_days": 0}, "greater than or equal to 1"),
        ({"grace_days": 61}, "less than or equal to 60"),
        ({"distinct": "country"}, "count its agencies"),
        ({"country": "CW"}, "Select a valid choice"),
        ({"country": ""}, "This field is required"),
        ({"legal_basis": " "}, "This field is required"),
        ({"name": "Worst Of list"}, "Another list has this name"),
    ],
)
def test_a_rule_that_cannot_be_is_said_at_its_field(
    world_list, supervisor, client_for, wrong, said
):
    answer = client_for(supervisor).post(reverse("worst-of-list-new"), RULE | wrong)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert BlockList.objects.count() == 1


def test_the_international_list_stays_international(world_list, supervisor, client_for):
    page = reverse("worst-of-list", args=[world_list.pk])
    rule = RULE | {"name": "Worst Of list", "distinct": "country", "country": "JM"}
    assert client_for(supervisor).post(page, rule).status_code == 400
    assert client_for(supervisor).post(page, rule | {"country": ""}).status_code == 302
    world_list.refresh_from_db()
    assert (world_list.country, world_list.fresh_days) == ("", 60)


def test_another_countrys_list_is_not_there(supervisor, client_for, at):
    terms = Terms("Additions of Elsewhere", "Act", "CW", distinct="agency")
    other = create_list(terms, by=supervisor, at=at)
    assert other.name not in client_for(supervisor).get(reverse("worst-of-lists")).content.decode()
    page = reverse("worst-of-list", args=[other.pk])
    assert client_for(supervisor).get(page).status_code == 404


def test_a_national_list_that_nothing_could_enter_is_not_made(supervisor, at):
    with pytest.raises(BadTerms, match="distinct"):
        create_list(Terms("Additions", "Act", "JM", distinct="country"), by=supervisor, at=at)


def test_the_page_says_how_many_domains_each_list_has(
    nominated, judged, officer, assessor, supervisor, client_for, django_assert_max_num_queries
):
    judged(judged(nominated("one.example"), officer), assessor)
    nominated("two.example")
    client = client_for(supervisor)
    with django_assert_max_num_queries(10):
        html = client.get(reverse("worst-of-lists")).content.decode()
    assert "<dt>Blocked</dt><dd>1</dd>" in html
    assert "<dt>Under way</dt><dd>1</dd>" in html
