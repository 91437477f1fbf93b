"""Brings views of the primary to what is published: those that take changes side by side.

A primary takes 20 to 40 ms to keep one view's change; a country has dozens of providers. Nobody waits
for the provider before it, and nobody whose view can take changes for one that is written whole.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from breakwater.worstof.models import Recipient
from breakwater.worstof.primary import views
from breakwater.worstof.primary.configuration import Place
from breakwater.worstof.primary.server import Bind, ZoneRefused
from breakwater.worstof.primary.views import Held, Published
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.zone_manifest import ZoneManifest

_AT_ONCE = 16
_OTHER_NAMES = "The names kept are not those of the last publication. The last good zone stays."


@dataclass(frozen=True, slots=True)
class Change:
    """What one message does to a recipient's view."""

    recipient: Recipient
    names: Sequence[str]
    present: set[str]
    manifest: ZoneManifest


def bring(
    place: Place,
    bind: Bind,
    recipients: Sequence[Recipient],
    held: dict[str, Held],
    published: Published,
) -> str:
    """Bring their views to what is published; say why one stays at what it has, "" if none does.

    `held` tells what each view has, and is kept true.

    Raises:
        PrimaryFailed, ZoneRefused, OSError, django.db.Error: of one of them; the others have
            what is published.
    """
    serial = published.publication.serial
    ahead = [r for r in recipients if held[r.key_name].serial > serial]
    changes, whole = _changes(
        [r for r in recipients if r not in ahead], held, published, place.zone
    )
    failures = _send(place, changes, held)
    problem = "" if not whole or zone.is_whole() else _OTHER_NAMES
    if not problem:
        failures += _write_whole(bind, place, whole, held, published)
    if failures:
        raise failures[0]
    if ahead:
        most = max(held[r.key_name].serial for r in ahead)
        problem = (
            f"The primary has serial {most}, the desk {serial}: the database was restored from an "
            "older copy. The last good zone stays."
        )
    return problem


def _changes(
    recipients: Sequence[Recipient], held: dict[str, Held], published: Published, name: str
) -> tuple[list[Change], list[Recipient]]:
    """What is to be sent to whom, and those whose view has to be written whole."""
    changes, whole = [], []
    since = {held[r.key_name].serial: Since(held[r.key_name].serial) for r in recipients}
    for recipient in recipients:
        has = held[recipient.key_name]
        if not has.root or not since[has.serial].fits:
            whole.append(recipient)
            continue
        present = since[has.serial].present(recipient)
        manifest = views.wanted(recipient, published, name)
        changes.append(Change(recipient, since[has.serial].names, present, manifest))
    return changes, whole


class Since:
    """What publications after a serial changed; asked once for all who have that serial."""

    def __init__(self, serial: int) -> None:
        is_accepted = zone.is_accepted_since(serial)
        self.names = [] if is_accepted else zone.changed_since(serial)
        self.fits = not is_accepted and views.fits(self.names)
        self._kept = zone.kept(self.names) if self.fits else {}

    def present(self, recipient: Recipient) -> set[str]:
        """Those of the names that the recipient has afterwards, and its canaries."""
        is_all = recipient.scope != Recipient.Scope.INTERNATIONAL
        kept = {name for name, is_national in self._kept.items() if is_all or not is_national}
        return kept | set(recipient.canaries)


def _send(place: Place, changes: Sequence[Change], held: dict[str, Held]) -> list[Exception]:
    """Send each change, and tell the recipient at once. What failed, for whom it did."""

    def send(change: Change) -> None:
        recipient = change.recipient
        views.update(place, recipient.key_name, change.names, change.present, change.manifest)
        views.tell_at_once(place, recipient)

    if not changes:
        return []
    with ThreadPoolExecutor(_AT_ONCE) as several:
        sent = [(change, several.submit(send, change)) for change in changes]
    failures: list[Exception] = []
    for change, future in sent:
        try:
            future.result()
        except Exception as problem:  # noqa: BLE001 – the first is raised once the others have theirs
            failures.append(problem)
        else:
            held[change.recipient.key_name] = _held(change.manifest)
    return failures


def _write_whole(
    bind: Bind,
    place: Place,
    recipients: Sequence[Recipient],
    held: dict[str, Held],
    published: Published,
) -> list[Exception]:
    """Put the whole zone under each of these views. What failed, for whom it did."""
    failures: list[Exception] = []
    for recipient in recipients:
        manifest = views.wanted(recipient, published, place.zone)
        try:
            views.rewrite(bind, recipient, manifest)
        except (ZoneRefused, OSError) as problem:
            failures.append(problem)
            continue
        held[recipient.key_name] = _held(manifest)
        views.tell_at_once(place, recipient)
    return failures


def _held(manifest: ZoneManifest) -> Held:
    return Held(manifest.serial, manifest.root)
