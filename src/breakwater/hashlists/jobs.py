"""What the worker runs for this room."""

from collections.abc import Callable
from datetime import datetime

from breakwater.hashlists import index
from breakwater.hashlists.actions import pulling
from breakwater.hashlists.actions.importing import work


def import_lists(at: datetime) -> bool:
    return work(at)


def pull_lists(at: datetime) -> bool:
    return pulling.work(at)


def update_index(at: datetime) -> bool:
    return index.update()


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("hashlists.import", import_lists),
    ("hashlists.pull", pull_lists),
    ("hashlists.index", update_index),
]
