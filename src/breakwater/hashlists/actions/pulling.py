"""Pulls lists from hash-sharing servers, page by page, so that a break loses and doubles nothing.

A page is one transaction: its entries, the counts and the place of the next page. All that a range
says of entries begins to hold with its last page, and nothing of it before; only others' feedback on
entries that are told already is shown from its page on. Entries do not come in the order of time, so
only a range whose pages are exhausted moves `complete_until`.
"""

import logging
import os
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import transaction
from django.db.models import F, QuerySet

from breakwater.custody.actions import record
from breakwater.formats.hash_entry import Advice
from breakwater.formats.hash_sharing import QueryResult, SharingError, read_query_result
from breakwater.formats.hash_sharing.document import second
from breakwater.hashlists.actions.amending import drop
from breakwater.hashlists.actions.entries import ENTRIES_LOCK, Counts, write_entries
from breakwater.hashlists.actions.fetching import Refused, Unreachable, check_address, fetch
from breakwater.hashlists.actions.hearing import keep_opinions
from breakwater.hashlists.actions.importing import finish, keep_faults
from breakwater.hashlists.clock import Clock
from breakwater.hashlists.models import HashList, ListChange, Source
from breakwater.hashlists.rules.pulling import (
    Trail,
    after_exhaustion,
    first_end,
    is_stale,
    shrunk,
    wait_after,
)
from breakwater.hashlists.rules.sharing import BEGINNING
from breakwater.people.models import User
from breakwater.storage import bulk

FORM = "sharing"
# Answers that may mean: not that much at once.
TOO_MUCH = (400, 413, 422)
# Answers that mean: this page is gone, begin the range anew.
GONE = (*TOO_MUCH, 404, 410)
# Where a pull stands: whoever finds it moved meanwhile writes nothing.
_PLACE = ("complete_until", "range_until", "next_page")
log = logging.getLogger(__name__)


class AlreadyPulled(ValueError):
    """The list has a server already; remove that one first."""


class NoPassword(Exception):
    """The environment variable with the password is not set."""


class Overtaken(Exception):
    """Another process went on with this source meanwhile; its page counts."""


class Step(Enum):
    MORE = "more"  # there is more to ask for now
    DONE = "done"  # the list is up to date
    POSTPONED = "postponed"  # it failed; `Source.last_error` says why


# What the desk's own settings begin with: none of it may be sent to a server.
OWN_VARIABLES = ("BREAKWATER_", "DATABASE_", "DJANGO_", "PG")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a list is pulled from."""

    address: str
    username: str
    password_from: str
    every_minutes: int = 60


def add_source(hash_list: HashList, server: Server, *, by: User | str, at: datetime) -> Source:
    """Let a list be pulled from a server.

    Raises:
        BadAddress: the address is not https, or no address.
        AlreadyPulled: the list has a server.
        ValueError: no name of a variable, or one that belongs to the desk's own settings.
    """
    address, variable = check_address(server.address), server.password_from.strip()
    if not variable.isidentifier() or variable.upper().startswith(OWN_VARIABLES):
        own = ", ".join(OWN_VARIABLES)
        raise ValueError(
            f"«{variable}»: expected the name of a variable, none of the desk's: {own}…"
        )
    with transaction.atomic():
        if Source.objects.filter(hash_list=hash_list).exists():
            raise AlreadyPulled(hash_list.name)
        made = Source.objects.create(
            hash_list=hash_list, address=address, username=server.username,
            password_from=variable, every_minutes=max(1, server.every_minutes),
        )  # fmt: skip
        detail = {"address": address, "username": server.username}
        record("hashlists.source.added", actor=by, at=at, target=hash_list.name, detail=detail)
    return made


def remove_source(source: Source, *, by: User | str, at: datetime) -> None:
    """Stop pulling; the entries stay as they are told, and what was half pulled is taken back."""
    with transaction.atomic():
        bulk.lock_writer(ENTRIES_LOCK)
        if change := _open_change(source):
            drop(change)
        detail = {"address": source.address}
        target = source.hash_list.name
        record("hashlists.source.removed", actor=by, at=at, target=target, detail=detail)
        source.delete()


def work(at: datetime) -> bool:
    """Pull one page of the source that is due and waits longest; false when none is due."""
    due = Source.objects.filter(is_active=True, hash_list__retired_at=None)
    waiting = due.exclude(next_try_at__gt=at).select_related("hash_list")
    source = waiting.order_by(F("page_at").asc(nulls_first=True), "pk").first()
    return source is not None and pull_page(source, at=at) is Step.MORE


def pull_page(source: Source, *, at: datetime) -> Step:
    """Pull the next page of a source. What fails is kept in its row, and tried again later."""
    try:
        return _pull(source, Clock(at)) if _begin(source, at) else Step.DONE
    except Overtaken:
        return Step.MORE
    except Refused as refused:
        return _refused(source, refused, at)
    except (Unreachable, SharingError, NoPassword) as problem:
        return _postpone(source, problem, at)
    except Exception as problem:
        log.exception("pull of %s failed", source.address)
        return _postpone(source, problem, at)


def _begin(source: Source, at: datetime) -> bool:
    """Settle which range and page are to be asked for; false if there is nothing yet.

    Raises:
        Overtaken: the row was read before another process went on; an old place is not put back.
    """
    here = _here(source)
    if source.next_page and is_stale(source.page_at, at):
        source.next_page = ""
    if source.range_until is None:
        source.range_until = first_end(at)
    if source.range_until <= (source.complete_until or BEGINNING):
        source.range_until = None
        source.next_try_at = at + timedelta(minutes=source.every_minutes)
    changed = ("next_page", "range_until", "next_try_at")
    if not here.update(**{name: getattr(source, name) for name in changed}):
        raise Overtaken(source.address)
    return source.range_until is not None


def _here(source: Source) -> QuerySet[Source]:
    """The row of a source, if it still stands where `source` says."""
    place = {name: getattr(source, name) for name in _PLACE}
    return Source.objects.filter(pk=source.pk, **place)


def _pull(source: Source, clock: Clock) -> Step:
    path = source.next_page or _first_path(source)
    body = fetch(source.address + path, source.username, _password(source))
    result = read_query_result(body)
    trail = Trail(*source.trail) if source.next_page else Trail(path)
    following = trail.to(result.next_path) if result.next_path else Trail()
    if following is None:
        fault = "the server leads in a ring: it names a page that it gave before"
        raise SharingError("queryResult/paging/next", fault)
    source.trail = list(astuple(following))
    return _keep(source, result, clock)


def _first_path(source: Source) -> str:
    since, until = source.complete_until or BEGINNING, source.range_until or BEGINNING
    return f"/v2/entries?{urlencode({'from': second(since), 'to': second(until)}, safe=':')}"


def _password(source: Source) -> str:
    found = os.environ.get(source.password_from)
    if not found:
        raise NoPassword(f"the environment variable {source.password_from} is not set")
    return found


def _keep(source: Source, result: QueryResult, clock: Clock) -> Step:
    """Write a page with all that follows from it, or nothing of it."""
    here = _here(source)
    with transaction.atomic():
        bulk.lock_writer(ENTRIES_LOCK)
        at = clock.now()
        change = _open_change(source)
        if result.entries:
            change = _write(source, change or _new_change(source, at), result, at)
        now: dict[str, Any] = {"page_at": at, "next_page": result.next_path, "trail": source.trail}
        now |= {"tries": 0, "next_try_at": None, "last_error": ""}
        if not result.next_path:
            now |= _exhausted(source, at)
            if change:
                _close(change, clock)
        if not here.update(**now):
            raise Overtaken(source.address)
    return Step.DONE if now["next_try_at"] else Step.MORE


def _open_change(source: Source) -> ListChange | None:
    states = [ListChange.State.RUNNING]
    found = ListChange.objects.filter(hash_list=source.hash_list_id, form=FORM, state__in=states)
    return found.order_by("id").first()


def _new_change(source: Source, at: datetime) -> ListChange:
    return ListChange.objects.create(
        hash_list=source.hash_list, form=FORM, name=source.address[:255],
        state=ListChange.State.RUNNING, created_at=at,
        created_by=f"{source.username} at {urlsplit(source.address).hostname}"[:200],
    )  # fmt: skip


def _write(source: Source, change: ListChange, result: QueryResult, at: datetime) -> ListChange:
    entries = [shared.entry for shared in result.entries]
    counts: Counts = write_entries(source.hash_list, change, entries, at=at)
    keep_opinions(source.hash_list, result.entries, by=change.created_by, at=at)
    keep_faults(change, list(result.faults))
    change.done += len(entries)
    change.added += counts.added
    change.changed += counts.changed
    change.unchanged += counts.unchanged
    change.removed += counts.removed
    change.faulty += sum(f.count for f in result.faults if f.advice is Advice.ENTRY_LEFT_OUT)
    change.save(update_fields=["done", "added", "changed", "unchanged", "removed", "faulty"])
    return change


def _close(change: ListChange, clock: Clock) -> None:
    """Finish a change; one that brought nothing leaves no trace, since most pulls bring nothing."""
    if change.added or change.changed or change.removed or change.faulty:
        finish(change, clock)
    else:
        change.delete()


def _exhausted(source: Source, at: datetime) -> dict[str, Any]:
    since, until = source.complete_until or BEGINNING, source.range_until or BEGINNING
    plan = after_exhaustion(since, until, at, timedelta(minutes=source.every_minutes))
    planned = {"range_until": plan.range_until, "next_try_at": plan.next_try_at}
    return {"complete_until": until, "last_done_at": at, **planned}


def _refused(source: Source, refused: Refused, at: datetime) -> Step:
    since, until = source.complete_until or BEGINNING, source.range_until or BEGINNING
    smaller = shrunk(since, until)
    if refused.status in TOO_MUCH and not source.next_page and smaller:
        said = f"{refused}; asking for less at once"
        _here(source).update(range_until=smaller, last_error=said)
        return Step.MORE
    if refused.status in GONE:
        _here(source).update(next_page="")
    return _postpone(source, refused, at, least=timedelta(seconds=refused.wait))


def _postpone(
    source: Source, problem: Exception, at: datetime, least: timedelta = timedelta(0)
) -> Step:
    source.tries = min(source.tries + 1, 1000)
    source.next_try_at = at + max(wait_after(source.tries), least)
    source.last_error = str(problem)[:2000] or type(problem).__name__
    source.save(update_fields=["tries", "next_try_at", "last_error"])
    return Step.POSTPONED
