"""Opens the read API to a key, and to people who are signed in on the pages."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import HttpBearer

from breakwater.people.access import user_may
from breakwater.people.actions import key_digest
from breakwater.people.models import ApiToken, User

NOTED_EVERY = timedelta(minutes=5)  # last use is written this often, not with every request


class Key(HttpBearer):
    """`Authorization: Bearer <key>`; keys are made on a person's own page."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        now = timezone.now()
        found = ApiToken.objects.select_related("user__agency")
        entry = found.filter(digest=key_digest(token), expires_at__gt=now).first()
        if entry is None or not user_may(entry.user, "api.read"):
            return None
        if entry.last_used_at is None or now - entry.last_used_at > NOTED_EVERY:
            ApiToken.objects.filter(pk=entry.pk).update(last_used_at=now)
        return entry.user


def session(request: HttpRequest) -> User | None:
    """Somebody who is signed in on the pages reads without a key; the API only reads."""
    user = request.user
    return user if isinstance(user, User) and user_may(user, "api.read") else None


def reader(request: HttpRequest, action: str) -> User:
    """The person behind a request, if this person may do `action`.

    Raises:
        HttpError: 403.
    """
    user = getattr(request, "auth", None)
    if not isinstance(user, User) or not user_may(user, action):
        raise HttpError(403, "your role does not allow this")
    return user
