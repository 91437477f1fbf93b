"""What people type about recipients: name, key, forms, scope, addresses, and a leaked file."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from breakwater.formats.domain_name import BadName, read_name
from breakwater.people.models import Agency
from breakwater.worstof.actions import recipients
from breakwater.worstof.models import Recipient
from breakwater.worstof.rules.addresses import BadAddress, read_address, read_addresses
from breakwater.worstof.tsig import KEY_NAME, LONGEST, BadKeyName, ReservedKeyName, check_key_name

_CONTROL = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
_LINES = _CONTROL | {"rows": 2}
FORMS = {
    "dns": lazy("Transfers by DNS (RPZ zone with a TSIG key)"),
    "rpz": lazy("RPZ file"),
    "hosts": lazy("Hosts file"),
    "unbound": lazy("Unbound local-zone file"),
    "dnsmasq": lazy("dnsmasq file"),
    "squid": lazy("Squid file"),
    "csv": lazy("CSV table"),
    "stix": lazy("STIX 2.1 file"),
    "misp": lazy("MISP feed"),
    "taxii": lazy("TAXII 2.1"),
}


def _form_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=lazy("Forms in which it gets the list"),
        choices=[(key, FORMS[key]) for key in recipients.FORMS],
        error_messages={"required": lazy("Choose at least one form.")},
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )


def _scope_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=lazy("Scope"),
        choices=Recipient.Scope.choices,
        # Not a select: its words are longer than the column, and a select would cut them off.
        widget=forms.RadioSelect({"class": "form-check-input"}),
    )


class RecipientForm(forms.Form):
    """A new recipient; its fields are those of `actions.recipients.create_recipient`."""

    name = forms.CharField(
        label=lazy("Name of the provider or authority"),
        max_length=120,
        widget=forms.TextInput(_CONTROL),
    )
    key_name = forms.RegexField(
        KEY_NAME,
        strip=True,
        max_length=LONGEST,
        label=lazy("Key name"),
        help_text=lazy("Small letters, digits and hyphens. It never changes."),
        error_messages={"invalid": lazy("Small letters, digits and hyphens only.")},
        widget=forms.TextInput(_CONTROL),
    )
    agency = forms.ModelChoiceField(
        Agency.objects.order_by("name"),
        empty_label="–",
        label=lazy("Agency at this desk, if it has one"),
        required=False,
        widget=forms.Select({"class": "form-select"}),
    )
    scope = _scope_field()
    forms = _form_field()

    def clean_key_name(self) -> str:
        name = str(self.cleaned_data["key_name"])
        try:
            check_key_name(name)
        except ReservedKeyName as fault:
            wrong = _("The desk's own keys are called so. Choose another name.")
            raise forms.ValidationError(wrong) from fault
        except BadKeyName as fault:
            wrong = _("Small letters, digits and hyphens only.")
            raise forms.ValidationError(wrong) from fault
        return name


class GrantForm(forms.Form):
    """Forms and scope of a recipient that is there."""

    scope = _scope_field()
    forms = _form_field()


def _addresses(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.Textarea(_LINES)
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=2000, widget=widget
    )


class AddressForm(forms.Form):
    """Where a recipient's resolvers are, and the host of its stop page."""

    notify = _addresses(
        lazy("Told of changes (NOTIFY)"),
        lazy("Addresses with port, one a line: 192.0.2.1:53 or [2001:db8::1]:53"),
    )
    resolvers = _addresses(
        lazy("Resolvers that are probed"),
        lazy(
            "As above. The desk asks them whether they block, so they have to let its address ask. "
            "Without them nobody knows whether the provider blocks."
        ),
    )
    stop_page = forms.CharField(
        label=lazy("Host of its stop page"),
        help_text=lazy("Its address has to be its own: no other site may be there."),
        required=False,
        max_length=253,
        widget=forms.TextInput(_CONTROL),
    )

    def clean_notify(self) -> list[str]:
        return _read(self.cleaned_data["notify"])

    def clean_resolvers(self) -> list[str]:
        return _read(self.cleaned_data["resolvers"])

    def clean_stop_page(self) -> str:
        text = str(self.cleaned_data["stop_page"])
        try:
            return read_name(text).name if text else ""
        except BadName as fault:
            raise forms.ValidationError(_("This is no name of a host.")) from fault


def _read(text: str) -> list[str]:
    try:
        return read_addresses(text)
    except BadAddress as fault:
        wrong = _("“%(text)s” is no address with a port.") % {"text": str(fault)[:60]}
        raise forms.ValidationError(wrong) from fault


class PlaceForm(forms.Form):
    """What the snippets cannot know: where the primary is reached, and the stop page's addresses."""

    primary = forms.CharField(
        label=lazy("Primary, as the provider reaches it"), widget=forms.TextInput(_CONTROL)
    )
    stop_v4 = forms.GenericIPAddressField(
        protocol="IPv4",
        label=lazy("Stop page, IPv4"),
        required=False,
        widget=forms.TextInput(_CONTROL),
    )
    stop_v6 = forms.GenericIPAddressField(
        protocol="IPv6",
        label=lazy("Stop page, IPv6"),
        required=False,
        widget=forms.TextInput(_CONTROL),
    )

    def clean_primary(self) -> str:
        text = str(self.cleaned_data["primary"])
        try:
            return read_address(text)
        except BadAddress as fault:
            wrong = _("“%(text)s” is no address with a port.") % {"text": text[:60]}
            raise forms.ValidationError(wrong) from fault


class LeakForm(forms.Form):
    """A file that was found somewhere; `missing` says why none came."""

    file = forms.FileField(
        label=lazy("The file that was found"),
        help_text=lazy("Text of whatever form, also as zip or gzip. It is read and not kept."),
        widget=forms.ClearableFileInput({"class": "form-control"}),
    )

    def __init__(self, data: Any = None, files: Any = None, *, missing: str = "") -> None:
        super().__init__(data, files)
        if missing:
            self.fields["file"].error_messages["required"] = missing
