"""Keeps how long the publisher has lived, see `rules.steady`."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path

from breakwater.worstof.models import PublisherState
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.steady import Reading, lived

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# What was lived since is lost when the machine goes down, and not written down ten times a second.
KEEP_AFTER = 10.0
Steady = Callable[[], Reading]
_PROCESS = str(uuid.uuid4())


def read() -> Reading:
    """The machine's steady clock; where its starts have no name, that of this process alone."""
    try:
        boot = BOOT_ID.read_text("ascii").strip()
    except OSError:
        return Reading(_PROCESS, time.monotonic())
    return Reading(boot, time.clock_gettime(time.CLOCK_BOOTTIME))


def live_on(steady: Steady) -> float:
    """Keep that time went by; give the seconds lived until now.

    Two that do so at once keep a whole pair each, and read the clock after what the other kept: so no
    second counts twice.
    """
    state = zone.state()
    now = steady()
    last = Reading(state.boot, state.boot_seconds)
    seconds = lived(state.lived, last, now)
    if now.boot != last.boot or abs(now.seconds - last.seconds) >= KEEP_AFTER:
        kept = {"lived": seconds, "boot": now.boot, "boot_seconds": now.seconds}
        PublisherState.objects.update_or_create(pk=1, defaults=kept)
    return seconds
