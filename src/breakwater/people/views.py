"""A person's own page, and the administrator's pages of agencies and people."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from breakwater.people import actions, queries
from breakwater.people.access import needs, signed_in, user_may
from breakwater.people.forms import (
    AgencyForm,
    OwnPasswordForm,
    PersonForm,
    PlaceForm,
    PreferencesForm,
    TokenForm,
)
from breakwater.people.models import ApiToken, User


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def me(request: HttpRequest) -> HttpResponseBase:
    form = PreferencesForm(request.POST or None, instance=signed_in(request))
    if request.method == "POST" and form.is_valid():
        actions.set_preferences(form.save(commit=False), at=timezone.now())
        messages.success(request, _("Your settings are kept."))
        return redirect("me")
    return _my_page(request, preferences=form)


def _my_page(
    request: HttpRequest,
    *,
    preferences: PreferencesForm | None = None,
    token: TokenForm | None = None,
    key: str = "",
) -> HttpResponse:
    user = signed_in(request)
    context = {
        "room": "me",
        "preferences": preferences or PreferencesForm(instance=user),
        "token_form": token or TokenForm(),
        "tokens": user.tokens.order_by("-created_at"),
        "can_read": user_may(user, "api.read"),
        "key": key,
        "now": timezone.now(),
    }
    return render(request, "people/me.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def password(request: HttpRequest) -> HttpResponseBase:
    user = signed_in(request)
    form = OwnPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.change_own_password(user, form.cleaned_data["new_password1"], at=timezone.now())
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed."))
        return redirect("me")
    return render(request, "people/password.html", {"room": "me", "form": form})


@never_cache
@require_POST
@needs("api.read")
def make_key(request: HttpRequest) -> HttpResponseBase:
    """Show the new key in the answer itself: it is kept nowhere that a redirect could read."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _my_page(request, token=form)
    name, days = form.cleaned_data["name"], form.cleaned_data["days"]
    _token, key = actions.make_token(signed_in(request), name, days, at=timezone.now())
    return _my_page(request, key=key)


@require_POST
@login_required
def revoke_key(request: HttpRequest, pk: int) -> HttpResponseBase:
    user = signed_in(request)
    actions.revoke_token(get_object_or_404(ApiToken, pk=pk, user=user), by=user, at=timezone.now())
    messages.success(request, _("The key is revoked."))
    return redirect("me")


@require_http_methods(["GET"])
@needs("people.manage")
def people(request: HttpRequest) -> HttpResponseBase:
    return _people_page(request)


def _people_page(
    request: HttpRequest,
    *,
    agency: AgencyForm | None = None,
    person: PersonForm | None = None,
    place: PlaceForm | None = None,
) -> HttpResponse:
    listed = list(queries.people())
    context = {
        "room": "people",
        "people": listed,
        "active": sum(person.is_active for person in listed),
        "agencies": queries.agencies(),
        "agency_form": agency or AgencyForm(prefix="agency"),
        "person_form": person or PersonForm(prefix="person"),
        "place_form": place or PlaceForm(prefix="place"),
    }
    return render(request, "people/people.html", context)


@require_POST
@needs("people.manage")
def add_agency(request: HttpRequest) -> HttpResponseBase:
    form = AgencyForm(request.POST, prefix="agency")
    if form.is_valid():
        try:
            actions.add_agency(**form.cleaned_data, by=signed_in(request), at=timezone.now())
        except actions.NameTaken:
            form.add_error("name", _("An agency of this name exists."))
        else:
            messages.success(request, _("The agency is added."))
            return redirect("people")
    return _people_page(request, agency=form)


@never_cache
@require_POST
@needs("people.manage")
def add_person(request: HttpRequest) -> HttpResponseBase:
    person = PersonForm(request.POST, prefix="person")
    place = PlaceForm(request.POST, prefix="place")
    if not all([person.is_valid(), place.is_valid()]):
        return _people_page(request, person=person, place=place)
    agency, role = place.cleaned_data["agency"], place.cleaned_data["role"]
    by, draft = signed_in(request), person.save(commit=False)
    try:
        added, fresh = actions.add_person(draft, agency, role, by=by, at=timezone.now())
    except actions.NameTaken:
        person.add_error("username", _("A person of this user name exists."))
        return _people_page(request, person=person, place=place)
    return _first_password(request, added, fresh)


def _first_password(request: HttpRequest, person: User, first_password: str) -> HttpResponse:
    """Show it in the answer itself: it is kept nowhere that a redirect could read."""
    context = {"room": "people", "person": person, "first_password": first_password}
    return render(request, "people/first_password.html", context)


@require_http_methods(["GET", "POST"])
@needs("people.manage")
def person(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one person, and change their agency and role."""
    shown = get_object_or_404(queries.people(), pk=pk)
    initial = {"agency": shown.agency_id, "role": shown.role}
    form = PlaceForm(request.POST or None, initial=initial)
    is_self = shown.pk == signed_in(request).pk
    if request.method == "POST" and form.is_valid() and not is_self:
        agency, role = form.cleaned_data["agency"], form.cleaned_data["role"]
        actions.change_place(shown, agency, role, by=signed_in(request), at=timezone.now())
        messages.success(request, _("Agency and role are changed."))
        return redirect("person", pk=pk)
    context = {"room": "people", "person": shown, "form": form, "is_self": is_self}
    return render(request, "people/person.html", context)


@require_POST
@needs("people.manage")
def set_active(request: HttpRequest, pk: int) -> HttpResponseBase:
    shown = get_object_or_404(User, pk=pk)
    active = request.POST.get("active") == "yes"
    try:
        actions.set_active(shown, active, by=signed_in(request), at=timezone.now())
    except actions.NotYourself:
        messages.error(request, _("You cannot close your own account."))
    else:
        done = _("The account is open again.") if active else _("The account is closed.")
        messages.success(request, done)
    return redirect("person", pk=pk)


@never_cache
@require_POST
@needs("people.manage")
def reset_password(request: HttpRequest, pk: int) -> HttpResponseBase:
    shown = get_object_or_404(User, pk=pk)
    try:
        fresh = actions.reset_password(shown, by=signed_in(request), at=timezone.now())
    except actions.NotYourself:
        return redirect("password")
    return _first_password(request, shown, fresh)
