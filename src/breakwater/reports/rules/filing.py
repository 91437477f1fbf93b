"""When an unfinished filing expires, and what may still be done to a filing."""

from datetime import datetime, timedelta

AFTER_OPENING = timedelta(hours=24)
AFTER_CHANGE = timedelta(hours=1)


def expires_at(*, opened_at: datetime, modified_at: datetime) -> datetime:
    """Say when an unfinished filing is deleted: the later of the two (API section 3)."""
    return max(opened_at + AFTER_OPENING, modified_at + AFTER_CHANGE)
