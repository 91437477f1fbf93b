"""The door to the publisher: a decision leaves a row here, in its own transaction."""

from datetime import datetime

from breakwater.worstof.models import Entry, ZoneChange


def queue_change(entry: Entry, *, adds: bool, at: datetime) -> None:
    """Have a name enter or leave what resolvers block; call it in the decision's transaction.

    The publisher takes the rows in order. A decision whose transaction fails leaves no row, so
    nothing is published that was not decided.
    """
    ZoneChange.objects.create(name=entry.name, adds=adds, entry=entry, decided_at=at)
