"""What the worker runs for this room."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from breakwater.hashlists import index
from breakwater.hashlists.actions import pulling
from breakwater.hashlists.actions.importing import work
from breakwater.hashlists.actions.lists import follow_validity
from breakwater.hashlists.actions.sweeping import sweep_files


def import_lists(at: datetime) -> bool:
    return work(at)


def pull_lists(at: datetime) -> bool:
    return pulling.work(at)


@dataclass(slots=True)
class _Upkeep:
    """When this worker last did what it does the first time it looks, and then hourly."""

    done_at: datetime | None = None

    def is_due(self, at: datetime) -> bool:
        if self.done_at is not None and at - self.done_at < UPKEEP_EVERY:
            return False
        self.done_at = at
        return True


UPKEEP_EVERY = timedelta(hours=1)
_verifying, _sweeping = _Upkeep(), _Upkeep()  # of every byte of the index; of files left behind


def update_index(at: datetime) -> bool:
    return index.update(verify=_verifying.is_due(at))


def sweep(at: datetime) -> bool:
    if _sweeping.is_due(at):
        sweep_files(at)
    return False


def follow_days(at: datetime) -> bool:
    return follow_validity(at)


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("hashlists.import", import_lists),
    ("hashlists.pull", pull_lists),
    ("hashlists.validity", follow_days),
    ("hashlists.index", update_index),
    ("hashlists.files", sweep),
]
# A file of gigabytes, and a server that answers slowly, keep nothing else waiting.
LONG = ("hashlists.import", "hashlists.pull")
