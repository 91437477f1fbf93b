"""The one publisher: decided changes become the zone's next signed state, or nothing does.

Only one publishes at a time. Before it signs, the names kept must be the names signed last time,
and the database must not be older than what was published: in doubt nothing is published, the
last good zone stays, and `PublisherState.problem` says why.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.people.models import User
from breakwater.storage import bulk
from breakwater.worstof.actions import brake, last_defence, living, sealing
from breakwater.worstof.actions.living import Steady
from breakwater.worstof.actions.sealing import PUBLISHER, Now
from breakwater.worstof.models import (
    Publication,
    PublisherState,
    ZoneChange,
    ZoneName,
)
from breakwater.worstof.queries import known_names, zone
from breakwater.worstof.rules.brake import MOST, SHARE, WINDOWS, Change, Window, net
from breakwater.worstof.rules.folding import folded
from breakwater.worstof.rules.zone_digest import root_of_packed

PUBLISHER_LOCK = 0x776F7273  # "wors"
# Answers "" if names that must never be blocked still resolve with these names added, else what
# is wrong; raises `Unsure` if it cannot tell.
Check = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check said of these names, before any lock was taken."""

    names: frozenset[str]
    problem: str = ""
    is_sure: bool = True


# Names in the zone before and after some changes, and whether each is national.
Outcome = tuple[dict[str, bool], dict[str, bool]]


class OtherNames(Exception):
    """The names kept changed since somebody looked at them."""


class Unsure(Exception):
    """The check could not tell whether other names would still resolve."""


def without_check(adds: Sequence[str]) -> str:
    """Stand in for a check that does not run: names to add wait for it."""
    raise Unsure("The live check does not run. No name is added until it does.")


def publish_waiting(
    at: datetime, *, check: Check | None = None, steady: Steady | None = None
) -> Publication | None:
    """Publish what was decided and is not held; None if there is nothing, or publishing stopped.

    `steady` reads the machine's own clock; without it, the brake believes `at`.

    Raises:
        django.db.Error, OSError: database or disk failed; nothing was published.
    """
    decided = list(zone.waiting().values_list("name", "adds"))
    if not decided and not last_defence.names_to_drop():
        return None
    checked = _ask(check, sorted({name for name, adds in decided if adds}))
    try:
        with transaction.atomic():
            bulk.lock_writer(PUBLISHER_LOCK)
            brake.lock_waiting()
            last_defence.drop_never_block(at=at)
            lived = living.live_on(steady) if steady else None
            made = _publish(Now(at, lived), checked)
    except sealing.Stopped as stopped:
        tell(str(stopped), at=at)
        return None
    if made:
        sealing.write_mark(made.serial)
    problem = last_defence.doubt() or _unsure(checked)
    if problem or not made:  # what was published says itself that it goes well
        tell(problem, at=at)
    return made


def _unsure(checked: Checked | None) -> str:
    return checked.problem if checked and not checked.is_sure else ""


def _ask(check: Check | None, names: list[str]) -> Checked | None:
    """Ask before the writer's lock is taken: resolvers may take seconds to answer."""
    if check is None:
        return None
    try:
        return Checked(frozenset(names), check(names) if names else "")
    except Unsure as unsure:
        return Checked(frozenset(), str(unsure), is_sure=False)


def tell(problem: str, *, at: datetime) -> None:
    """Keep why nothing is published, or that it goes well again ("")."""
    if zone.state().problem == problem:
        return
    with transaction.atomic():
        now = {"problem": problem[:500], "since": at if problem else None}
        PublisherState.objects.update_or_create(pk=1, defaults=now)
        verb = "worstof.zone.stopped" if problem else "worstof.zone.resumed"
        record(verb, actor=PUBLISHER, at=at, detail={"problem": problem})


def accept_copy(
    *, by: User | str, reason: str, at: datetime, root: str = "", lived: float | None = None
) -> None:
    """Publish again from a database that is older than what was published, or was repaired.

    Somebody made sure that its names are right (`accepting`); those that can never be listed are
    taken out all the same. Serials go on above the highest one known.

    Raises:
        OtherNames: a root was given, and the names are not those of it.
    """
    with transaction.atomic():
        bulk.lock_writer(PUBLISHER_LOCK)
        found = zone.last()
        serial = max(sealing.known_serial(), found.serial if found else 0) + 1
        removed = _take_out_forbidden(serial, at)
        kept = sealing.seal_names_kept()
        if root and root_of_packed(kept.every) != root:
            raise OtherNames
        detail = {"reason": reason, "serial": serial, "removed": removed}
        record("worstof.zone.accepted", actor=by, at=at, detail=detail)
        moved = (0, removed)
        made = sealing.sign_state(serial, kept, sealing.sizes(), moved, Now(at, lived))
        Publication.objects.filter(pk=made.pk).update(is_accepted=True)
    sealing.write_mark(made.serial)
    tell("", at=at)


def _take_out_forbidden(serial: int, at: datetime) -> int:
    names = ZoneName.objects.values_list("name", flat=True).iterator(chunk_size=5000)
    bad = last_defence.all_forbidden(names)
    if bad:
        before = zone.kept(bad)
        for piece in zone.pieces(bad):
            ZoneName.objects.filter(name__in=piece).delete()
        _mark(last_defence.take_off(bad, at=at), before, {}, serial, at)
    return len(bad)


def republish(*, at: datetime) -> Publication:
    """Give the same names a new serial: a recipient's canaries changed, or a view was repaired."""
    with transaction.atomic():
        bulk.lock_writer(PUBLISHER_LOCK)
        found = zone.last()
        kept = sealing.check_copy(found)
        size = (found.names, found.size) if found else (0, 0)
        serial = max(sealing.known_serial(), found.serial if found else 0) + 1
        made = sealing.sign_state(serial, kept, size, (0, 0), Now(at))
    sealing.write_mark(made.serial)
    return made


def _publish(now: Now, checked: Checked | None) -> Publication | None:
    at = now.at
    found = zone.last()
    kept = sealing.check_copy(found)
    decided = last_defence.refuse(list(zone.waiting()), at=at)
    if last_defence.doubt():
        decided = [change for change in decided if not change.adds]
    outcome = _outcome(decided)
    changes = _past_the_brake(decided, outcome, found, now)
    changes = _past_the_check(changes, found, checked, at)
    if not changes:
        return None
    before, after = outcome if len(changes) == len(decided) else _outcome(changes)
    names = [name for name in {c.name for c in changes} if before.get(name) != after.get(name)]
    serial = max(sealing.known_serial(), found.serial if found else 0) + 1
    made = sealing.write_names(names, before, after, found, kept, serial, now) if names else None
    published = made or found
    _mark(changes, before, after, published.serial if published else None, at)
    return made


def _outcome(changes: Sequence[ZoneChange]) -> Outcome:
    """Which of the names are in the zone before and after these changes."""
    names = sorted({change.name for change in changes})
    after = folded(zone.history(names, {change.pk for change in changes}))
    may_stand = {n: nation for n, nation in after.items() if not last_defence.forbidden(n)}
    return zone.kept(names), may_stand


def _effects(before: dict[str, bool], after: dict[str, bool]) -> dict[str, zone.Effect]:
    return {
        name: zone.Effect(
            (name in after) - (name in before),
            (after.get(name) is False) - (before.get(name) is False),
        )
        for name in before.keys() | after.keys()
    }


def _past_the_brake(
    changes: list[ZoneChange], outcome: Outcome, found: Publication | None, now: Now
) -> list[ZoneChange]:
    """Hold what is too much at once; what two people released passes."""
    signed = [change for change in changes if change.held_id]
    unsigned = [change for change in changes if not change.held_id]
    if not unsigned:
        return changes
    if signed:
        outcome = _outcome(unsigned)
    starts = _starts(now)
    moved = zone.effects_after({start for _, start in starts})
    for window, start in starts:
        if unsigned:
            passed = _past_window(window, unsigned, outcome, moved[start], found, now.at)
            outcome = outcome if len(passed) == len(unsigned) else _outcome(passed)
            unsigned = passed
    free = {change.pk for change in (*signed, *unsigned)}
    return [change for change in changes if change.pk in free]


def _starts(now: Now) -> list[tuple[Window, int]]:
    """The serials after which each window may have begun: what is too much after any is held.

    By the desk's clock, which somebody may have set; and by the time lived, which begins it no later
    than it truly did. On the same machine start that is its true beginning, but for the seconds that a
    publication takes. After another start it is earlier: what entered, left and entered again
    across it is then counted as entered once, and what went by while the machine was off as no time.
    """
    starts = zone.window_starts([window.span for window in WINDOWS], now.at, now.lived)
    by_window = zip(WINDOWS, starts, strict=True)
    return [(window, serial) for window, serials in by_window for serial in sorted(serials)]


def _past_window(
    window: Window,
    changes: list[ZoneChange],
    outcome: Outcome,
    moves: dict[str, zone.Effect],
    found: Publication | None,
    at: datetime,
) -> list[ZoneChange]:
    """Hold those of these unsigned changes that are too much within the window; give the others."""
    sizes = _sizes(window, outcome, moves, found)

    def without(adds: bool) -> list[ZoneChange]:
        if stopped := [c for c in changes if c.adds is adds]:
            brake.hold(stopped, window.key, sizes[0], at=at)
        return [c for c in changes if c.adds is not adds]

    if any(size.holds_adds for size in sizes):
        changes = without(adds=True)
        sizes = _sizes(window, _outcome(changes), moves, found)
    if any(size.holds_removals for size in sizes):
        changes = without(adds=False)
        sizes = _sizes(window, _outcome(changes), moves, found)
    if any(size.holds_removals for size in sizes):  # what only a country lists now, others lose
        changes = without(adds=True)
    return changes


def _sizes(
    window: Window, outcome: Outcome, moves: dict[str, zone.Effect], found: Publication | None
) -> tuple[Change, Change]:
    """How much recipients of all names, and those of the common list alone, would see change."""
    effects = _effects(*outcome)
    every = {name: effect.every for name, effect in moves.items()}
    common = {name: effect.international for name, effect in moves.items()}
    of_every = net(every, ((name, effect.every) for name, effect in effects.items())).values()
    of_common = net(common, ((n, effect.international) for n, effect in effects.items())).values()
    listed = (found.names if found else 0) - sum(every.values())
    return (
        Change(sum(m > 0 for m in of_every), sum(m < 0 for m in of_every), listed, window),
        _common_size(window, of_common, sum(common.values())),
    )


def _common_size(window: Window, moved: Collection[int], grown: int) -> Change:
    size = Change(sum(m > 0 for m in moved), sum(m < 0 for m in moved), 0, window)
    if size.added + size.removed <= window.least:
        return size  # allowed on a list of any length, so nobody has to count
    return replace(size, listed=zone.count_international(MOST * SHARE + max(grown, 0)) - grown)


def _past_the_check(
    changes: list[ZoneChange], found: Publication | None, checked: Checked | None, at: datetime
) -> list[ZoneChange]:
    """Hold the names to add if a name that must never be blocked would not resolve.

    Names that came after the check, or that it could not tell of, wait for the next one.
    """
    if checked is None:
        return changes
    adds = [change for change in changes if change.adds and change.name in checked.names]
    if adds:
        bad = PublisherState.Probe.BAD
        keep_probe(bad if checked.problem else PublisherState.Probe.GOOD, at=at)
    others = [change for change in changes if not change.adds]
    if adds and checked.problem:
        size = Change(len(adds), 0, found.names if found else 0)
        brake.hold(adds, brake.PROBE, size, at=at)
        return others
    passed = {change.pk for change in (*adds, *others)}
    return [change for change in changes if change.pk in passed]


def keep_probe(result: PublisherState.Probe, *, at: datetime) -> None:
    """Keep what the check found; where it had no name of the operator's, "good" would be untrue."""
    if result == PublisherState.Probe.GOOD and not known_names.never_block().names:
        result = PublisherState.Probe.NOTHING
    PublisherState.objects.update_or_create(pk=1, defaults={"probe": result, "probed_at": at})


def _mark(
    changes: Sequence[ZoneChange],
    before: dict[str, bool],
    after: dict[str, bool],
    serial: int | None,
    at: datetime,
) -> None:
    """Say of every change when it was published; the last one of a name carries the effect."""
    effects = _effects(before, after)
    by_effect: dict[zone.Effect, list[int]] = {}
    for change in reversed(changes):
        effect = effects.pop(change.name, zone.Effect(0, 0))
        by_effect.setdefault(effect, []).append(change.pk)
    for effect, keys in by_effect.items():
        for piece in zone.pieces(keys):
            rows = ZoneChange.objects.filter(pk__in=piece)
            rows.update(
                effect=effect.every,
                effect_international=effect.international,
                serial=serial,
                published_at=at,
            )
