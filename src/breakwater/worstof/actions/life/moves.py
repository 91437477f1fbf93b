"""How an entry moves from state to state, whatever moves it; callers hold its row locked."""

from breakwater.worstof.actions.life.refusals import NotYours, WrongState
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.models import BlockList, Entry
from breakwater.worstof.queries.judged import rule_of
from breakwater.worstof.queries.known_names import guards_against
from breakwater.worstof.rules import clocks
from breakwater.worstof.rules.verdict import may_judge

State = Entry.State
OVER = (State.LAPSED, State.REMOVED, State.REFUSED)
OPEN = tuple(state for state in State if state not in OVER)


def locked(entry: Entry) -> Entry:
    found = Entry.objects.select_for_update(of=("self",)).select_related("block_list")
    return found.get(pk=entry.pk)


def check_country(block_list: BlockList, voice: Voice) -> None:
    if not may_judge(voice.agency.country, rule_of(block_list)):
        raise NotYours


def check_state(entry: Entry, wanted: tuple[Entry.State, ...]) -> None:
    if entry.state not in wanted:
        raise WrongState(entry.state)


def begin_round(entry: Entry, *, is_new: bool = False) -> None:
    entry.round += 0 if is_new else 1
    entry.state = State.NOMINATED
    entry.listed_at = entry.fresh_until = entry.due_at = entry.ended_at = None


def refuse_if_guarded(told: Told) -> bool:
    """Look at the guards again; say whether one of them forbids the name."""
    guards, refuses = guards_of(told.entry.name)
    told.entry.guards, told.entry.new_guards = guards, []
    if refuses:
        refuse(told, guards)
    return refuses


def refuse(told: Told, guards: list[list[str]]) -> None:
    """Move the entry where names go that these guards forbid."""
    told.entry.guards, told.entry.new_guards = guards, []
    leave(told, State.REFUSED)
    told.say("worstof.entry.refused", detail={"guards": [key for key, _ in guards]})


def guards_of(name: str) -> tuple[list[list[str]], bool]:
    """Key and match of each guard that names it, and whether one of them forbids the name."""
    found = guards_against(name)
    return [[guard.key, guard.match] for guard in found], any(guard.refuses for guard in found)


def list_entry(told: Told) -> None:
    """Have the entry blocked, or keep it blocked for another period."""
    entry = told.entry
    was_listed = entry.state in Entry.PUBLISHED
    entry.state = State.LISTED
    entry.fresh_until = clocks.fresh_until(told.at, entry.block_list.fresh_days)
    entry.due_at = entry.fresh_until
    if was_listed:
        told.say("worstof.entry.verified_again")
        return
    entry.listed_at = told.at
    told.say("worstof.entry.listed")
    told.enters()


def leave(told: Told, state: Entry.State, verb: str = "removed") -> None:
    """Move the entry to a state in which nobody blocks it."""
    entry = told.entry
    if entry.state in Entry.PUBLISHED:
        told.leaves(verb)
    entry.state = state
    entry.fresh_until = entry.due_at = None
    entry.ended_at = told.at if state in OVER else None


def doubt(told: Told) -> None:
    """Have all authorities judge anew: everybody could read the answers while it was verified."""
    leave(told, State.NOMINATED)
    told.say("worstof.entry.doubted")
    begin_round(told.entry)
