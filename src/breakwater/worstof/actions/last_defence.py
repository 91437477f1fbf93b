"""Looks at every name once more when it is about to be published, wherever its row came from."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from breakwater.custody.actions import Deed, record, record_many
from breakwater.formats.block_list.nesting import parents
from breakwater.worstof.actions import told
from breakwater.worstof.models import Entry, HeldChange, Step, ZoneChange, ZoneName
from breakwater.worstof.queries import hands, judged, known_names, zone
from breakwater.worstof.rules.brake import SIGNATURES
from breakwater.worstof.rules.guards import Guard, form_fault, guards_for
from breakwater.worstof.rules.operator_names import OperatorNames

NEVER_BLOCK = "never-block"
NOT_VERIFIED = "not-verified"
_LINES_TOLD = 5
# The file whose names were looked for below: none of the zone's names stands below one of them.
_swept: OperatorNames | None = None


def doubt() -> str:
    """Why no name may be added now, or "".

    A line of never-block.txt that nobody can read is a name that somebody wants to be safe.
    """
    bad = known_names.never_block().bad
    if not bad:
        return ""
    numbers = ", ".join(str(line.number) for line in bad[:_LINES_TOLD])
    more = " and more" if len(bad) > _LINES_TOLD else ""
    return (
        f"{known_names.NEVER_BLOCK} has lines that are no names: {numbers}{more}. "
        "No name is added until they are put right."
    )


def names_to_drop() -> list[str]:
    """Names of the zone that the operator has meanwhile put among those never to block.

    Names below one are looked for when the file is new, since that reads the whole zone: 3 s at a
    million names. Later ones are refused before they get there.
    """
    global _swept
    never = known_names.never_block()
    found = list(zone.kept(sorted(never.and_above)))
    if never.names and never is not _swept:
        below = _names_below(never)
        found += below
        _swept = _swept if below else never
    return found


def _names_below(never: OperatorNames) -> list[str]:
    names = frozenset(never.names)
    rows = ZoneName.objects.values_list("name", flat=True).iterator(chunk_size=5000)
    near = (name for name in rows if not names.isdisjoint(parents(name)))
    return [name for name in near if forbidden(name) and name not in never.and_above]


def drop_never_block(*, at: datetime) -> None:
    """Have them leave the zone, past the brake (docs/decisions/two-countries-and-brakes.md)."""
    names = names_to_drop()
    if names:
        take_off(names, at=at)


def take_off(names: Sequence[str], *, at: datetime) -> list[ZoneChange]:
    """Queue removals that wait for nobody; a row beside those of the brake says how many."""
    found = zone.last()
    past = HeldChange.objects.create(
        state=HeldChange.State.RELEASED, reason=NEVER_BLOCK, added=0, removed=len(names),
        listed=found.names if found else 0, at=at, ended_at=at,
    )  # fmt: skip
    detail = {"reason": NEVER_BLOCK, "removed": len(names)}
    target = f"held {past.pk}"
    record("worstof.names.dropped", actor="publisher", at=at, target=target, detail=detail)
    _tell_entries(names, at)
    rows = (ZoneChange(name=name, adds=False, decided_at=at, held=past) for name in names)
    return ZoneChange.objects.bulk_create(rows)


def _tell_entries(names: Sequence[str], at: datetime) -> None:
    """Say in the history of the listed entries why their names are no longer blocked."""
    own, verb = known_names.own_hosts(), "worstof.entry.dropped"
    for piece in zone.pieces(names):
        rows = Entry.objects.filter(name__in=piece, state__in=Entry.PUBLISHED).order_by("pk")
        why = {e: f"guard:{own[e.name].key}" if e.name in own else forbidden(e.name) for e in rows}
        Step.objects.bulk_create(
            Step(entry=e, verb=verb, by_name="publisher", reason=reason, at=at)
            for e, reason in why.items()
        )
        record_many(
            [Deed(verb, "publisher", at, told.target(e), {"reason": r}) for e, r in why.items()]
        )


def refuse(changes: Sequence[ZoneChange], *, at: datetime) -> list[ZoneChange]:
    """Mark the names that must not be published with the reason, and give the others.

    Call it in the publisher's transaction.
    """
    passed = []
    verified, own = _verified(changes), known_names.own_hosts()
    for change in changes:
        if change.adds and change.name in own:
            change.refused = f"guard:{own[change.name].key}"
        elif change.adds:
            change.refused = _against_adding(change, is_verified=change.pk in verified)
        else:
            change.refused = _against_removing(change)
        if not change.refused:
            passed.append(change)
            continue
        ZoneChange.objects.filter(pk=change.pk).update(refused=change.refused)
        detail = {"reason": change.refused, "entry": change.entry_id}
        target = f"change {change.pk}"
        record("worstof.change.refused", actor="publisher", at=at, target=target, detail=detail)
    return passed


def read_tables() -> None:
    """Read what the guards know, so that the first name to be published does not wait for it."""
    forbidden("nothing.invalid")


def forbidden(name: str) -> str:
    """Why a name can never be in the zone: "form:<problem>", "never-block", "guard:<key>"; or ""."""
    if fault := form_fault(name):
        return f"form:{fault}"
    if name in known_names.never_block().and_above:
        return NEVER_BLOCK
    refusing = (guard for guard in guards_for(name, known_names.known()) if guard.refuses)
    return next((f"guard:{guard.key}" for guard in refusing), "")


def _verified(changes: Sequence[ZoneChange]) -> set[int]:
    """Those of the changes that add the very name of an entry that authorities verified."""
    adds = [change for change in changes if change.adds]
    verified: dict[int | None, str] = {}
    # Not joined with the changes, see `zone.countries_of`.
    for piece in zone.pieces(list({c.entry_id for c in adds if c.entry_id})):
        entries = list(Entry.objects.filter(pk__in=piece).select_related("block_list"))
        found = judged.verified(entries)
        verified |= {entry.pk: entry.name for entry in entries if entry.pk in found}
    return {change.pk for change in adds if verified.get(change.entry_id) == change.name}


def _against_adding(change: ZoneChange, *, is_verified: bool) -> str:
    if found := forbidden(change.name):
        return found
    hits = guards_for(change.name, known_names.known())
    if hits and not _were_signed_for(hits, change.entry):
        return f"guard:{hits[0].key}"
    return "" if is_verified else NOT_VERIFIED


def _against_removing(change: ZoneChange) -> str:
    """What is no name, and is not in the zone, never reached anybody and need not be taken back."""
    fault = form_fault(change.name)
    return f"form:{fault}" if fault and not zone.kept([change.name]) else ""


def _were_signed_for(guards: Sequence[Guard], entry: Entry | None) -> bool:
    """Whether two people signed for the listing that still holds, and for these guards.

    The last signature lists an entry, at its own moment. To be verified again keeps it listed since
    then; who signed for an earlier listing signed for that.
    """
    if entry is None or entry.listed_at is None:
        return False
    if not {(g.key, g.match) for g in guards} <= set(map(tuple, entry.guards)):
        return False
    listing = entry.signatures.filter(at=entry.listed_at).values("round")
    return hands.signers(entry.signatures.filter(round__in=listing)) >= SIGNATURES


def all_forbidden(names: Iterable[str]) -> list[str]:
    """Those of the names that can never be in the zone."""
    own = known_names.own_hosts()
    return [name for name in names if name in own or forbidden(name)]
