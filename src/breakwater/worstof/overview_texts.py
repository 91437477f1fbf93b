"""What the overview says in words: how blocking goes, and what happened if it does not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from breakwater.drawing import words
from breakwater.worstof.models import (
    HeldChange,
    Publication,
    PublisherState,
    Recipient,
    TransferSource,
)
from breakwater.worstof.publisher_texts import kept_back, plain
from breakwater.worstof.queries import room
from breakwater.worstof.queries.apart import Counts
from breakwater.worstof.queries.canaries import given_to
from breakwater.worstof.queries.overview import Overview
from breakwater.worstof.queries.proofs import Found
from breakwater.worstof.recipient_figures import short
from breakwater.worstof.recipient_texts import refused
from breakwater.worstof.rules.brake import Change
from breakwater.worstof.rules.stop_texts import StopTexts
from breakwater.worstof.rules.top_sites import Fault

ONLY_ADDED = ("The live check does not run", "never-block.txt")  # names leave all the same
REACHED = "BadConfiguration"  # all who could be told
_NAMED = 3  # recipients in one sentence
ENOUGH = 0.95  # of the names asked; below it, a provider is named
ALIVE = timedelta(minutes=1)
LATE = timedelta(hours=1)  # a provider that has not taken a publication so long is named
LATE_FILE = timedelta(days=1)  # one that takes files


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody has to look after, since when."""

    text: str
    since: datetime | None = None


def answer(found: Overview, last: Publication | None, providers: Mapping[int, Found]) -> str:
    """The sentence on top."""
    names = last.names if last else 0
    said = ngettext("%(n)s domain is blocked", "%(n)s domains are blocked", names)
    blocked = said % {"n": words.number(names)}
    asked = sum(x.asked for x in providers.values())
    if not asked and any(x.unclear for x in providers.values()):
        return _(
            "%(blocked)s; no provider's answers of the last 24 hours tell whether it blocks"
        ) % {"blocked": blocked}
    if not asked:
        return _("%(blocked)s; no provider was probed in the last 24 hours") % {"blocked": blocked}
    share = words.percent(sum(x.blocked for x in providers.values()) / asked)
    count = ngettext("%(n)s provider", "%(n)s providers", len(providers)) % {
        "n": words.number(len(providers))
    }
    return _("%(blocked)s; %(providers)s blocked %(share)s of the names asked in 24 hours") % {
        "blocked": blocked,
        "providers": count,
        "share": share,
    }


def events(
    state: PublisherState,
    last: Publication | None,
    held: list[HeldChange],
    recipients: list[Recipient],
    found: Mapping[int, Found],
    waiting: Mapping[int, datetime],
    *,
    at: datetime,
) -> Iterator[Event]:
    """What happened, the most urgent first; nothing if all goes well.

    `waiting`: since when recipients have not taken what was published, by number.
    """
    yield from _of_publishing(state, last)
    if state.ended_at and at - state.ended_at < timedelta(days=1):
        yield Event(_("The primary ended by itself and was started again."), state.ended_at)
    if any(x.transfers for x in recipients) and not _is_alive(state, at):
        text = _("The primary does not run: providers that transfer the list get no changes.")
        yield Event(text, state.served_at)
    for change in held:
        yield Event(_held(change), change.at)
    yield from _of_those_who_stay(recipients)
    for recipient in recipients:
        yield from _of_recipient(recipient, waiting.get(recipient.pk), at)
        yield from _of_probes(recipient, found.get(recipient.pk))


def _of_publishing(state: PublisherState, last: Publication | None) -> Iterator[Event]:
    if state.problem:
        why = plain(state.problem)
        if not state.problem.startswith(ONLY_ADDED):
            why = _("Nothing is published. %(why)s") % {"why": why}
        yield Event(why, state.since)
    if last and last.problem:
        why = plain(last.problem)
        if not last.problem.startswith(REACHED):
            why = _("The last publication did not reach the primary. %(why)s") % {"why": why}
        yield Event(why)
    if state.probe == PublisherState.Probe.BAD:
        yield Event(_("A name that must never be blocked did not resolve."), state.probed_at)
    if state.probe == PublisherState.Probe.NOTHING:
        text = _(
            "The check that no wrong name gets blocked asks only for well-known names: the "
            "operator's file of names that must never be blocked is missing or empty."
        )
        yield Event(text)
    if last and state.probe == PublisherState.Probe.OFF:
        yield Event(
            _("The check that no wrong name gets blocked is off: it was given no resolver.")
        )


def _of_those_who_stay(recipients: Iterable[Recipient]) -> Iterator[Event]:
    """Whom the primary could not bring what was published; one event for each reason."""
    by_reason: dict[str, list[str]] = {}
    for recipient in recipients:
        if why := kept_back(recipient):
            by_reason.setdefault(why, []).append(recipient.name)
    for why, names in by_reason.items():
        who = ", ".join(names[:_NAMED])
        if more := len(names) - _NAMED if names[_NAMED:] else 0:
            text = ngettext("%(names)s and %(n)s more", "%(names)s and %(n)s more", more)
            who = text % {"names": who, "n": words.number(more)}
        text = _("%(who)s cannot get what was published last. %(why)s")
        yield Event(text % {"who": who, "why": why})


def _of_recipient(
    recipient: Recipient, waits_since: datetime | None, at: datetime
) -> Iterator[Event]:
    if recipient.refusal:
        yield Event(refused(recipient), recipient.refused_at)
    if waits_since and is_late(recipient, at - waits_since):
        text = _("%(name)s has not taken what was published last.") % {"name": recipient.name}
        yield Event(text, recipient.taken_at)
    if len(given_to(recipient)) < len(recipient.canaries):
        text = _("Canaries of %(name)s are not given: a guard stands against them.")
        yield Event(text % {"name": recipient.name})


def is_late(recipient: Recipient, behind: timedelta) -> bool:
    """Whether a recipient takes longer than resolvers, or people with files, usually do."""
    if recipient.transfers:
        return behind > LATE
    is_known = recipient.taken is not None or recipient.taken_at is None
    return bool(recipient.forms) and is_known and behind > LATE_FILE


def apart(found: Counts) -> Iterator[Event]:
    """That lists and resolvers differ, by more than what waits or is held."""
    if found.unblocked:
        text = ngettext(
            "%(n)s listed domain is not blocked. The page of held changes can queue it again.",
            "%(n)s listed domains are not blocked. The page of held changes can queue them again.",
            found.unblocked,
        )
        yield Event(text % {"n": words.number(found.unblocked)})
    if found.unlisted:
        text = ngettext(
            "%(n)s name is blocked that no list has. The page of held changes can take it off.",
            "%(n)s names are blocked that no list has. The page of held changes can take them off.",
            found.unlisted,
        )
        yield Event(text % {"n": words.number(found.unlisted)})


def late(found: Overview) -> Iterator[Event]:
    """What people did not come to in time: appeals, and domains to be verified again."""
    if found.appeals.overdue:
        text = ngettext(
            "%(n)s appeal is not answered, and its time is over.",
            "%(n)s appeals are not answered, and their time is over.",
            found.appeals.overdue,
        )
        yield Event(text % {"n": words.number(found.appeals.overdue)}, found.appeals.overdue_since)
    most = found.lapsed_most
    # As many as may not leave the list in an hour unless two people sign.
    if most and Change(0, most.domains, most.listed).holds_removals:
        text = _("%(n)s domains left the list on one day, because nobody verified them in time.")
        yield Event(text % {"n": words.number(most.domains)}, most.day)


def new_addresses(sources: Iterable[TransferSource]) -> Iterator[Event]:
    """That a provider's key was used from where it never was: it may be in other hands."""
    for source in sources:
        text = _(
            "The list went to an address that %(name)s never took it from before: %(address)s."
        )
        said = text % {"name": source.recipient.name, "address": source.address}
        yield Event(said, source.first_at)


def full_disk(free: int) -> Iterator[Event]:
    """That the desk's disk has hardly any room left; `free` in octets."""
    if free < room.ENOUGH:
        text = _(
            "The desk's disk is full or nearly so: %(mb)s MB are left. Nothing new may go out until "
            "there is room; what was published last stays in force."
        )
        yield Event(text % {"mb": words.number(free // 2**20)})


def largest_sites(fault: Fault | None) -> Iterator[Event]:
    """What ails the operator's snapshot of the largest sites, which are never blocked."""
    said = {
        Fault.MISSING: _("The file of the world's largest sites is missing."),
        Fault.EMPTY: _("The file of the world's largest sites names none."),
        Fault.UNREADABLE: _("Most lines of the file of the world's largest sites cannot be read."),
        Fault.OLD: _("The file of the world's largest sites is older than 90 days."),
    }
    if fault:
        only = _("Of large sites only a short list is known: others can be listed by mistake.")
        yield Event(said[fault] if fault is Fault.OLD else f"{said[fault]} {only}")


def stop_page(found: StopTexts | None) -> Iterator[Event]:
    """What visitors of the stop page are not told; `found` is None if the operator's file is faulty."""
    if found is None:
        text = _(
            "The file of the stop page has a fault and is not used: visitors are told of no law and of "
            "nobody to turn to. The command stop-page says where the fault is."
        )
        yield Event(text)
        return
    words_of = {
        "law": _("the law"),
        "report": _("where to report"),
        "child": _("who helps a child"),
        "worried": _("who helps somebody worried about their own thoughts"),
    }
    if lacks := [words_of[kind] for kind in found.lacks()]:
        text = _("The stop page does not say: %(what)s. Its file, stop-page.toml, has to.")
        yield Event(text % {"what": ", ".join(lacks)})


def _is_alive(state: PublisherState, at: datetime) -> bool:
    return state.served_at is not None and abs(at - state.served_at) < ALIVE


def _held(change: HeldChange) -> str:
    return _("A change of %(added)s to add and %(removed)s to remove waits for two signatures.") % {
        "added": words.number(change.added),
        "removed": words.number(change.removed),
    }


def _of_probes(recipient: Recipient, found: Found | None) -> Iterator[Event]:
    name = recipient.name
    if found is None and not recipient.resolvers and recipient.blocks:
        text = _("Whether %(name)s blocks is not known: none of its resolvers was entered.")
        yield Event(text % {"name": name})
    if found is None:
        return
    if found.refused:
        text = _(
            "The resolvers of %(name)s refuse or fail to answer: the provider has to let the desk's "
            "address ask them. Of those names it cannot be told whether they are blocked."
        )
        yield Event(text % {"name": name})
    elif found.coverage is None and found.unclear:
        text = _(
            "It cannot be told whether %(name)s blocks: names that nobody listed get the same answers."
        )
        yield Event(text % {"name": name})
    if found.coverage is None:
        return
    if found.silent == found.probes:
        yield Event(_("The resolvers of %(name)s did not answer.") % {"name": name})
    elif found.coverage < ENOUGH:
        share = words.percent(found.coverage)
        yield Event(_("%(name)s blocks only %(share)s.") % {"name": name, "share": share})


def in_time(found: Overview) -> str:
    """What became of domains whose freshness ended."""
    if found.in_time is None:
        return _("No domain's freshness ended in the last 12 months")
    return _("%(share)s: %(again)s verified again, %(lapsed)s left the list, %(due)s wait") % {
        "share": words.percent(found.in_time),
        "again": words.number(found.verified_again),
        "lapsed": words.number(found.lapsed),
        "due": words.number(found.due),
    }


def days(value: float | None) -> str:
    if value is None:
        return "–"
    n = short(value)
    return ngettext("%(n)s day", "%(n)s days", 1 if n == 1 else 2) % {"n": words.number(n)}
