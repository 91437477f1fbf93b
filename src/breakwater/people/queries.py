"""Reads of people: the administrator's lists, and whose key this is."""

from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from breakwater.people.actions import key_digest
from breakwater.people.models import Agency, ApiToken, User

_USE_NOTED_EVERY = timedelta(minutes=5)


def agencies() -> QuerySet[Agency]:
    active = Count("users", filter=Q(users__is_active=True))
    return Agency.objects.annotate(people=active).order_by("name")


def people() -> QuerySet[User]:
    return User.objects.select_related("agency").order_by("-is_active", "username")


def user_for_key(key: str, at: datetime) -> User | None:
    """Give the active person whose unexpired key this is, if any, and note its use."""
    tokens = ApiToken.objects.select_related("user__agency")
    token = tokens.filter(digest=key_digest(key), expires_at__gt=at, user__is_active=True).first()
    if token is None or token.user.first_password_until:
        return None
    if token.last_used_at is None or at - token.last_used_at > _USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token.user
