"""What waits for whom: no entry ends where nobody is asked for it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breakwater.people.models import Agency, User
from breakwater.worstof.actions import life
from breakwater.worstof.queries import board

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def colleague(officer):
    """Another officer of the same police."""
    return User.objects.create_user("colleague", role="officer", agency=officer.agency)


@pytest.fixture
def asked(at):
    """Who of the people has the entry among what waits for them."""

    def of(entry, *people, later=timedelta()):
        return [user for user in people if entry in board.waiting_for(user, at=at + later)]

    return of


def test_what_one_authority_verified_waits_for_the_other_alone(
    nominated, judged, asked, officer, colleague, assessor
):
    entry = judged(nominated(), officer)
    assert asked(entry, officer, colleague, assessor) == [assessor]


def test_a_sight_that_became_too_old_is_asked_for_again(nominated, judged, asked, officer):
    entry = judged(nominated(), officer)
    assert asked(entry, officer, later=95 * DAY) == [officer]


def test_a_round_that_no_authority_can_end_any_more_is_to_be_discussed(
    nominated, judged, asked, officer, assessor, supervisor, at
):
    entry = judged(judged(nominated(), officer), assessor, later=95 * DAY)
    assert entry.state == "nominated"
    everybody = (officer, assessor, supervisor)
    assert asked(entry, *everybody, later=96 * DAY) == list(everybody)
    page = board.page(board.Wanted(), officer, at=at + 96 * DAY)
    assert [row.ask for row in page.rows] == ["discuss"]
    with pytest.raises(life.SeenOthers):
        judged(entry, officer, later=96 * DAY)


def test_what_a_third_authority_can_still_verify_waits_for_that_one_alone(
    nominated, judged, asked, officer, assessor, neighbour
):
    entry = judged(judged(nominated(), officer), assessor, later=95 * DAY)
    assert asked(entry, officer, assessor, neighbour, later=95 * DAY) == [neighbour]
    assert judged(entry, neighbour, later=95 * DAY).state == "listed"


def test_an_authority_that_could_not_say_is_asked_again_and_still_verifies(
    nominated, judged, asked, officer, colleague, assessor
):
    entry = judged(judged(nominated(), officer, online="unsure"), assessor)
    assert asked(entry, officer, colleague, assessor) == [officer, colleague]
    assert judged(entry, colleague).state == "listed"


def test_a_colleagues_doubt_after_a_yes_is_to_be_discussed(
    nominated, judged, asked, officer, supervisor, assessor
):
    entry = judged(nominated(), officer)
    entry = judged(judged(entry, supervisor, real="unsure"), assessor)
    assert asked(entry, officer, supervisor, assessor) == [officer, supervisor, assessor]


def test_another_agency_of_the_country_is_asked_where_the_first_could_not_say(
    nominated, judged, asked, officer, assessor
):
    agency = Agency.objects.create(
        name="Coast guard", kind="police", country=officer.agency.country, is_synthetic=True
    )
    other = User.objects.create_user("other", role="officer", agency=agency)
    entry = judged(nominated(), officer)
    assert asked(entry, other, assessor) == [assessor]
    doubted = judged(nominated("doubted.example"), officer, real="unsure")
    assert asked(doubted, other, assessor) == [other, assessor]


def test_namesakes_who_verify_for_two_authorities_leave_a_discussion_and_no_dead_end(
    nominated, judged, asked, officer, assessor
):
    for user in (officer, assessor):
        user.first_name, user.last_name = "Ann", "Example"
        user.save()
    entry = judged(judged(nominated(), officer), assessor)
    assert entry.state == "nominated"
    assert asked(entry, officer, assessor) == [officer, assessor]


def test_the_board_says_that_only_a_discussion_ends_the_round(
    nominated, judged, client_for, officer, supervisor, assessor
):
    entry = judged(nominated(), officer)
    judged(judged(entry, supervisor, real="unsure"), assessor)
    html = client_for(officer).get(reverse("worst-of")).content.decode()
    assert "1 domain waits for you." in html
    assert "discuss it, and all judge anew" in html
    life.discuss(entry, by=officer, reason="We do not agree yet", at=timezone.now())
    life.settle(entry, by=supervisor, reason="Look again", at=timezone.now())
    assert board.waiting_for(assessor, at=timezone.now()).count() == 1
