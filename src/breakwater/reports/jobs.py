"""What the worker runs for this room: each takes the time and says whether it did work."""

from collections.abc import Callable
from datetime import datetime

from breakwater.reports.actions.filing import expire_unfinished
from breakwater.reports.actions.rematching import rematch
from breakwater.reports.actions.unpack import unpack_all


def unpack(at: datetime) -> bool:
    return unpack_all(at=at) > 0


def expire_filings(at: datetime) -> bool:
    return expire_unfinished(at) > 0


def meet_lists(at: datetime) -> bool:
    return rematch(at)


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("reports.unpack", unpack),
    ("reports.expire_filings", expire_filings),
    ("reports.rematch", meet_lists),
]
