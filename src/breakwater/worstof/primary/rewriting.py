"""Puts whole lists under views of the primary, and believes it once BIND has them.

BIND says at once that it takes a file and reads it afterwards, seconds for a hundred thousand names.
Until a view tells what was written it counts as having what it had: a change that is built on a list
which BIND does not have would be refused, and one that nobody sends would be missed.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from breakwater.worstof.models import Recipient
from breakwater.worstof.primary import views
from breakwater.worstof.primary.configuration import Place
from breakwater.worstof.primary.server import Bind, StillReads, ZoneRefused
from breakwater.worstof.primary.views import Held, PrimaryFailed, Published
from breakwater.worstof.rules.zone_manifest import ZoneManifest
from breakwater.worstof.signing import BadKey
from breakwater.worstof.tsig import BadKeyName

FAILURES = (PrimaryFailed, ZoneRefused, OSError, BadKey, BadKeyName)
# Seconds. A desk has dozens of views, which BIND reads one after the other.
LONGEST = 300.0
_LOOK = 0.2


@dataclass(slots=True)
class Reading:
    """What a view was given and BIND reads; None while it still reads what was given before.

    Times are of the machine's steady clock.
    """

    given: Held | None
    until: float
    look_at: float


def held_by(manifest: ZoneManifest) -> Held:
    return Held(manifest.serial, manifest.root)


def said(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"


class Rewriting:
    def __init__(self, place: Place, bind: Bind) -> None:
        self.place, self.bind = place, bind
        self.reading: dict[str, Reading] = {}  # by key name

    def forget(self) -> None:
        """What was given no longer counts: BIND started anew, or recipients get something else."""
        self.reading = {}

    def write(
        self, recipients: Sequence[Recipient], held: dict[str, Held], published: Published
    ) -> dict[str, str]:
        """Put the whole list under each of these views; why it failed, for whom it did.

        One that has it, since BIND took longer than anybody waited, is noted in `held`.
        """
        stays = {}
        for recipient in recipients:
            key_name = recipient.key_name
            try:
                manifest = views.wanted(recipient, published, self.place.zone)
                if views.held(self.place, key_name) == held_by(manifest):
                    held[key_name] = held_by(manifest)
                    continue
                self.bind.replace_zone(key_name, views.whole(recipient, manifest))
            except StillReads:
                self._begin(key_name, None)
            except FAILURES as problem:
                stays[key_name] = said(problem)
            else:
                self._begin(key_name, held_by(manifest))
        return stays

    def _begin(self, key_name: str, given: Held | None) -> None:
        now = time.monotonic()
        self.reading[key_name] = Reading(given, now + LONGEST, now + _LOOK)

    def look(self, recipients: Iterable[Recipient], held: dict[str, Held]) -> dict[str, str]:
        """Note in `held` who has what was written; why it was not read, for whom it was not."""
        stays = {}
        for recipient in recipients:
            reading = self.reading.get(recipient.key_name)
            if reading is None or time.monotonic() < reading.look_at:
                continue
            reading.look_at = time.monotonic() + _LOOK
            try:
                is_read = self._is_read(recipient, reading, held)
            except FAILURES as problem:
                is_read, why = False, said(problem)
            else:
                why = "ZoneRefused: BIND did not read the list"
            if is_read is False and time.monotonic() < reading.until:
                continue
            del self.reading[recipient.key_name]
            if not is_read and reading.given:
                stays[recipient.key_name] = why
        return stays

    def _is_read(
        self, recipient: Recipient, reading: Reading, held: dict[str, Held]
    ) -> bool | None:
        """Whether a view has what it was given; None if it has something else for good."""
        # Asked first: what BIND does not read any more, it has read when it is asked next.
        is_reading = self.bind.reads(recipient.key_name)
        if reading.given and views.held(self.place, recipient.key_name) == reading.given:
            held[recipient.key_name] = reading.given
            views.tell_at_once(self.place, recipient)
            return True
        return False if is_reading else None
