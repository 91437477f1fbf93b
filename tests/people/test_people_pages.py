"""An administrator's pages, a person's own page, and the keys made there."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from breakwater.custody.models import AuditEntry
from breakwater.people import queries
from breakwater.people.models import Agency, ApiToken, User
from breakwater.reports.actions.accounts import account_for
from breakwater.reports.models import ProviderAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_for, administrator):
    return client_for(administrator)


def last():
    return AuditEntry.objects.order_by("-seq").first()


def new_person(agency, **changes):
    fields = {
        "person-username": "visitor",
        "person-first_name": "Ada",
        "person-last_name": "Example",
        "person-email": "",
        "place-agency": agency.pk,
        "place-role": "officer",
    }
    return fields | changes


def test_an_agency_is_added_once(desk):
    fields = {"agency-name": "Lab of Testland", "agency-kind": "forensic_lab"}
    fields["agency-country"] = "JM"
    assert desk.post(reverse("agency-add"), fields).status_code == 302
    assert last().verb == "people.agency.added"
    assert (
        "An agency of this name exists" in desk.post(reverse("agency-add"), fields).content.decode()
    )
    assert Agency.objects.filter(name="Lab of Testland").count() == 1


def test_another_spelling_of_an_agencys_name_is_no_second_agency(desk):
    fields = {"agency-kind": "forensic_lab", "agency-country": "JM"}
    for name in ("Lab of Testland", " LAB  of Testland "):
        answer = desk.post(reverse("agency-add"), fields | {"agency-name": name})
    assert "An agency of this name exists" in answer.content.decode()
    assert Agency.objects.filter(name__iendswith="Testland", kind="forensic_lab").count() == 1


def test_a_person_gets_a_first_password_that_is_shown_once(desk, police):
    page = desk.post(reverse("person-add"), new_person(police))
    shown = page.context["first_password"]
    assert shown in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    person = User.objects.get(username="visitor")
    assert person.check_password(shown)
    assert person.first_password_until > timezone.now()
    assert shown not in last().detail


def test_a_role_has_to_fit_the_kind_of_agency(desk, analyst):
    page = desk.post(reverse("person-add"), new_person(analyst.agency))
    assert "no people of this role" in page.content.decode()
    assert not User.objects.filter(username="visitor").exists()


def test_a_user_name_is_given_once(desk, police, officer):
    page = desk.post(reverse("person-add"), new_person(police, **{"person-username": "officer"}))
    assert page.status_code == 200
    assert User.objects.filter(username="officer").count() == 1


def test_another_role_counts_at_once(desk, client_for, officer):
    browser = client_for(officer)
    fields = {"agency": officer.agency_id, "role": "analyst"}
    assert browser.get(reverse("import")).status_code == 200
    assert desk.post(reverse("person", args=[officer.pk]), fields).status_code == 302
    assert browser.get(reverse("import")).status_code == 403
    assert last().verb == "people.person.moved"


def test_a_closed_account_loses_its_open_session(desk, client_for, officer):
    browser = client_for(officer)
    url = reverse("person-active", args=[officer.pk])
    desk.post(url, {"active": "no"})
    assert browser.get(reverse("me")).status_code == 302
    desk.post(url, {"active": "yes"})
    assert User.objects.get(pk=officer.pk).is_active


def test_an_administrator_closes_resets_and_moves_only_others(desk, administrator):
    before = AuditEntry.objects.count()
    pk = [administrator.pk]
    desk.post(reverse("person-active", args=pk), {"active": "no"})
    desk.post(reverse("person-password", args=pk))
    desk.post(reverse("person", args=pk), {"agency": administrator.agency_id, "role": "officer"})
    kept = User.objects.get(pk=administrator.pk)
    assert (kept.is_active, kept.role) == (True, "administrator")
    assert kept.password == administrator.password
    assert AuditEntry.objects.count() == before


def test_a_new_first_password_ends_sessions_and_keys(desk, client_for, officer):
    browser = client_for(officer)
    browser.post(reverse("key-make"), {"name": "export", "days": "30"})
    page = desk.post(reverse("person-password", args=[officer.pk]))
    assert User.objects.get(pk=officer.pk).check_password(page.context["first_password"])
    assert browser.get(reverse("me")).status_code == 302
    assert not ApiToken.objects.exists()


def test_settings_are_kept_and_applied(client_for, officer):
    browser = client_for(officer)
    fields = {"language": "nl", "time_zone": "America/Curacao", "theme": "dark"}
    assert browser.post(reverse("me"), fields).status_code == 302
    kept = User.objects.get(pk=officer.pk)
    assert (kept.language, kept.time_zone, kept.theme) == tuple(fields.values())
    assert not kept.uses_shortcuts
    assert 'lang="nl"' in browser.get(reverse("me")).content.decode()


def test_a_key_is_shown_once_and_kept_as_a_digest(client_for, officer):
    browser = client_for(officer)
    key = browser.post(reverse("key-make"), {"name": "export", "days": "30"}).context["key"]
    assert key not in browser.get(reverse("me")).content.decode()
    token = ApiToken.objects.get()
    assert key not in (token.digest, token.name)
    assert queries.user_for_key(key, timezone.now()) == officer
    assert key not in last().detail


def test_a_key_opens_nothing_when_expired_revoked_or_its_person_is_gone(client_for, officer):
    browser, now = client_for(officer), timezone.now()
    key = browser.post(reverse("key-make"), {"name": "export", "days": "30"}).context["key"]
    assert queries.user_for_key(key, now + timedelta(days=31)) is None
    assert queries.user_for_key(key + "x", now) is None
    User.objects.update(is_active=False)
    assert queries.user_for_key(key, now) is None
    User.objects.update(is_active=True)
    browser.post(reverse("key-revoke", args=[ApiToken.objects.get().pk]))
    assert queries.user_for_key(key, now) is None
    assert last().verb == "people.key.revoked"


def test_nobody_revokes_the_key_of_another(client_for, officer, supervisor):
    client_for(officer).post(reverse("key-make"), {"name": "export", "days": "30"})
    url = reverse("key-revoke", args=[ApiToken.objects.get().pk])
    assert client_for(supervisor).post(url).status_code == 404
    assert ApiToken.objects.exists()


def test_an_auditor_makes_no_key(client_for, auditor):
    assert (
        client_for(auditor).post(reverse("key-make"), {"name": "x", "days": "30"}).status_code
        == 403
    )


def test_a_provider_gets_an_account_whose_secret_is_shown_once(desk):
    fields = {"provider_name": "Example Chat", "username": "chat"}
    secret = desk.post(reverse("accounts"), fields).context["secret"]
    assert secret not in desk.get(reverse("accounts")).content.decode()
    assert account_for("chat", secret)
    assert "exists" in desk.post(reverse("accounts"), fields).content.decode()
    url = reverse("account-active", args=[ProviderAccount.objects.get().pk])
    desk.post(url, {"active": "no"})
    assert account_for("chat", secret) is None
