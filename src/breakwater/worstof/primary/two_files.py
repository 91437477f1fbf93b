"""The files that a resolver reads: one with the whole list, and a small one with what came lately.

When a file changes, Knot Resolver 5.6 reads all of it and answers nobody meanwhile: 0.5 to 1.2 s
at 100,000 names. A small file costs nothing, so names enter through it. A name that leaves has the
whole list written anew, because Knot answers SERVFAIL where a policy zone makes an exception.
"""

from dataclasses import dataclass, field
from pathlib import Path

from breakwater.worstof.primary import zone_file
from breakwater.worstof.primary.copy import Copy, difference

# Names in the small file before the whole list takes them in.
MOST = 500
# Seconds that names stay in the small file beside the whole list, which is still being read.
BESIDE = 60.0


@dataclass
class Files:
    """Written so that at any moment one file or the other holds every name listed."""

    zone: str
    path: Path
    recent: Path | None = None  # without it, `path` is written at every change
    whole: Copy = field(default_factory=Copy)  # what `path` holds
    late: set[str] = field(default_factory=set)  # what `recent` holds
    written_at: float = 0.0  # when `path` was written

    def write(self, found: Copy, now: float) -> None:
        """Bring the files to this copy; `now` is in seconds of any clock that only goes forward.

        Raises:
            OSError: a file was not written; write again.
        """
        if self.recent is None:
            self._write_whole(found, now)
            return
        came, left = difference(self.whole, found)
        is_first = not self.whole.serial
        must = is_first or bool(left) or len(came) > MOST
        beside = _names_of(self.recent) if is_first else self.late
        if not must and now - self.written_at > BESIDE:
            beside = set()
        late = {name for name in beside if found.lists(name)}
        self._write_recent(found, late | came if len(came) <= MOST else late)
        if must:
            self._write_whole(found, now)

    def _write_recent(self, found: Copy, late: set[str]) -> None:
        if self.recent is None or (late == self.late and self.whole.serial):
            return
        text = zone_file.records(sorted(late))
        zone_file.write_whole(self.recent, [*_head(self.zone, found), text])
        self.late = late

    def _write_whole(self, found: Copy, now: float) -> None:
        zone_file.write_whole(self.path, [*_head(self.zone, found), *found.texts.values()])
        self.whole, self.written_at = found, now


def _head(zone: str, found: Copy) -> list[str]:
    return list(zone_file.lines(zone, found.serial, found.record or ["none"], ()))


def _names_of(path: Path) -> set[str]:
    """What an earlier run left in the small file: a resolver may rely on it."""
    try:
        lines = path.read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return set()
    owners = (line.removesuffix(" CNAME .") for line in lines if line.endswith(" CNAME ."))
    return {owner for owner in owners if not owner.startswith("*.")}
