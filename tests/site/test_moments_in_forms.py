"""Whoever types a moment reads in which zone the desk takes it, with the eyes or by ear."""

import re
from collections.abc import Callable, Iterator

import pytest
from django import forms
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import translation

from breakwater.people.models import User

ClientFor = Callable[[User], Client]
INPUT = re.compile(r'<input[^>]*type="datetime-local"[^>]*>')


def beside(page: str) -> list[str]:
    """What is said to each field for a moment, for those who hear it too."""
    found = []
    for field in INPUT.findall(page):
        told = re.search(r'aria-describedby="([^" ]+)', field)
        assert told, field
        found += re.findall(rf'id="{told[1]}"[^>]*>([^<]+)<', page)
    return found


@pytest.mark.django_db
def test_a_moment_is_asked_for_in_a_zone_that_is_named(
    client_for: ClientFor, officer: User
) -> None:
    address = reverse("worst-of-nominate")
    page = client_for(officer).get(address).content.decode()
    assert beside(page) == ["In the time zone America/Jamaica, now UTC-05:00."]
    officer.time_zone, officer.language = "America/Curacao", "nl"
    officer.save()
    (line,) = beside(client_for(officer).get(address).content.decode())
    assert "America/Curacao" in line
    assert "UTC-04:00" in line
    assert "In the time zone" not in line


def every_form(of: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for form in of.__subclasses__():
        yield form
        yield from every_form(form)


def test_no_form_of_the_desk_asks_for_a_moment_without_its_zone() -> None:
    assert get_resolver().url_patterns  # every room's forms are loaded
    with translation.override("en"):
        moments = [
            f"{form.__name__}.{name}: {field.help_text}"
            for form in every_form()
            if form.__module__.startswith("breakwater.")
            for name, field in form.base_fields.items()
            if isinstance(field, forms.DateTimeField)
        ]
    assert len(moments) >= 2
    assert [moment for moment in moments if "time zone America/Jamaica" not in moment] == []
