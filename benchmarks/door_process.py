"""The door as a process of its own; imports nothing of Django before it is set up."""

from datetime import UTC, datetime
from typing import Any


def accept_all(count: int, ready: Any, go: Any) -> None:
    """Make `count` documents, say so, and accept them durably once told to go."""
    import django

    django.setup()
    from benchmarks.pipeline import documents, sets
    from breakwater.reports.actions.accept import accept_originals
    from breakwater.reports.models import Delivery

    made, at = documents(count), datetime.now(UTC)
    delivery = Delivery.objects.create(
        door="police", name="bench", sent_by="bench", received_at=at, state=Delivery.State.RECEIVED
    )
    ready.set()
    go.wait()
    for part in sets(made):
        accept_originals(part, delivery=delivery, at=at)
