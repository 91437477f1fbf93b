"""Remembers who has opened which bundle, for the unread marks."""

from datetime import datetime

from breakwater.people.access import user_may
from breakwater.people.models import User
from breakwater.reports.models import Bundle, Seen


def mark_seen(bundle: Bundle, user: User, *, at: datetime) -> None:
    Seen.objects.update_or_create(user=user, bundle=bundle, defaults={"at": at})
    # A new match stays in front of the owner; where there is none, of whoever works the queue.
    owner = bundle.assigned_to_id
    if bundle.matched_at and user_may(user, "bundle.work") and owner in (None, user.pk):
        Bundle.objects.filter(pk=bundle.pk).update(matched_at=None)
