"""What the worker runs for this room."""

from collections.abc import Callable
from datetime import datetime

from breakwater.worstof.actions import transparency
from breakwater.worstof.actions.life import move_clocks


def sign_log(at: datetime) -> bool:
    return transparency.sign_when_due(at)


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("worstof.log", sign_log),
    ("worstof.clocks", move_clocks),
]
