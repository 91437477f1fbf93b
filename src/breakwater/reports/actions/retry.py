"""Gives originals that could not be read another chance, after a repair of reader or rules."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import Actor
from breakwater.custody.actions import record as audit
from breakwater.reports.models import Original


def retry(*, by: Actor | str, at: datetime, originals: Iterable[int] | None = None) -> int:
    """Let stuck originals wait again, all of them or those with these ids; say how many."""
    with transaction.atomic():
        stuck = Original.objects.filter(state=Original.State.STUCK)
        if originals is not None:
            stuck = stuck.filter(pk__in=list(originals))
        count = stuck.update(state=Original.State.WAITING, tries=0, next_try_at=None, last_error="")
        if count:
            audit("reports.originals.retried", actor=by, detail={"originals": count}, at=at)
    return count
