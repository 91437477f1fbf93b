"""From which addresses recipients took the zone."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from breakwater.worstof.models import Recipient, TransferSource

SHOWN = 10
LATELY = timedelta(days=7)


def sources_of(recipient: Recipient) -> list[TransferSource]:
    """The addresses that transferred last, the newest first."""
    return list(recipient.sources.order_by("-last_at")[:SHOWN])


def new_sources(*, at: datetime) -> list[TransferSource]:
    """Addresses of the last days, of recipients that had transferred from another one before."""
    same = TransferSource.objects.filter(recipient=OuterRef("recipient"))
    before = same.filter(first_at__lt=OuterRef("first_at"))
    rows = TransferSource.objects.filter(Exists(before), first_at__gt=at - LATELY)
    return list(rows.filter(recipient__closed_at=None).select_related("recipient").order_by("pk"))
