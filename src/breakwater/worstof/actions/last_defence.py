"""Looks at every name once more when it is about to be published, wherever its row came from."""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from breakwater.custody.actions import record
from breakwater.worstof.models import ZoneChange, ZoneName
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.brake import SIGNATURES
from breakwater.worstof.rules.folding import with_parents

NEVER_BLOCK = "never-block"
_read: tuple[tuple[int, int], frozenset[str]] | None = None


def never_block_path() -> Path:
    return Path(settings.CONFIG.data_dir) / "worstof" / "never-block.txt"


def never_block() -> list[str]:
    """The operator's names that must always resolve, one a line; `#` begins a remark."""
    try:
        lines = never_block_path().read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    bare = (line.partition("#")[0].strip().lower().rstrip(".") for line in lines)
    return [line for line in bare if line.isascii() and line]


def never_blocked() -> frozenset[str]:
    """Names whose block would hit one of `never_block`: those names, and all above them."""
    global _read
    try:
        found = never_block_path().stat()
    except FileNotFoundError:
        return frozenset()
    mark = (found.st_mtime_ns, found.st_size)
    if _read is None or _read[0] != mark:
        _read = (mark, frozenset(with_parents(never_block())))
    return _read[1]


def names_to_drop() -> list[str]:
    """Names of the zone that the operator has meanwhile put among those never to block."""
    return list(zone.kept(sorted(never_blocked())))


def drop_never_block(*, at: datetime) -> None:
    """Have them leave the zone, as a change of its own."""
    ZoneChange.objects.bulk_create(
        ZoneChange(name=name, adds=False, decided_at=at) for name in names_to_drop()
    )


def refuse(changes: Sequence[ZoneChange], *, at: datetime) -> list[ZoneChange]:
    """Mark the names that must not be published with the reason, and give the others.

    Call it in the publisher's transaction.
    """
    passed = []
    for change in changes:
        change.refused = reason_against(change) if change.adds else ""
        if not change.refused:
            passed.append(change)
            continue
        ZoneChange.objects.filter(pk=change.pk).update(refused=change.refused)
        detail = {"reason": change.refused, "entry": change.entry_id}
        target = f"change {change.pk}"
        record("worstof.change.refused", actor="publisher", at=at, target=target, detail=detail)
    return passed


def read_tables() -> None:
    """Read what the guards know, so that the first name to be published does not wait for it."""
    reason_against(ZoneChange(name="nothing.invalid", adds=True))


def reason_against(change: ZoneChange) -> str:
    """Why this name must not be added: "never-block", "guard:<key>"; or ""."""
    if change.name in never_blocked():
        return NEVER_BLOCK
    # The guards' own module is asked by name, so that deleting it deletes the feature alone.
    if not find_spec("breakwater.worstof.rules.guards"):
        return ""
    guards = import_module("breakwater.worstof.rules.guards")
    known = import_module("breakwater.worstof.queries.known_names").known()
    hits = guards.guards_for(change.name, known)
    for guard in hits:
        if guard.refuses:
            return f"guard:{guard.key}"
    return f"guard:{hits[0].key}" if hits and not _was_signed(change) else ""


def _was_signed(change: ZoneChange) -> bool:
    entry = change.entry
    signers = entry.signatures.values("by").distinct().count() if entry else 0
    return signers >= SIGNATURES


def zone_is_clean() -> bool:
    """Whether no name of the zone would block one that must never be blocked."""
    return not ZoneName.objects.filter(name__in=never_blocked()).exists()
