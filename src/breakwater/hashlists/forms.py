"""What people type about hash lists: their terms, a file, its columns, hashes to look up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from breakwater.formats.hash_table import TARGETS
from breakwater.hashlists import scales, texts
from breakwater.hashlists.models import Direction, Handling

_CONTROL = {"class": "form-control"}
_SELECT = {"class": "form-select"}


def _scheme_choices() -> list[tuple[str, str]]:
    return [(key, texts.scheme(key, known)) for known in [scales.known()] for key in known]


class ListForm(forms.Form):
    """The terms of a new list; its fields are those of `actions.lists.Terms`."""

    name = forms.CharField(
        label=_("Name of the list"), max_length=120, widget=forms.TextInput(_CONTROL)
    )
    source = forms.CharField(
        label=_("Who vouches for it"),
        help_text=_("The clearing house, unit or country that checked these files."),
        max_length=200,
        widget=forms.TextInput(_CONTROL),
    )
    legal_basis = forms.CharField(
        label=_("By what right this desk holds it"),
        help_text=_("The law, agreement or order, with its number."),
        max_length=500,
        widget=forms.TextInput(_CONTROL),
    )
    direction = forms.ChoiceField(
        label=_("What a match does"), choices=Direction.choices, widget=forms.Select(_SELECT)
    )
    scheme = forms.ChoiceField(
        label=_("Grades are in the words of"),
        choices=_scheme_choices,
        initial="own",
        widget=forms.Select(_SELECT),
    )
    handling = forms.ChoiceField(
        label=_("Who may be told of a match"),
        choices=Handling.choices,
        widget=forms.Select(_SELECT),
    )
    conditions = forms.CharField(
        label=_("Conditions, in the source's words"),
        max_length=500,
        required=False,
        widget=forms.Textarea(_CONTROL | {"rows": 2}),
    )
    valid_from = forms.DateField(
        label=_("Valid from"),
        required=False,
        widget=forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=forms.DateInput(_CONTROL | {"type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begin, end = cleaned.get("valid_from"), cleaned.get("valid_until")
        if begin and end and end < begin:
            self.add_error("valid_until", _("The end is before the beginning."))
        return cleaned


class TermsForm(ListForm):
    """The terms of a list that is in use: what a match does and how grades are read stay."""

    direction = None  # type: ignore[assignment]
    scheme = None  # type: ignore[assignment]


class ColumnsForm(forms.Form):
    """One select per column of a file, with what was guessed chosen already."""

    def __init__(
        self,
        columns: Sequence[str],
        guessed: Mapping[str, str],
        data: Any = None,
        *,
        open_ones: Collection[str] = (),
    ) -> None:
        super().__init__(data)
        self.columns = columns
        for number, name in enumerate(columns):
            marked = " is-marked" if name in open_ones else ""
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=name,
                choices=_target_choices,
                required=False,
                initial=guessed.get(name, ""),
                widget=forms.Select({"class": f"form-select form-select-sm{marked}"}),
            )

    def clean(self) -> dict[str, Any]:
        super().clean()
        chosen = [target for target in self.chosen().values() if target != "extra"]
        if not set(chosen) & {*texts.KINDS, "hash", "more_hashes"}:
            raise forms.ValidationError(_("Say which column has the hashes."))
        twice = sorted({t for t in chosen if chosen.count(t) > 1})
        if twice:
            words = ", ".join(texts.word(texts.TARGETS, t) for t in twice)
            raise forms.ValidationError(
                _("Two columns cannot be the same: %(words)s") % {"words": words}
            )
        return self.cleaned_data

    def chosen(self) -> dict[str, str]:
        """Column name -> what it is, without those that are merely kept."""
        found = ((c, self.cleaned_data.get(f"column-{n}", "")) for n, c in enumerate(self.columns))
        return {column: target for column, target in found if target}


def _target_choices() -> Iterable[tuple[str, str | Promise]]:
    return [("", _("Keep as it is")), *((t, texts.TARGETS[t]) for t in TARGETS)]


class LookupForm(forms.Form):
    hashes = forms.CharField(
        label=_("Hashes, one a line"),
        strip=False,
        widget=forms.Textarea(_CONTROL | {"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
    )
    sixty_four = forms.ChoiceField(
        label=_("64 digits are"),
        choices=[
            ("both", _("SHA-256 or PDQ: ask both")),
            ("sha256", "SHA-256"),
            ("pdq", "PDQ"),
        ],
        initial="both",
        required=False,
        widget=forms.Select(_SELECT),
    )
