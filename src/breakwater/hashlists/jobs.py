"""What the worker runs for this room."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from breakwater.hashlists import index
from breakwater.hashlists.actions import pulling
from breakwater.hashlists.actions.importing import work
from breakwater.hashlists.actions.lists import follow_validity


def import_lists(at: datetime) -> bool:
    return work(at)


def pull_lists(at: datetime) -> bool:
    return pulling.work(at)


@dataclass(slots=True)
class _Upkeep:
    """When this worker last read every byte of the index: the first time it looks, then hourly."""

    verified_at: datetime | None = None

    def is_due(self, at: datetime) -> bool:
        if self.verified_at is not None and at - self.verified_at < VERIFY_EVERY:
            return False
        self.verified_at = at
        return True


VERIFY_EVERY = timedelta(hours=1)
_upkeep = _Upkeep()


def update_index(at: datetime) -> bool:
    return index.update(verify=_upkeep.is_due(at))


def follow_days(at: datetime) -> bool:
    return follow_validity(at)


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("hashlists.import", import_lists),
    ("hashlists.pull", pull_lists),
    ("hashlists.validity", follow_days),
    ("hashlists.index", update_index),
]
# A file of gigabytes, and a server that answers slowly, keep nothing else waiting.
LONG = ("hashlists.import", "hashlists.pull")
