"""The terms of a list change openly: what they were stays in the log."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from django.test import Client

from breakwater.custody.models import AuditEntry
from breakwater.hashlists.actions.lists import (
    NameTaken,
    NotALegalBasis,
    change_terms,
    follow_validity,
    terms_of,
)
from breakwater.hashlists.models import HashList, ListChange
from breakwater.people.models import User

pytestmark = pytest.mark.django_db


def test_changed_terms_are_kept_and_the_log_says_how_they_were(
    raising: HashList, supervisor: User, at: datetime
) -> None:
    new = replace(terms_of(raising), handling="desk", valid_until=date(2027, 1, 31))
    assert change_terms(raising, new, by=supervisor, at=at) == ["handling", "valid_until"]
    assert terms_of(HashList.objects.get(pk=raising.pk)) == new
    entry = AuditEntry.objects.get(verb="hashlists.list.changed")
    assert '"handling":["authorities","desk"]' in entry.detail
    assert '"valid_until":["","2027-01-31"]' in entry.detail
    assert change_terms(raising, new, by=supervisor, at=at) == []
    assert AuditEntry.objects.filter(verb="hashlists.list.changed").count() == 1


def test_a_list_whose_new_validity_is_over_meets_the_archive_again(
    raising: HashList, supervisor: User, at: datetime
) -> None:
    new = replace(terms_of(raising), valid_until=date(2020, 1, 1))
    change_terms(raising, new, by=supervisor, at=at)
    assert follow_validity(at)
    assert ListChange.objects.filter(hash_list=raising, matched_at=None).exists()


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("source", " ", NotALegalBasis),
        ("legal_basis", "", NotALegalBasis),
        ("name", "Viral", NameTaken),
        ("direction", "lower", ValueError),
        ("scheme", "own", ValueError),
    ],
)
def test_terms_that_cannot_be_change_nothing(
    name: str, value: str, fault: type[Exception], raising: HashList, lowering: HashList,
    supervisor: User, at: datetime,
) -> None:  # fmt: skip
    before = terms_of(raising)
    with pytest.raises(fault):
        change_terms(raising, replace(before, **{name: value}), by=supervisor, at=at)
    assert terms_of(HashList.objects.get(pk=raising.pk)) == before


def test_a_supervisor_prolongs_a_list_on_its_page(
    raising: HashList, supervisor: User, client_for: Callable[[User], Client]
) -> None:
    client = client_for(supervisor)
    address = f"/hash-lists/{raising.pk}/terms/"
    shown = client.get(address).content.decode()
    assert 'value="Unit X of Testland"' in shown
    assert 'name="direction"' not in shown
    typed = {
        "name": "Unit X", "source": "Unit X of Testland", "legal_basis": "Act s. 1",
        "handling": "authorities", "conditions": "", "valid_from": "", "valid_until": "2028-02-29",
    }  # fmt: skip
    answer = client.post(address, typed, follow=True)
    assert "the log keeps both" in answer.content.decode()
    raising.refresh_from_db()
    assert (raising.valid_until, raising.direction) == (date(2028, 2, 29), "raise")
    twisted = client.post(address, typed | {"valid_from": "2029-01-01"}).content.decode()
    assert "The end is before the beginning." in twisted
