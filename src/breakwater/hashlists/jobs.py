"""What the worker runs for this room."""

from collections.abc import Callable
from datetime import datetime

from breakwater.hashlists import index
from breakwater.hashlists.actions import pulling
from breakwater.hashlists.actions.importing import work
from breakwater.hashlists.actions.lists import follow_validity


def import_lists(at: datetime) -> bool:
    return work(at)


def pull_lists(at: datetime) -> bool:
    return pulling.work(at)


def update_index(at: datetime) -> bool:
    return index.update()


def follow_days(at: datetime) -> bool:
    return follow_validity(at)


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("hashlists.import", import_lists),
    ("hashlists.pull", pull_lists),
    ("hashlists.validity", follow_days),
    ("hashlists.index", update_index),
]
