"""Pages for the administrator: the keys that providers use at the door."""

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from breakwater.people.access import needs, signed_in
from breakwater.reports.actions.accounts import NameTaken, create_account, set_active
from breakwater.reports.models import ProviderAccount

_CONTROL = {"class": "form-control"}
# HTTP Basic splits at the first colon, so a user name has none.
_USERNAME = RegexValidator(
    r"^[A-Za-z0-9._-]+$", gettext_lazy("Use letters, digits, dots, hyphens and underscores.")
)


class AccountForm(forms.Form):
    provider_name = forms.CharField(
        label=gettext_lazy("Name of the provider, as its reports give it"),
        max_length=255,
        widget=forms.TextInput(_CONTROL),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=80,
        validators=[_USERNAME],
        widget=forms.TextInput(_CONTROL | {"autocomplete": "off"}),
    )


@never_cache
@require_http_methods(["GET", "POST"])
@needs("people.manage")
def accounts(request: HttpRequest) -> HttpResponseBase:
    form = AccountForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    try:
        account, secret = create_account(
            **form.cleaned_data, by=signed_in(request), at=timezone.now()
        )
    except NameTaken:
        form.add_error("username", _("An account of this user name exists."))
        return _page(request, form)
    # Shown in the answer itself: it is kept nowhere that a redirect could read.
    return _page(request, AccountForm(), account=account, secret=secret)


def _page(
    request: HttpRequest,
    form: AccountForm,
    *,
    account: ProviderAccount | None = None,
    secret: str = "",
) -> HttpResponse:
    listed = list(ProviderAccount.objects.select_related("provider").order_by("username"))
    context = {
        "room": "accounts",
        "form": form,
        "accounts": listed,
        "active": sum(a.is_active for a in listed),
        "account": account,
        "secret": secret,
    }
    return render(request, "reports/accounts.html", context)


@require_POST
@needs("people.manage")
def account_active(request: HttpRequest, pk: int) -> HttpResponseBase:
    account = get_object_or_404(ProviderAccount, pk=pk)
    active = request.POST.get("active") == "yes"
    set_active(account, active, by=signed_in(request), at=timezone.now())
    done = _("The account is open again.") if active else _("The account is closed.")
    messages.success(request, done)
    return redirect("accounts")
