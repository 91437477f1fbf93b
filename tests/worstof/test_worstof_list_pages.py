"""Lists and their rules: who may change them, and what a rule cannot be."""

import pytest
from django.urls import reverse

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.worstof.actions.lists import BadTerms, Terms, create_list
from breakwater.worstof.models import BlockList, RuleChange

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


def test_a_supervisor_makes_a_national_list_and_another_confirms_its_new_rule(
    supervisor, second_supervisor, client_for
):
    client = client_for(supervisor)
    assert client.post(reverse("worst-of-list-new"), RULE).status_code == 302
    made = BlockList.objects.get(country="JM")
    html = client.get(reverse("worst-of-lists")).content.decode()
    assert "2 agencies verify all criteria" in html
    assert "Verified again after 60 days; leaves the list 7 days later" in html
    page = reverse("worst-of-list", args=[made.pk])
    assert 'value="60"' in client.get(page).content.decode()
    assert client.post(page, RULE | {"verifications": 3}).status_code == 400
    assert client.post(page, RULE | {"verifications": 3, "reason": "Asked for"}).status_code == 302
    made.refresh_from_db()
    assert made.verifications == 2
    change = RuleChange.objects.get()
    html = client.get(reverse("worst-of-lists")).content.decode()
    for words in ("2 → <strong>3</strong>", "Asked for", "Another supervisor has to confirm it."):
        assert words in html
    assert 'value="confirm"' not in html
    decide = reverse("worst-of-list-decide", args=[change.pk])
    html = client.post(decide, {"verb": "refuse"}, follow=True).content.decode()
    assert "it was not said what to do" in html
    html = client.post(decide, {"verb": "confirm"}, follow=True).content.decode()
    assert "does not count beside the proposer" in html
    other = client_for(second_supervisor)
    assert 'value="confirm"' in other.get(reverse("worst-of-lists")).content.decode()
    html = other.post(decide, {"verb": "confirm"}, follow=True).content.decode()
    assert "It holds from now on" in html
    made.refresh_from_db()
    assert made.verifications == 3
    kept = AuditEntry.objects.filter(verb__startswith="worstof.list.").order_by("pk")
    assert [row.verb for row in kept] == [
        "worstof.list.created", "worstof.list.change_proposed", "worstof.list.changed",
    ]  # fmt: skip


def test_who_proposed_a_change_takes_it_back_on_the_page(world_list, supervisor, client_for):
    client = client_for(supervisor)
    rule = RULE | {"name": "Worst Of list", "country": "", "distinct": "agency", "reason": "Faster"}
    client.post(reverse("worst-of-list", args=[world_list.pk]), rule)
    html = client.get(reverse("worst-of-lists")).content.decode()
    assert "somebody of another country has to confirm it" in html
    decide = reverse("worst-of-list-decide", args=[RuleChange.objects.get().pk])
    assert (
        "the rule stays" in client.post(decide, {"verb": "withdraw"}, follow=True).content.decode()
    )
    assert client.post(decide, {"verb": "confirm"}).status_code == 404
    world_list.refresh_from_db()
    assert world_list.distinct == "country"


def test_an_authority_abroad_reads_the_rules_and_confirms_one_that_asks_for_less(
    world_list, supervisor, assessor, client_for
):
    rule = RULE | {"name": "Worst Of list", "country": "", "distinct": "agency", "reason": "Faster"}
    client_for(supervisor).post(reverse("worst-of-list", args=[world_list.pk]), rule)
    client = client_for(assessor)
    html = client.get(reverse("worst-of-lists")).content.decode()
    assert "Different agencies" in html
    assert reverse("worst-of-list", args=[world_list.pk]) + '"' not in html
    decide = reverse("worst-of-list-decide", args=[RuleChange.objects.get().pk])
    assert client.post(decide, {"verb": "confirm"}).status_code == 302
    world_list.refresh_from_db()
    assert world_list.distinct == "agency"


@pytest.fixture
def second_supervisor(police):
    return User.objects.create_user("second", role="supervisor", agency=police)


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
    said = rule | {"country": "", "reason": "Asked for"}
    assert client_for(supervisor).post(page, said).status_code == 302
    assert RuleChange.objects.get().terms["country"] == ""


def test_another_countrys_list_is_not_there(supervisor, client_for, at):
    other = BlockList.objects.create(
        name="Additions of Elsewhere", legal_basis="Act", country="CW", distinct="agency"
    )
    assert other.name not in client_for(supervisor).get(reverse("worst-of-lists")).content.decode()
    page = reverse("worst-of-list", args=[other.pk])
    assert client_for(supervisor).get(page).status_code == 404


def test_no_country_adds_to_what_the_providers_of_another_are_sent(supervisor, at):
    terms = Terms("Additions of Elsewhere", "Act", "CW", distinct="agency")
    with pytest.raises(BadTerms, match="this desk's country, JM"):
        create_list(terms, by=supervisor, at=at)


def test_a_national_list_that_nothing_could_enter_is_not_made(supervisor, at):
    with pytest.raises(BadTerms, match="distinct"):
        create_list(Terms("Additions", "Act", "JM", distinct="country"), by=supervisor, at=at)


def test_the_page_says_how_many_domains_each_list_has(
    nominated, judged, officer, assessor, supervisor, client_for, django_assert_max_num_queries
):
    judged(judged(nominated("one.example"), officer), assessor)
    nominated("two.example")
    client = client_for(supervisor)
    with django_assert_max_num_queries(13):
        html = client.get(reverse("worst-of-lists")).content.decode()
    assert "<dt>Blocked</dt><dd>1</dd>" in html
    assert "<dt>Under way</dt><dd>1</dd>" in html
