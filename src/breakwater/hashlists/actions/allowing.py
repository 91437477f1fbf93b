"""Counts calls of an account in a table, so that all processes of a desk count together."""

from datetime import datetime

from django.db.models import F

from breakwater.hashlists.models import Calls

WINDOW = 60  # seconds


def allow(name: str, limit: int, *, at: datetime) -> float:
    """Count a call of `name`: 0 if it is allowed, or the seconds until the next minute begins.

    At most `limit` calls of one name are allowed in each minute of the clock, whichever processes
    they reach; each call is one statement that counts and asks at once.
    """
    minute, passed = divmod(at.timestamp(), WINDOW)
    if _count(name, int(minute), limit):
        return 0.0
    if not Calls.objects.filter(name=name, minute=int(minute)).exists():
        # The first call of a minute: whoever comes at the same moment makes no second row.
        row = Calls(name=name, minute=int(minute))
        Calls.objects.bulk_create([row], ignore_conflicts=True)
        Calls.objects.filter(name=name, minute__lt=row.minute).delete()
    return 0.0 if _count(name, int(minute), limit) else WINDOW - passed


def _count(name: str, minute: int, limit: int) -> bool:
    open_ones = Calls.objects.filter(name=name, minute=minute, count__lt=limit)
    return bool(open_ones.update(count=F("count") + 1))
