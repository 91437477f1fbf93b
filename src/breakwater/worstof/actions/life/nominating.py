"""A domain is put forward, for the first time or once more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from breakwater.formats.domain_name import DomainName
from breakwater.people.models import User
from breakwater.worstof.actions.life.moves import (
    OVER,
    begin_round,
    check_country,
    locked,
    refuse_if_guarded,
)
from breakwater.worstof.actions.life.refusals import AlreadyNominated
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.models import BlockList, Entry, Nomination
from breakwater.worstof.queries.known_names import read_site


@dataclass(frozen=True, slots=True)
class Sighting:
    """Why a domain is put forward. Words and numbers, never content."""

    evidence: str  # the authority's own file number
    seen: str
    seen_at: datetime
    source: str = Nomination.Source.HAND
    report_number: str = ""
    hosting: Mapping[str, str] = field(default_factory=dict)


def nominate(
    block_list: BlockList,
    given: str,
    sighting: Sighting,
    *,
    by: User,
    at: datetime,
    voice: Voice | None = None,
) -> Entry:
    """Put a domain forward for a list; a name that may never be blocked comes back refused.

    A leading `www.` is left out (`rules.site_names`); the nomination keeps what was written.

    An entry under way only gets the nomination more; one that is over begins a new round.
    `voice` is whose nomination it is, if `by` merely hands it in.

    Raises:
        BadName: `given` has no name that a resolver could block.
        NotYours: the list takes authorities of one country only.
        AlreadyNominated: this authority did so before, with the same evidence and moment.
    """
    name = read_site(given)
    voice = voice or Voice.of(by)
    check_country(block_list, voice)
    with transaction.atomic():
        entry, is_new = _entry_of(block_list, name, at)
        told = Told(entry, by, at, voice)
        if _is_known(entry, sighting, voice):
            raise AlreadyNominated
        entry.hosting = {**entry.hosting, **{k: v for k, v in sighting.hosting.items() if v}}
        told.say("worstof.entry.nominated", detail=_as_told(block_list, sighting))
        _keep_nomination(entry, given, sighting, voice, at)
        if is_new or entry.state in OVER:
            begin_round(entry, is_new=is_new)
            refuse_if_guarded(told)
        told.write()
    return entry


def _as_told(block_list: BlockList, sighting: Sighting) -> dict[str, object]:
    """With the hosting facts as they were given: the next nomination may replace the entry's."""
    told: dict[str, object] = {"list": block_list.name, "source": sighting.source}
    hosting = {name: said for name, said in sighting.hosting.items() if said}
    return told | ({"hosting": hosting} if hosting else {})


def _entry_of(block_list: BlockList, name: DomainName, at: datetime) -> tuple[Entry, bool]:
    entry, is_new = Entry.objects.get_or_create(
        block_list=block_list,
        name=name.name,
        defaults={"shown": name.shown, "created_at": at},
    )
    return locked(entry), is_new


def _is_known(entry: Entry, sighting: Sighting, voice: Voice) -> bool:
    same = entry.nominations.filter(
        agency=voice.agency, evidence=sighting.evidence, seen_at=sighting.seen_at
    )
    return same.exists()


def _keep_nomination(
    entry: Entry, given: str, sighting: Sighting, voice: Voice, at: datetime
) -> None:
    Nomination.objects.create(
        entry=entry,
        source=sighting.source,
        report_number=sighting.report_number,
        evidence=sighting.evidence,
        seen=sighting.seen,
        seen_at=sighting.seen_at,
        given=given[:2000],
        agency=voice.agency,
        by=voice.user,
        by_name=voice.name,
        at=at,
    )
