"""Reads of the desk's own work: what waits, what failed, whether the worker is alive."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from breakwater.reports.import_queries import stuck_originals
from breakwater.reports.models import Filing, Job, Original

HEARTBEAT = "worker"
SILENT_FOR = timedelta(seconds=60)
STUCK_SHOWN = 100
COUNT_UP_TO = 100_000


@dataclass(frozen=True, slots=True)
class Work:
    beat: datetime | None
    is_alive: bool
    waiting: int
    stuck: list[Original]
    stuck_count: int
    open_filings: int
    jobs: list[Job]

    @property
    def failing(self) -> int:
        return sum(1 for job in self.jobs if job.last_error)


def work(now: datetime) -> Work:
    beat = Job.objects.filter(name=HEARTBEAT).values_list("last_run_at", flat=True).first()
    waiting = Original.objects.filter(state=Original.State.WAITING).values("pk")[:COUNT_UP_TO]
    stuck = stuck_originals()
    return Work(
        beat=beat,
        is_alive=beat is not None and now - beat < SILENT_FOR,
        waiting=waiting.count(),
        stuck=list(stuck[:STUCK_SHOWN]),
        stuck_count=stuck.count(),
        open_filings=Filing.objects.filter(state=Filing.State.OPEN).count(),
        jobs=list(Job.objects.exclude(name=HEARTBEAT).order_by("name")),
    )
