"""Reads for files of partners: what would become of each line, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import F, Q, QuerySet

from breakwater.formats.assessment_table import Answers, Line, Table, read_table
from breakwater.people import rules as people_rules
from breakwater.people.access import user_may
from breakwater.people.models import Agency, User
from breakwater.people.rules import plain
from breakwater.worstof.models import (
    Assessment,
    BlockList,
    Entry,
    Nomination,
    PartnerFile,
    PartnerLine,
)
from breakwater.worstof.queries import hands
from breakwater.worstof.queries.board import lists
from breakwater.worstof.queries.independence import has_company, is_open_to
from breakwater.worstof.queries.judged import rule_of
from breakwater.worstof.queries.known_names import forbidden, known
from breakwater.worstof.rules.incoming import (
    TAKEN,
    Outcome,
    Standing,
    denies,
    outcome_of,
    speaks,
)
from breakwater.worstof.rules.site_names import site_of
from breakwater.worstof.rules.verdict import may_judge

OVER = (Entry.State.LAPSED, Entry.State.REMOVED, Entry.State.REFUSED)
_CHUNK = 500
_WORDS = Answers.__slots__


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose word a file is, for which list, and by which door it came."""

    block_list: BlockList
    agency: Agency
    door: str = Assessment.Door.FILE
    received_by: User | None = None  # who brought the file in that another now has taken in


@dataclass(frozen=True, slots=True)
class Said:
    """What is kept of a domain on this list, and what one authority said of it before."""

    entry: Entry | None = None
    is_forbidden: bool = False  # a guard refuses the name
    nominations: frozenset[tuple[object, ...]] = frozenset()
    judgements: frozenset[tuple[object, ...]] = frozenset()
    in_own_hands: bool = False  # whoever brings the file in has a part in this round
    has_company: bool = False  # see `rules.incoming.Standing`
    has_seen: bool = False

    def standing(self, line: Line) -> Standing:
        state = self.entry.state if self.entry else ""
        return Standing(
            is_known=self.entry is not None,
            is_over=self.entry is None or state in OVER,
            is_discussed=state == Entry.State.DISCUSSION,
            is_forbidden=self.is_forbidden,
            is_nominated=_nomination(line) in self.nominations,
            is_judged=_judgement(line) in self.judgements,
            in_own_hands=self.in_own_hands,
            has_company=self.has_company,
            has_seen=self.has_seen,
        )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A line with what would become of it, if the file were taken in now."""

    line: Line
    outcome: Outcome
    denies: bool
    state: str = ""  # of the entry as it is now
    same_as: int = 0  # the number of the earlier line that says the same


def read_file(data: bytes) -> Table:
    """Read a partner's file, each line under the name by which it is put forward.

    Raises:
        BadTable: nothing of it can be read.
    """
    table, suffixes = read_table(data), known().suffixes
    lines = (replace(line, name=site_of(line.name, suffixes)) for line in table.lines)
    return replace(table, lines=tuple(lines))


def _nomination(line: Line) -> tuple[object, ...]:
    return (line.sight.evidence, line.sight.seen_at) if line.sight else ()


def _judgement(line: Line) -> tuple[object, ...]:
    if line.answers is None:
        return ()
    return (plain(line.assessor), *(getattr(line.answers, word) for word in _WORDS))


def said_of(whose: Whose, names: Iterable[str], by: User) -> dict[str, Said]:
    """What is known of each of these names."""
    wanted = sorted(set(names))
    refused = forbidden(wanted)
    found = {name: Said(is_forbidden=name in refused) for name in wanted}
    for first in range(0, len(wanted), _CHUNK):
        some = wanted[first : first + _CHUNK]
        entries = Entry.objects.filter(block_list=whose.block_list, name__in=some)
        here = {entry.pk: entry for entry in entries.select_related("block_list")}
        nominations = _nominations(whose.agency, here)
        judgements = _judgements(whose.agency, here)
        people = {by, whose.received_by or by}
        own = set().union(*(_in_hands_of(one, whose.agency, here.values()) for one in people))
        heard = _heard(whose, here)
        for pk, entry in here.items():
            found[entry.name] = Said(
                entry,
                entry.name in refused,
                frozenset(nominations.get(pk, ())),
                frozenset(judgements.get(pk, ())),
                pk in own,
                *heard.get(pk, (False, False)),
            )
    return found


def _heard(whose: Whose, entries: Mapping[int, Entry]) -> dict[int, tuple[bool, bool]]:
    """Of entries judged in their round: whether others did, and whether this one can read it."""
    found = Assessment.objects.filter(entry__in=entries, round=F("entry__round"))
    rows: dict[int, list[Assessment]] = {}
    for row in found.select_related("agency").order_by("pk"):
        rows.setdefault(row.entry_id, []).append(row)
    agency, of = whose.agency.pk, whose.block_list
    company = {pk: has_company(agency, said) for pk, said in rows.items()}
    return {pk: (company[pk], company[pk] and is_open_to(agency, of, rows[pk])) for pk in rows}


def _in_hands_of(by: User, agency: Agency, entries: Iterable[Entry]) -> set[int]:
    """Entries that this person judged, signed, or brought another authority's word in about."""
    entries = list(entries)
    brought = hands.brought_in_by(by, entries, but_of=agency)
    return brought | hands.judged_by(by, entries) | hands.signed_by(by, entries)


_Rows = dict[int, set[tuple[object, ...]]]


def _nominations(agency: Agency, entries: Mapping[int, Entry]) -> _Rows:
    rows: _Rows = {}
    found = Nomination.objects.filter(entry__in=entries, agency=agency)
    for pk, *facts in found.values_list("entry_id", "evidence", "seen_at"):
        rows.setdefault(pk, set()).add(tuple(facts))
    return rows


def _judgements(agency: Agency, entries: Mapping[int, Entry]) -> _Rows:
    rows: _Rows = {}
    found = Assessment.objects.filter(entry__in=entries, agency=agency)
    for pk, name, *facts in found.values_list("entry_id", "by_name", *_WORDS):
        rows.setdefault(pk, set()).add((plain(name), *facts))
    return rows


def same_lines(lines: Iterable[Line]) -> dict[int, int]:
    """Number of each line that repeats another, with the number of the first that says so."""
    first: dict[tuple[object, ...], int] = {}
    found = {}
    for line in lines:
        key = (line.name.name, *_nomination(line), "|", *_judgement(line))
        if key in first:
            found[line.number] = first[key]
        else:
            first[key] = line.number
    return found


@dataclass
class Preview:
    """Foresees line after line: what one does to a domain, the next one meets."""

    whose: Whose
    by: User
    at: datetime
    _said: dict[str, Said] = field(default_factory=dict)
    _meanwhile: dict[str, Standing] = field(default_factory=dict)

    def of(self, lines: Iterable[Line]) -> list[Foreseen]:
        lines = list(lines)
        self._said = said_of(self.whose, (line.name.name for line in lines), self.by)
        same = same_lines(lines)
        return [self._one(line, same.get(line.number, 0)) for line in lines]

    def _one(self, line: Line, same_as: int) -> Foreseen:
        said = self._said[line.name.name]
        state = said.entry.state if said.entry else ""
        if same_as:
            return Foreseen(line, Outcome.SAME_LINE, denies=False, state=state, same_as=same_as)
        standing = said.standing(line)
        if after := self._meanwhile.get(line.name.name):
            standing = replace(
                after, is_nominated=standing.is_nominated, is_judged=standing.is_judged
            )
        is_own = self.whose.agency.pk == self.by.agency_id
        outcome = outcome_of(line, standing, at=self.at, is_own=is_own)
        if outcome in TAKEN or outcome is Outcome.REFUSED:
            self._meanwhile[line.name.name] = _after(line, standing, outcome)
        return Foreseen(line, outcome, denies(line) and outcome in TAKEN, state)


def _after(line: Line, standing: Standing, outcome: Outcome) -> Standing:
    """How the next line of the file finds the domain."""
    has_company = standing.has_company and not standing.is_over
    return replace(
        standing,
        is_known=True,
        is_over=outcome is Outcome.REFUSED,
        is_discussed=standing.is_discussed or (denies(line) and not standing.is_judged),
        has_company=has_company,
        has_seen=has_company and (standing.has_seen or speaks(line)),
    )


def why_not(whose: Whose, by: User) -> str:
    """Why this person cannot bring this authority's word in for this list; "" if they can."""
    block_list, agency, mine = whose.block_list, whose.agency, by.agency
    if mine is None or block_list not in lists(by) or not user_may(by, "worstof.nominate"):
        return "not_you"
    if not people_rules.fits("assessor", agency.kind):
        return "no_authority"
    rule = rule_of(block_list)
    if not may_judge(agency.country, rule):
        return "not_of_list"
    if agency.pk == mine.pk:
        return ""
    if not user_may(by, "worstof.manage"):
        return "not_you"
    if agency.country == mine.country and rule.group == "country":
        return "same_country"
    return ""


def agencies_for(by: User) -> list[Agency]:
    """Whose files this person can bring in, for one of the lists at least; one's own first."""
    found = [a for a in Agency.objects.order_by("name") if _for_some_list(a, by)]
    return sorted(found, key=lambda agency: agency.pk != by.agency_id)


def _for_some_list(agency: Agency, by: User) -> bool:
    return any(not why_not(Whose(block_list, agency), by) for block_list in lists(by))


def visible_files(by: User) -> QuerySet[PartnerFile]:
    """A file tells how others judged: who brought it sees it, and the supervisors beside them."""
    found = PartnerFile.objects.select_related("agency", "block_list", "by", "received_by").defer(
        "content"
    )
    mine = found.filter(by__agency=by.agency_id)
    return mine if user_may(by, "worstof.manage") else mine.filter(Q(by=by) | Q(received_by=by))


def lines_of(file: PartnerFile) -> list[PartnerLine]:
    return list(file.lines.select_related("entry").order_by("number"))
