"""What people type: sign-in, their own settings, and the administrator's forms."""

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.forms.widgets import Input
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from breakwater import countries
from breakwater.people import rules
from breakwater.people.models import Agency, AgencyKind, Role, User

if TYPE_CHECKING:  # the stubs know a type argument that Django's own class does not take
    _UserForm = forms.ModelForm[User]
else:
    _UserForm = forms.ModelForm

THEMES = [("", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))]
_CLASSES: dict[type[forms.Widget], str] = {
    forms.CheckboxInput: "form-check-input",
    forms.Select: "form-select",
    forms.Textarea: "form-control",
    Input: "form-control",
}


class _Dressed:
    """Gives every field of a form the look of the desk."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            kinds = (name for kind, name in _CLASSES.items() if isinstance(field.widget, kind))
            field.widget.attrs["class"] = next(kinds, "form-control")
            field.widget.attrs.pop("autofocus", None)


class SignInForm(_Dressed, AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("This user name and password do not fit. Check both and try again."),
        "first_password_over": _(
            "This first password is no longer valid. Ask an administrator for a new one."
        ),
    }

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        until = user.first_password_until
        if until and until < timezone.now():
            code = "first_password_over"
            raise forms.ValidationError(self.error_messages[code], code=code)


class OwnPasswordForm(_Dressed, PasswordChangeForm):
    pass


def _time_zones() -> list[tuple[str, str]]:
    # Names of the form Region/City; the rest are old aliases.
    regions = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    names = sorted(n for n in available_timezones() if n.split("/")[0] in regions)
    return [("", settings.TIME_ZONE), *((name, name.replace("_", " ")) for name in names)]


def _languages() -> list[tuple[str, str]]:
    return [("", ""), *((code, _own_name(code)) for code, _name in settings.LANGUAGES)]


def _own_name(code: str) -> str:
    name: str = translation.get_language_info(code)["name_local"]
    return name[:1].upper() + name[1:]


class PreferencesForm(_Dressed, _UserForm):
    language = forms.ChoiceField(label=_("Language"), choices=_languages, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_time_zones, required=False)
    theme = forms.ChoiceField(label=_("Colours"), choices=THEMES, required=False)
    uses_shortcuts = forms.BooleanField(label=_("Use keyboard shortcuts"), required=False)

    class Meta:
        model = User
        fields = ["language", "time_zone", "theme", "uses_shortcuts"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = _languages()
        choices[0] = ("", str(_("As the desk or the browser")))
        self.fields["language"].choices = choices  # type: ignore[attr-defined]


def _token_days() -> list[tuple[int, str]]:
    return [(n, ngettext("%(n)s day", "%(n)s days", n) % {"n": n}) for n in rules.TOKEN_DAYS]


class TokenForm(_Dressed, forms.Form):
    name = forms.CharField(label=_("What the key is for"), max_length=80)
    days = forms.TypedChoiceField(label=_("Valid for"), choices=_token_days, coerce=int)


class AgencyForm(_Dressed, forms.Form):
    name = forms.CharField(label=_("Name of the agency"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=AgencyKind.choices)
    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = (translation.get_language() or "en")[:2]
        named = ((countries.name(code, language), code) for code in countries.all_codes())
        choices = [(code, name) for name, code in sorted(named)]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]
        self.fields["country"].initial = settings.DESK_COUNTRY


class PlaceForm(_Dressed, forms.Form):
    """A person's place: which agency, which role; the two have to fit."""

    agency = forms.ModelChoiceField(label=_("Agency"), queryset=Agency.objects.order_by("name"))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        agency, role = cleaned.get("agency"), cleaned.get("role")
        if agency and role and not rules.fits(role, agency.kind):
            self.add_error("role", _("This kind of agency has no people of this role."))
        return cleaned


class PersonForm(_Dressed, _UserForm):
    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email"]
        labels = {
            "username": _("User name"),
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "email": _("E-mail"),
        }
        help_texts = {"username": ""}
