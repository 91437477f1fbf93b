"""A clock that starts where its caller says, for work that takes longer than a moment."""

import time
from datetime import datetime, timedelta

STEP = 5  # seconds


class Clock:
    """Goes on from `at` in whole steps: what is done at once has one time, and tests know it."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._begun = time.monotonic()

    def now(self) -> datetime:
        passed = int(time.monotonic() - self._begun)
        return self._at + timedelta(seconds=passed - passed % STEP)
