"""What people type about domains: a nomination, a judgement, reasons, the terms of a list."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import lazy as later
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from breakwater import countries
from breakwater.worstof import entry_texts as texts
from breakwater.worstof.actions.life import Judgement, Sighting
from breakwater.worstof.actions.lists import LONGEST_FRESH, LONGEST_GRACE, MOST, Terms
from breakwater.worstof.models import Answer, BlockList, Nomination
from breakwater.worstof.rules.clocks import LEAST_GRACE
from breakwater.worstof.rules.verdict import CRITERIA, FEWEST, NO

_CONTROL = {"class": "form-control"}
_SELECT = {"class": "form-select"}
_RADIO = {"class": "form-check-input"}
_MOMENT = "%Y-%m-%dT%H:%M"


def _zone_line() -> str:
    """In which zone the desk reads what is typed; browsers show none beside such a field."""
    here = timezone.localtime()
    offset = f"{here:%z}"
    words = {"zone": timezone.get_current_timezone_name(), "offset": f"{offset[:3]}:{offset[3:5]}"}
    return gettext("In the time zone %(zone)s, now UTC%(offset)s.") % words


def _moment_field(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        help_text=later(_zone_line, str)(),
        widget=forms.DateTimeInput(_CONTROL | {"type": "datetime-local"}, format=_MOMENT),
    )


def _text(label: Any, most: int, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=most,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
    )


def _not_to_come(value: datetime) -> datetime:
    if value > timezone.now():
        raise forms.ValidationError(_("This moment lies in the future."))
    return value


class NominationForm(forms.Form):
    """Why a domain is put forward."""

    block_list = forms.ModelChoiceField(
        label=_("List"), queryset=BlockList.objects.none(), empty_label=None,
        widget=forms.Select(_SELECT),
    )  # fmt: skip
    name = forms.CharField(
        label=_("Domain or web address"),
        help_text=_(
            "As you have it; the desk reads the domain out of it, without “www.”, and shows it to you."
        ),
        max_length=2000,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off", "spellcheck": "false"}),
    )
    evidence = _text(
        _("Your file number of the evidence"), 200,
        help_text=_("Where your authority keeps what was seen. Never upload or paste it here."),
    )  # fmt: skip
    report = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    seen = forms.CharField(
        label=_("What was seen, in words"),
        max_length=2000,
        widget=forms.Textarea(_CONTROL | {"rows": 3}),
    )
    seen_at = _moment_field(_("When it was seen"))
    provider = _text(texts.HOSTING["provider"], 200, required=False)
    country = _text(_("Country of the host (two letters)"), 2, required=False)
    registrar = _text(texts.HOSTING["registrar"], 200, required=False)
    address = forms.GenericIPAddressField(
        label=_("IP address, as seen"), required=False, widget=forms.TextInput(_CONTROL)
    )

    def __init__(self, data: Any, lists: list[BlockList], **more: Any) -> None:
        super().__init__(data, **more)
        field = self.fields["block_list"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = BlockList.objects.filter(pk__in=[x.pk for x in lists]).order_by("pk")

    def clean_seen_at(self) -> datetime:
        return _not_to_come(self.cleaned_data["seen_at"])

    @property
    def seen_fields(self) -> list[forms.BoundField]:
        return [x for x in self.visible_fields() if x.name not in texts.HOSTING]

    @property
    def hosting_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in texts.HOSTING]

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        if code and code not in countries.all_codes():
            raise forms.ValidationError(_("This is no country code of two letters."))
        return code

    def sighting(self) -> Sighting:
        found = self.cleaned_data
        number = found["report"]
        source = Nomination.Source.REPORT if number else Nomination.Source.HAND
        hosting = {key: str(found[key] or "") for key in texts.HOSTING}
        return Sighting(found["evidence"], found["seen"], found["seen_at"], source, number, hosting)


class AssessmentForm(forms.Form):
    """The four criteria one by one: who has to say yes four times reads them four times."""

    real = forms.ChoiceField(choices=Answer.choices, widget=forms.RadioSelect(_RADIO))
    under_13 = forms.ChoiceField(choices=Answer.choices, widget=forms.RadioSelect(_RADIO))
    severe = forms.ChoiceField(choices=Answer.choices, widget=forms.RadioSelect(_RADIO))
    online = forms.ChoiceField(choices=Answer.choices, widget=forms.RadioSelect(_RADIO))
    seen_online_at = _moment_field(_("Seen online last"))
    confidence = forms.ChoiceField(
        label=_("How sure are you of all this?"),
        choices=tuple(texts.CONFIDENCE.items()),
        widget=forms.RadioSelect(_RADIO),
    )
    note = forms.CharField(
        label=_("Note for the other authorities"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(_CONTROL | {"rows": 2}),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for name in CRITERIA:
            self.fields[name].label = str(texts.CRITERIA[name])
            self.fields[name].help_text = str(texts.CRITERIA_HELP[name])

    def clean_seen_online_at(self) -> datetime:
        return _not_to_come(self.cleaned_data["seen_online_at"])

    def clean_note(self) -> str:
        note = str(self.cleaned_data["note"]).strip()
        if not note and NO in (self.cleaned_data.get(name) for name in CRITERIA):
            raise forms.ValidationError(_("Say why you deny it."))
        return note

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[name] for name in CRITERIA]

    def judgement(self) -> Judgement:
        return Judgement(**self.cleaned_data)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=500)


class ListForm(forms.Form):
    """The terms of a list; its fields are those of `actions.lists.Terms`."""

    name = _text(_("Name of the list"), 120)
    legal_basis = _text(
        _("By what right names are blocked"), 500,
        help_text=_("The law, agreement or order, with its number. The stop page can name it."),
    )  # fmt: skip
    country = forms.ChoiceField(
        label=_("Whose list it is"), required=False, widget=forms.Select(_SELECT)
    )
    verifications = forms.IntegerField(
        label=_("Authorities that have to verify"),
        min_value=FEWEST,
        max_value=MOST,
        initial=FEWEST,
        widget=forms.NumberInput(_CONTROL),
    )
    distinct = forms.ChoiceField(
        label=_("Which count beside each other"),
        choices=BlockList.Distinct.choices,
        widget=forms.Select(_SELECT),
    )
    fresh_days = forms.IntegerField(
        label=_("Days until it has to be verified again"),
        min_value=1,
        max_value=LONGEST_FRESH,
        initial=90,
        widget=forms.NumberInput(_CONTROL),
    )
    grace_days = forms.IntegerField(
        label=_("Days of grace after that"),
        help_text=_("The name stays blocked so long; then it leaves the list by itself."),
        min_value=LEAST_GRACE,
        max_value=LONGEST_GRACE,
        initial=14,
        widget=forms.NumberInput(_CONTROL),
    )

    def __init__(self, data: Any, *, at_home: str, block_list: BlockList | None) -> None:
        given = {name: getattr(block_list, name) for name in self.base_fields} if block_list else {}
        super().__init__(data, initial={"country": at_home, "distinct": "agency"} | given)
        country = self.fields["country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 - declared above
        of_nation = (at_home, countries.name(at_home, get_language() or "en"))
        of_many = ("", _("Several countries"))
        # Nobody makes another country's list, and a list keeps what it is.
        if block_list:
            self.fields["reason"] = _text(_("Why the rule should change"), 500)
            country.choices = [of_nation if block_list.country else of_many]
        else:
            country.choices, country.required = [of_nation], True

    def terms(self) -> Terms:
        return Terms(**{name: self.cleaned_data[name] for name in self.base_fields})
