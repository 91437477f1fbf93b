"""Asks the table of rights for the signed-in person, for views and templates."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from breakwater.people import rules
from breakwater.people.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def user_may(user: User | AnonymousUser, action: str) -> bool:
    """Whether this person may do this; nobody without an agency may do anything."""
    if not isinstance(user, User) or not user.is_active or user.agency is None:
        return False
    is_guest = user.agency.country != settings.DESK_COUNTRY
    return rules.may(user.role, user.agency.kind, action, is_guest=is_guest)


def sees_only_shared(user: User) -> bool:
    return rules.only_shared(user.role)


def signed_in(request: HttpRequest) -> User:
    """The person behind a request that passed `needs`."""
    return cast(User, request.user)


def needs(action: str) -> Callable[[View[P]], View[P]]:
    """Let only those through who may do `action`: others sign in first or get a 403 page."""
    if action not in rules.ACTIONS:
        raise ValueError(f"{action} is not in the table of rights")

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not user_may(request.user, action):
                raise PermissionDenied(action)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def rights(request: HttpRequest) -> dict[str, object]:
    """For templates: `may.queue_see` and so on."""
    user = getattr(request, "user", None) or AnonymousUser()
    return {"may": {action.replace(".", "_"): user_may(user, action) for action in rules.ACTIONS}}
