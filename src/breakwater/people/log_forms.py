"""What a reader of the log can look for."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from breakwater.custody.queries import Filter
from breakwater.custody.verbs import VERBS

_SELECT = {"class": "form-select"}
_CONTROL = {"class": "form-control"}


def _verbs() -> list[tuple[str, str]]:
    words = sorted((str(text), verb) for verb, text in VERBS.items())
    return [("", str(_("Everything"))), *((verb, text) for text, verb in words)]


def _day() -> forms.DateField:
    # The picker of the browser sends this form in every language.
    widget = forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        required=False,
        widget=widget,
        input_formats=["%Y-%m-%d"],
        # Outside of these, a moment in some zone is no moment in UTC.
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2200, 1, 1))],
    )


def _text() -> forms.CharField:
    return forms.CharField(required=False, max_length=200, widget=forms.TextInput(_CONTROL))


class LogFilterForm(forms.Form):
    actor, target, since, until = _text(), _text(), _day(), _day()
    verb = forms.ChoiceField(required=False, choices=_verbs, widget=forms.Select(_SELECT))

    field_order = ["actor", "verb", "target", "since", "until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["actor"].label = _("Who (user name)")
        self.fields["verb"].label = _("What")
        self.fields["target"].label = _("On what")
        self.fields["since"].label = _("From")
        self.fields["until"].label = _("To and including")

    def wanted(self) -> Filter:
        """What was asked for; a field that makes no sense looks for everything."""
        self.is_valid()
        found = self.cleaned_data if self.is_bound else {}
        until = found.get("until")
        return Filter(
            actor=found.get("actor", ""),
            verb=found.get("verb", ""),
            target=found.get("target", ""),
            since=_midnight(found.get("since")),
            before=_midnight(until + timedelta(days=1)) if until else None,
        )


def _midnight(day: Any) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None
