"""What the documents of the Hash Sharing API say, as values."""

from dataclasses import dataclass, field
from datetime import datetime

from breakwater.formats.hash_entry import Fault, HashEntry, kind_of

FORMAT = "hash_sharing"
"""The name under which `HashEntry.extra` keeps links to large fingerprints and unread ones."""
SCHEME = "industry"
"""The scheme of `<classification>`: A1, A2, B1, B2 of the industry's table."""


@dataclass(frozen=True, slots=True)
class Member:
    member_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Who the server takes us for."""

    member: Member
    username: str = ""
    ip_address: str = ""
    faults: tuple[Fault, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a member disagrees; `kind` is the kind of hash it is offered for, as written."""

    guid: str
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What members say of one kind of hash of one entry: agreed, or disagreed for a reason."""

    kind: str
    agrees: bool
    members: tuple[Member, ...] = ()
    reason: Reason | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryFeedback:
    opinions: tuple[Opinion, ...] = ()
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SharedEntry:
    entry: HashEntry
    feedback: EntryFeedback = EntryFeedback()


@dataclass(frozen=True, slots=True)
class QueryResult:
    """One page of entries, in the server's order, which is not the order of time.

    `next_path` is to be appended to the base address as it is; "" means that the range
    is exhausted, and only then is the newest time a safe place to go on from. Pages are
    stale after 12 hours.
    """

    entries: tuple[SharedEntry, ...] = ()
    next_path: str = ""
    images_until: datetime | None = None
    videos_until: datetime | None = None
    faults: tuple[Fault, ...] = field(default=(), compare=False)

    @property
    def until(self) -> datetime | None:
        times = [t for t in (self.images_until, self.videos_until) if t is not None]
        return max(times, default=None)


@dataclass(frozen=True, slots=True)
class Submission:
    """Feedback on one kind of hash of one entry; disagreeing needs reasons, by their guid."""

    agrees: bool
    reason_guids: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = field(default=(), compare=False)


def feedback_type(kind: str) -> str:
    """Give the word for a kind of hash in the addresses of feedback, as TMK_PDQF."""
    return "PDNA" if kind == "photodna" else kind.upper()


def kind_of_feedback_type(word: str) -> str | None:
    """Find the kind of hash that an address or an attribute means; None if it is unknown."""
    return kind_of(word)
