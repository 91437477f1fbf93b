"""Traces a leaked copy of the list: who asked, of which file, and what came of it, is logged."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.people.models import User
from breakwater.worstof.queries.canaries import Trace, trace


def trace_leak(pieces: Iterable[bytes], *, sha256: str, by: User | str, at: datetime) -> Trace:
    """Say whose copies a file was made of; the log keeps counts and key names, no listed name.

    `pieces` is the open file, `sha256` that of its bytes.
    """
    found = trace(pieces)
    counts = {row.recipient.key_name: len(row.canaries) for row in found.found}
    detail = {"names": found.names, "listed": found.listed, "canaries": counts}
    with transaction.atomic():
        record("worstof.list.traced", actor=by, at=at, target=f"sha256 {sha256}", detail=detail)
    return found
