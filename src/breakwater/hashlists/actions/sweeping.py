"""Removes files of hashes that no import needs any more: a kill, or a failure, leaves them behind."""

from datetime import datetime, timedelta

from breakwater.hashlists.actions import importing, receiving
from breakwater.hashlists.models import ListChange

# A file comes before the row that names it.
UNNAMED_FOR = timedelta(days=1)
# So long a person can look at what could not be read.
FAILED_FOR = timedelta(days=7)


def sweep_files(at: datetime) -> None:
    """Remove what stands of changes that are done, failed some days ago, or never came to be."""
    State = ListChange.State
    changes = ListChange.objects.exclude(file="")
    named = set(changes.values_list("file", flat=True))
    over = set(changes.filter(state=State.DONE).values_list("file", flat=True))
    # Its next try was never to be: it tells when the last one failed.
    failed = changes.filter(state=State.FAILED, next_try_at__lt=at - FAILED_FOR)
    over |= set(failed.values_list("file", flat=True))
    for path in [
        p for end in ("part", "runs", "lock") for p in receiving.folder().glob(f"*.{end}")
    ]:
        part = path.with_suffix(".part")
        try:
            is_old = at.timestamp() - path.stat().st_mtime > UNNAMED_FOR.total_seconds()
        except FileNotFoundError:  # its import ended meanwhile
            continue
        if part.name in over or (is_old and part.name not in named):
            importing.remove(part)
