"""Domains that two authorities verified or took away, as the life of an entry leaves them, in bulk.

The publisher publishes nothing that nobody verified, so tests and the bench need real decisions.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from breakwater.people.models import Agency
from breakwater.worstof.actions.life.moves import guards_of
from breakwater.worstof.models import Assessment, BlockList, Entry, Step, ZoneChange
from breakwater.worstof.queries.zone import pieces
from breakwater.worstof.rules.verdict import CRITERIA, YES

_SAYS = dict.fromkeys(CRITERIA, YES)


def decide(
    on: BlockList, names: Sequence[str], *, at: datetime, adds: bool = True
) -> list[ZoneChange]:
    """List these names, each in a round of its own, or take them off; nothing is published yet."""
    entries = _entries(on, names, at)
    for entry in entries:
        entry.state = Entry.State.LISTED if adds else Entry.State.REMOVED
        entry.round += 1
        entry.guards = guards_of(entry.name)[0]
        entry.listed_at = at
        entry.fresh_until = entry.due_at = at + timedelta(days=on.fresh_days) if adds else None
    Entry.objects.bulk_update(
        entries, ["state", "round", "guards", "listed_at", "fresh_until", "due_at"], batch_size=500
    )
    if adds:
        Assessment.objects.bulk_create(_verified(e, a, at) for a in _agencies(on) for e in entries)
    verb = f"worstof.entry.{'listed' if adds else 'removed'}"
    Step.objects.bulk_create(Step(entry=e, verb=verb, by_name="test", at=at) for e in entries)
    return ZoneChange.objects.bulk_create(
        ZoneChange(name=e.name, adds=adds, entry=e, decided_at=at) for e in entries
    )


def _entries(on: BlockList, names: Sequence[str], at: datetime) -> list[Entry]:
    rows = (Entry(block_list=on, name=n, shown=n, round=0, created_at=at) for n in names)
    Entry.objects.bulk_create(rows, ignore_conflicts=True)
    found: dict[str, Entry] = {}
    for piece in pieces(names):
        there = on.entries.filter(name__in=piece).select_related("block_list")
        found.update((entry.name, entry) for entry in there)
    return [found[name] for name in names]


def _agencies(on: BlockList) -> list[Agency]:
    """Two whose words count beside each other under the list's rule."""
    is_by_country = on.distinct == BlockList.Distinct.COUNTRY
    places = ("JM", "CW") if is_by_country else (on.country, on.country)
    return [
        Agency.objects.get_or_create(
            name=f"Police {number} of {place}",
            defaults={"kind": "police", "country": place, "is_synthetic": True},
        )[0]
        for number, place in enumerate(places)
    ]


def _verified(entry: Entry, agency: Agency, at: datetime) -> Assessment:
    return Assessment(
        entry=entry, round=entry.round, agency=agency, by_name=f"Officer of {agency.name}",
        seen_online_at=at - timedelta(days=1), confidence="high", at=at, **_SAYS,
    )  # fmt: skip
