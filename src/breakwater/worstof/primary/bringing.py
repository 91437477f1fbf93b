"""Brings views of the primary to what is published: those that take changes side by side.

A primary takes 20 to 40 ms to keep one view's change; a country has dozens of providers. Nobody waits
for the provider before it, and nobody whose view can take changes for one that is written whole.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from breakwater.worstof.models import Recipient
from breakwater.worstof.primary import views
from breakwater.worstof.primary.configuration import Place
from breakwater.worstof.primary.rewriting import FAILURES, Rewriting, held_by, said
from breakwater.worstof.primary.views import Change, Held, OtherSerial, Published
from breakwater.worstof.queries import zone
from breakwater.worstof.queries.between import Around
from breakwater.worstof.rules.zone_manifest import ZoneManifest

_AT_ONCE = 16
OTHER_NAMES = "The names kept are not those of the last publication. The last good zone stays."


def bring(
    recipients: Sequence[Recipient],
    held: dict[str, Held],
    published: Published,
    rewriting: Rewriting,
) -> dict[str, str]:
    """Bring their views to what is published; by key name, why a view stays at what it has.

    `held` tells what each view has, and is kept true. A view that BIND still reads neither stays
    nor has it yet.

    Raises:
        django.db.Error: the database failed; views that were brought are in `held`.
    """
    serial, place = published.publication.serial, rewriting.place
    stays = rewriting.look(recipients, held)
    stays |= {
        r.key_name: f"The primary has serial {held[r.key_name].serial}, the desk {serial}: the "
        "database was restored from an older copy. The last good zone stays."
        for r in recipients
        if held[r.key_name].serial > serial
    }
    behind = [
        r
        for r in recipients
        if r.key_name not in {*stays, *rewriting.reading} and held[r.key_name].serial != serial
    ]
    changes, whole = _changes(behind, held, published, place.zone)
    stays |= _send(place, changes, held)
    if whole and not zone.is_whole():
        return stays | dict.fromkeys((r.key_name for r in whole), OTHER_NAMES)
    return stays | rewriting.write(whole, held, published)


def _changes(
    recipients: Sequence[Recipient], held: dict[str, Held], published: Published, name: str
) -> tuple[list[tuple[Recipient, Change]], list[Recipient]]:
    """What is to be sent to whom, and those whose view has to be written whole."""
    changes, whole = [], []
    known = [held[r.key_name] for r in recipients]
    since = {serial: Since(serial) for serial in {has.serial for has in known if has.root}}
    for recipient, has in zip(recipients, known, strict=True):
        if not has.root or not since[has.serial].fits:
            whole.append(recipient)
            continue
        manifest = views.wanted(recipient, published, name)
        changes.append((recipient, since[has.serial].change(recipient, manifest)))
    return changes, whole


class Since:
    """What publications after a serial changed; asked once for all who have that serial."""

    def __init__(self, serial: int) -> None:
        is_accepted = zone.is_accepted_since(serial)
        self._serial = serial
        self._names = [] if is_accepted else zone.changed_since(serial)
        self.fits = not is_accepted and views.fits(self._names)
        self._around = Around(self._names if self.fits else [])
        self.fits = self.fits and views.fits([*self._names, *self._around.touched])

    def change(self, recipient: Recipient, manifest: ZoneManifest) -> Change:
        """What brings the recipient's view, canaries and all, to what the manifest says of it."""
        is_international = recipient.scope == Recipient.Scope.INTERNATIONAL
        listed, between = self._around.after(is_international=is_international)
        names = self._around.touched - listed | set(self._names)
        known = {*listed, *recipient.canaries}
        return Change(self._serial, names, known, between, manifest)


def _send(
    place: Place, changes: Sequence[tuple[Recipient, Change]], held: dict[str, Held]
) -> dict[str, str]:
    """Send each change, and tell the recipient at once; why it failed, for whom it did."""

    def send(recipient: Recipient, change: Change) -> str:
        try:
            views.update(place, recipient.key_name, change)
            held[recipient.key_name] = held_by(change.manifest)
            views.tell_at_once(place, recipient)
        except OtherSerial as problem:
            held[recipient.key_name] = Held(0, "")  # has to be written whole
            return said(problem)
        except FAILURES as problem:
            return said(problem)
        return ""

    if not changes:
        return {}
    with ThreadPoolExecutor(min(_AT_ONCE, len(changes))) as several:
        told = several.map(send, *zip(*changes, strict=True))
        keys = (recipient.key_name for recipient, _ in changes)
        return {key: why for key, why in zip(keys, told, strict=True) if why}
