"""Signing in, being throttled, and sessions that end."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breakwater.custody.models import AuditEntry
from breakwater.people.models import User
from breakwater.people.rules import IDLE_LIMIT, SIGNED_IN_LIMIT, session_is_over

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def sign_in(client, username="officer", password=PASSWORD):
    url = reverse("sign-in")
    return client.post(url, {"username": username, "password": password})


def verbs():
    return list(AuditEntry.objects.order_by("seq").values_list("verb", flat=True))


def test_signing_in_opens_the_desk_and_is_audited(client, officer):
    answer = sign_in(client)
    assert answer.status_code == 302
    assert answer.url == reverse("home")
    assert verbs() == ["people.session.opened"]
    assert AuditEntry.objects.get().target == "person officer"


def test_signing_out_needs_a_post_and_is_audited(client, officer):
    sign_in(client)
    assert client.get(reverse("sign-out")).status_code == 405
    assert client.post(reverse("sign-out")).status_code == 302
    assert verbs()[-1] == "people.session.closed"
    assert client.get(reverse("me")).status_code == 302


def test_the_sign_in_page_never_leads_to_another_site(client, officer):
    url = reverse("sign-in") + "?next=https://elsewhere.example/"
    answer = client.post(url, {"username": "officer", "password": PASSWORD})
    assert answer.url == reverse("home")


def test_only_the_demo_shows_its_accounts(client, db, settings):
    assert PASSWORD not in client.get(reverse("sign-in")).content.decode()
    settings.DEMO = True
    page = client.get(reverse("sign-in")).content.decode()
    assert PASSWORD in page
    for name in ("officer", "supervisor", "reader", "analyst", "auditor", "administrator"):
        assert f"<code>{name}</code>" in page


def test_sign_in_is_throttled_after_five_failures(client, officer):
    codes = [sign_in(client, password="wrong").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 200, 429]
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "15 minutes" in answer.content.decode()
    assert verbs() == ["people.session.refused"] * 6


def test_a_throttled_name_does_not_throttle_another(client, officer, supervisor):
    for _ in range(6):
        sign_in(client, password="wrong")
    assert sign_in(client, "supervisor").status_code == 302


def test_what_was_typed_as_a_name_is_only_kept_if_it_is_one(client, officer):
    sign_in(client, username="my secret in the wrong box", password="x")
    sign_in(client, password="x")
    assert list(AuditEntry.objects.order_by("seq").values_list("target", flat=True)) == [
        "",
        "person officer",
    ]


def test_a_closed_account_does_not_open_the_desk(client, officer):
    User.objects.update(is_active=False)
    assert sign_in(client).status_code == 200
    assert client.get(reverse("me")).status_code == 302


def test_a_session_is_over_after_an_idle_hour_and_after_twelve_hours(at):
    moment = timedelta(seconds=1)
    assert not session_is_over(at, at, at + IDLE_LIMIT)
    assert session_is_over(at, at, at + IDLE_LIMIT + moment)
    late = at + SIGNED_IN_LIMIT
    assert not session_is_over(at, late, late)
    assert session_is_over(at, late, late + moment)


@pytest.mark.parametrize(
    ("signed_in_ago", "seen_ago", "stays"),
    [(600, 600, True), (3700, 3700, False), (12 * 3600 + 60, 10, False), (11 * 3600, 10, True)],
)
def test_a_session_that_is_over_ends(client, officer, signed_in_ago, seen_ago, stays):
    sign_in(client)
    now, session = timezone.now(), client.session
    session["signed_in_at"] = (now - timedelta(seconds=signed_in_ago)).isoformat()
    session["seen_at"] = (now - timedelta(seconds=seen_ago)).isoformat()
    session.save()
    answer = client.get(reverse("me"))
    assert answer.status_code == (200 if stays else 302)
    assert ("people.session.ended" in verbs()) is not stays


def test_a_first_password_opens_nothing_but_the_page_to_change_it(client, officer):
    User.objects.update(first_password_until=timezone.now() + timedelta(hours=1))
    assert sign_in(client).status_code == 302
    assert client.get(reverse("me")).url == reverse("password")
    assert client.get(reverse("password")).status_code == 200
    fresh = "seven green bicycles"
    form = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert client.post(reverse("password"), form).url == reverse("me")
    assert client.get(reverse("me")).status_code == 200
    assert verbs()[-1] == "people.password.changed"


def test_a_first_password_that_is_too_old_opens_nothing(client, officer):
    User.objects.update(first_password_until=timezone.now() - timedelta(seconds=1))
    answer = sign_in(client)
    assert answer.status_code == 200
    assert "no longer valid" in answer.content.decode()
