"""What the worker runs for this room."""

from collections.abc import Callable
from datetime import datetime

from breakwater.worstof.actions import (
    importing,
    living,
    probing,
    publishing,
    transparency,
    weighing,
)
from breakwater.worstof.actions.life import look_at_new_tables, move_clocks
from breakwater.worstof.primary.serving import is_served
from breakwater.worstof.queries import zone


def sign_log(at: datetime) -> bool:
    return transparency.sign_when_due(at)


def publish(at: datetime) -> bool:
    """Publish what was decided when no `worstof serve` runs, which does so within a second.

    If that tried every name to add before, they wait for it, and removals do not.
    """
    if is_served(at):
        return False
    living.live_on(living.read)
    check = publishing.without_check if zone.state().needs_check else None
    return publishing.publish_waiting(at, check=check, steady=living.read) is not None


JOBS: list[tuple[str, Callable[[datetime], bool]]] = [
    ("worstof.log", sign_log),
    ("worstof.clocks", move_clocks),
    ("worstof.guards", look_at_new_tables),
    ("worstof.weights", weighing.count_reports),
    ("worstof.files", importing.work),
    ("worstof.publish", publish),
    ("worstof.probe", probing.work),
]
