"""Tables of guards change after a domain was listed; what they name now is looked at at once.

The package's tables change with an update, the operator's snapshot whenever its file does. How a
name leaves for their sake, and why not past the brake: docs/decisions/two-countries-and-brakes.md.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from breakwater.worstof.actions.life.clock import ask_again
from breakwater.worstof.actions.life.moves import State, locked, refuse
from breakwater.worstof.actions.told import CLOCK, Told
from breakwater.worstof.models import Entry
from breakwater.worstof.queries import known_names
from breakwater.worstof.rules.brake import Change
from breakwater.worstof.rules.guards import Guard, came_since, guards_for

# The files with whose names every listed one was compared by this process.
_compared: tuple[known_names.Version, ...] = ()


def look_at_new_tables(at: datetime) -> bool:
    """Act on guards that name a listed domain since it was verified; say if there were any.

    A name that can be signed for falls due at once. One that is always refused leaves the list,
    unless more are refused than may leave in an hour: then the tables are doubted, and all of them
    fall due and stay until somebody has looked.
    """
    global _compared
    files = known_names.versions()
    if files == _compared:
        return False
    found, listed = _came_since()
    refused = sum(_is_refused(came) for _, came in found)
    is_doubted = Change(0, refused, listed).holds_removals
    for pk, came in found:
        _act(pk, came, at, refuses=_is_refused(came) and not is_doubted)
    _compared = files
    return bool(found)


def _is_refused(guards: Sequence[Guard]) -> bool:
    return any(guard.refuses for guard in guards)


def _came_since() -> tuple[list[tuple[int, list[Guard]]], int]:
    """The listed entries that guards name since, with these guards; and how many are listed."""
    tables, own = known_names.known(), known_names.own_hosts()
    found: list[tuple[int, list[Guard]]] = []
    listed = 0
    rows = Entry.objects.filter(state__in=Entry.PUBLISHED).order_by("pk")
    columns = rows.values_list("pk", "name", "guards", "new_guards")
    for pk, name, guards, new_guards in columns.iterator(chunk_size=5000):
        listed += 1
        now = [guard for guard in guards_for(name, tables) if not tables.is_operators(guard)]
        now += [own[name]] if name in own else []
        if came := came_since(now, guards, new_guards):
            found.append((pk, came))
    return found, listed


def _act(pk: int, came: Sequence[Guard], at: datetime, *, refuses: bool) -> None:
    with transaction.atomic():
        entry = locked(Entry(pk=pk))
        if entry.state not in Entry.PUBLISHED:
            return
        told = Told(entry, CLOCK, at)
        if refuses:
            refuse(told, [[guard.key, guard.match] for guard in came])
        else:
            _ask_again(told, came)
        told.write()


def _ask_again(told: Told, came: Sequence[Guard]) -> None:
    """Have it verified again, before all others. `guards` stays what was signed for."""
    entry = told.entry
    entry.new_guards = [*entry.new_guards, *map(list, came)]
    if entry.state == State.LISTED:
        entry.fresh_until = min(entry.fresh_until or told.at, told.at)
        ask_again(told)
    told.say("worstof.entry.guard_came", detail={"guards": [guard.key for guard in came]})
