"""Remembers who has opened which bundle, for the unread marks."""

from datetime import datetime

from breakwater.people.models import User
from breakwater.reports.models import Bundle, Seen


def mark_seen(bundle: Bundle, user: User, *, at: datetime) -> None:
    Seen.objects.update_or_create(user=user, bundle=bundle, defaults={"at": at})
