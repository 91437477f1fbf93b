"""The public appeal: a form without an account, a code shown once, and a page that it opens."""

import time
from collections.abc import Mapping
from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from breakwater.people.client_address import client_address
from breakwater.worstof.actions import appeals
from breakwater.worstof.models import Appeal
from breakwater.worstof.queries.stop_texts import shown_texts
from breakwater.worstof.rules.fairness import Fairness, Limits

_sent = Fairness(Limits(narrow=6, wide=24, everybody=600, window=3600))
_asked = Fairness(Limits(narrow=60, wide=240, everybody=6000, window=600))
_CONTROL = {"class": "form-control"}


class AppealForm(forms.Form):
    # However long: addresses are pasted, and every appeal is taken in.
    domain = forms.CharField(label=gettext_lazy("Blocked domain"), widget=forms.TextInput(_CONTROL))
    grounds = forms.CharField(
        label=gettext_lazy("Why it should not be blocked"),
        max_length=4000,
        widget=forms.Textarea(_CONTROL | {"rows": 6}),
    )
    contact = forms.CharField(
        label=gettext_lazy("How to reach you, if you wish"),
        help_text=gettext_lazy("You need not say who you are; the code is enough."),
        max_length=200,
        required=False,
        widget=forms.TextInput(_CONTROL),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Receipt code"),
        max_length=60,
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
    )


def _is_too_much(request: HttpRequest, fairness: Fairness) -> bool:
    return not fairness.let_through(client_address(request), time.monotonic())


def _page(request: HttpRequest, status: int = 200, **context: object) -> HttpResponse:
    other_ways = shown_texts().contacts_in(_language(), "appeal")
    forms_empty = {"form": AppealForm(), "code_form": CodeForm(), "other_ways": other_ways}
    shown: Mapping[str, object] = forms_empty | context
    return render(request, "worstof/appeal.html", shown, status=status)


def _language() -> str:
    return (translation.get_language() or "en")[:5]


def _refused(request: HttpRequest, **forms_given: forms.Form) -> HttpResponse:
    problem = _("Too many at the moment. Nothing was sent; please try again in an hour.")
    return _page(request, 429, problem=problem, **forms_given)


@never_cache
@require_http_methods(["GET", "POST"])
def appeal(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request)
    form = AppealForm(request.POST)
    if not form.is_valid():
        return _page(request, 400, form=form)
    if _is_too_much(request, _sent):
        return _refused(request, form=form)
    said = form.cleaned_data
    received, code = appeals.receive(
        said["domain"], said["grounds"], contact=said["contact"],
        language=_language(), at=timezone.now(),
        within=timedelta(days=shown_texts().appeal_days),
    )  # fmt: skip
    return _page(request, code=code, due_at=received.due_at)


@never_cache
@require_http_methods(["POST"])
def status(request: HttpRequest) -> HttpResponseBase:
    """What became of an appeal; the code is sent in the body, so that no address holds it."""
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, 400, code_form=form)
    if _is_too_much(request, _asked):
        return _refused(request, code_form=form)
    found = appeals.find(form.cleaned_data["code"])
    if found is None:
        form.add_error("code", _("No appeal has this code. Look for letters that were misread."))
        return _page(request, 404, code_form=form)
    parts = list(found.parts.order_by("pk"))
    return _page(
        request,
        found=found,
        answered=[x for x in parts if x.state != Appeal.State.OPEN],
        waits_for_others=any(x.state == Appeal.State.OPEN for x in parts),
    )
