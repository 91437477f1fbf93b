"""Ends sessions that are over, insists on a password of one's own, applies preferences."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import resolve
from django.urls.exceptions import Resolver404
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from breakwater.people import sessions
from breakwater.people.models import User

GetResponse = Callable[[HttpRequest], HttpResponse]
# What somebody with a handed-out password can reach before choosing their own.
_BEFORE_OWN_PASSWORD = {"password", "sign-out", "language", "help"}


class PreferencesMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            if user.language:
                translation.activate(user.language)
                request.LANGUAGE_CODE = user.language
            if user.time_zone:
                timezone.activate(ZoneInfo(user.time_zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


class SessionMiddleware:
    """Stands after the message middleware, because it says why it sends somebody away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.get_response(request)
        return self._checked(request, request.user) or self.get_response(request)

    def _checked(self, request: HttpRequest, user: User) -> HttpResponseBase | None:
        if sessions.end_if_over(request, user, at=timezone.now()):
            messages.info(request, _("You were signed out because the session was over."))
            # A form that was sent is lost; the page it stood on is where to start again.
            here = request.get_full_path() if request.method == "GET" else "/"
            return redirect_to_login(here)
        if user.first_password_until and _name(request) not in _BEFORE_OWN_PASSWORD:
            return redirect("password")
        return None


def _name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
