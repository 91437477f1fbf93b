"""Gives originals that could not be read another chance, after a repair of reader or rules."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import Actor
from breakwater.custody.actions import record as audit
from breakwater.reports.models import Job, Original


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


def run_now(job: str, *, by: Actor | str, at: datetime) -> bool:
    """Give a failed job its next turn at once instead of after its rest; say if there is such a job."""
    with transaction.atomic():
        found = bool(Job.objects.filter(name=job, tries__gt=0).update(next_run_at=at))
        if found:
            audit("reports.job.retried", actor=by, target=job, at=at)
    return found
