"""Who speaks in a change of an entry, and how the change is told: steps, log, resolvers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from breakwater.custody.actions import Deed, record_many
from breakwater.people.models import Agency, User
from breakwater.worstof.actions import transparency
from breakwater.worstof.actions.zone import queue_change
from breakwater.worstof.models import Entry, Step, ZoneChange
from breakwater.worstof.queries.zone import pieces

CLOCK = "clock"
"""The actor of what the worker does because time has passed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """In whose name something is said: a person of an authority, with an account here or not."""

    agency: Agency
    name: str
    user: User | None = None

    @classmethod
    def of(cls, user: User) -> "Voice":
        """The voice of a signed-in person.

        Raises:
            ValueError: the person has no agency.
        """
        if user.agency is None:
            raise ValueError("somebody without an agency speaks for no authority")
        return cls(user.agency, str(user), user)


@dataclass
class Told:
    """What is told of one change of one entry; `write` puts it all into the open transaction.

    The audit log comes last: its head is locked until the transaction ends, and everybody who
    writes to the transparency log too takes that one's lock first.
    """

    entry: Entry
    by: User | str
    at: datetime
    voice: Voice | None = None
    _steps: list[Step] = field(default_factory=list)
    _deeds: list[Deed] = field(default_factory=list)

    def say(
        self, verb: str, *, reason: str = "", detail: Mapping[str, object] | None = None
    ) -> None:
        self._steps.append(
            Step(
                entry=self.entry,
                verb=verb,
                by_name=self.voice.name if self.voice else str(self.by),
                agency_name=self.voice.agency.name if self.voice else "",
                reason=reason,
                at=self.at,
            )
        )
        said = {"round": self.entry.round, **(detail or {})}
        if reason:
            said["reason"] = reason
        self._deeds.append(Deed(verb, self.by, self.at, target(self.entry), said))

    def enters(self) -> None:
        """The name enters what resolvers block."""
        queue_change(self.entry, adds=True, at=self.at)
        transparency.append("listed", self.entry, at=self.at)

    def leaves(self, verb: str = "removed") -> None:
        """The name leaves what resolvers block."""
        queue_change(self.entry, adds=False, at=self.at)
        transparency.append(verb, self.entry, at=self.at)

    def write(self) -> None:
        self.entry.save()
        Step.objects.bulk_create(self._steps)
        record_many(self._deeds)


def write_leaving(told: Sequence[Told], *, at: datetime) -> None:
    """Have many listed entries removed together, by one decision that is told of each."""
    entries = [one.entry for one in told]
    ZoneChange.objects.bulk_create(
        ZoneChange(name=e.name, adds=False, entry=e, decided_at=at) for e in entries
    )
    transparency.append_all("removed", entries, at=at)
    for piece in pieces([entry.pk for entry in entries]):
        Entry.objects.filter(pk__in=piece).update(
            state=Entry.State.REMOVED, fresh_until=None, due_at=None, ended_at=at
        )
    Step.objects.bulk_create(step for one in told for step in one._steps)
    record_many([deed for one in told for deed in one._deeds])


def target(entry: Entry) -> str:
    """How the audit log names an entry: by number, for those who read it may not see the list."""
    return f"W-{entry.pk}"
