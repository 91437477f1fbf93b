"""What the assessments of one round add up to under a list's rule. Nothing is decided here alone.

Criteria: INTERPOL, "Criteria for inclusion in the Worst-of list": real children, who are or appear
younger than 13, severe abuse, online within the last three months, and reviewed by at least two
different countries or agencies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CRITERIA = ("real", "under_13", "severe", "online")
YES, NO, UNSURE = "yes", "no", "unsure"
SEEN_WITHIN = timedelta(days=92)
"""Three months at their longest: July, August and the month before or after."""
FEWEST = 2
"""No list lists a domain on the word of fewer authorities."""
SIGNATURES = 2
"""Extra signatures of two people that a guarded name needs."""


class Outcome(StrEnum):
    VERIFIED = "verified"
    DENIED = "denied"
    WAITING = "waiting"


class Why(StrEnum):
    """Why an assessment keeps the verdict from being "verified"."""

    DENIED = "denied"
    UNSURE = "unsure"
    STALE = "stale"  # "online" was answered yes, but seen too long ago
    SAME_PERSON = "same_person"
    SAME_GROUP = "same_group"  # another of this country (or agency) counts already
    OUTSIDE = "outside"  # the list takes authorities of one country only


@dataclass(frozen=True, slots=True)
class Rule:
    """What a list asks for. `group` is "country" or "agency"; `only_country` is "" for any."""

    verifications: int = FEWEST
    group: str = "country"
    only_country: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One assessment. `person` is the same text for the same human being, whatever the agency."""

    agency: int
    country: str
    person: str
    answers: Mapping[str, str]
    seen_online_at: datetime
    at: datetime
    order: int = 0  # breaks ties between assessments of the same moment


@dataclass(frozen=True, slots=True)
class Reason:
    why: Why
    agency: int
    criterion: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`counted` are the agencies whose verification counts, `missing` how many more it takes."""

    outcome: Outcome
    counted: tuple[int, ...]
    groups: frozenset[str]
    missing: int
    reasons: tuple[Reason, ...]


def verdict(said: Iterable[Said], rule: Rule, *, at: datetime) -> Verdict:
    """Weigh the assessments of one round at the moment `at`.

    Of each agency the latest counts. Among those that answer yes to all criteria, the most that
    differ both in person and in group are counted. One "no" outweighs any number of yeses.
    """
    standing = latest_of_agencies(said)
    reasons = [reason for s in standing for reason in _objections(s, rule, at)]
    blocked = {reason.agency for reason in reasons}
    full = [s for s in standing if s.agency not in blocked]
    chosen = _most_different(full, rule)
    reasons += [
        Reason(_why_not_counted(s, chosen, rule), s.agency) for s in full if s not in chosen
    ]
    missing = max(0, max(rule.verifications, FEWEST) - len(chosen))
    is_denied = any(reason.why is Why.DENIED for reason in reasons)
    return Verdict(
        Outcome.DENIED if is_denied else Outcome.WAITING if missing else Outcome.VERIFIED,
        tuple(s.agency for s in chosen),
        frozenset(group_of(s.agency, s.country, rule) for s in chosen),
        missing,
        tuple(reasons),
    )


def latest_of_agencies(said: Iterable[Said]) -> list[Said]:
    """The latest assessment of each agency, oldest first."""
    latest: dict[int, Said] = {}
    for one in sorted(said, key=lambda s: (s.at, s.order)):
        latest.pop(one.agency, None)
        latest[one.agency] = one
    return list(latest.values())


def would_help(verdict: Verdict, agency: int, country: str, rule: Rule) -> bool:
    """Whether a verification by this authority would bring the entry nearer to being listed."""
    if verdict.outcome is not Outcome.WAITING or not may_judge(country, rule):
        return False
    return group_of(agency, country, rule) not in verdict.groups


def loosens(before: Rule, after: Rule) -> bool:
    """Whether fewer authorities, or less different ones, are enough than before."""
    is_fewer = after.verifications < before.verifications
    return is_fewer or (before.group == "country" and after.group != "country")


def may_judge(country: str, rule: Rule) -> bool:
    return not rule.only_country or country == rule.only_country


def group_of(agency: int, country: str, rule: Rule) -> str:
    return country if rule.group == "country" else str(agency)


def is_fresh(seen_online_at: datetime, *, at: datetime) -> bool:
    """Whether material was seen online within the last three months, and not in the future."""
    return at - SEEN_WITHIN <= seen_online_at <= at


def _objections(said: Said, rule: Rule, at: datetime) -> list[Reason]:
    if not may_judge(said.country, rule):
        return [Reason(Why.OUTSIDE, said.agency)]
    found = [Reason(Why.DENIED, said.agency, c) for c in CRITERIA if said.answers.get(c) == NO]
    found += [
        Reason(Why.UNSURE, said.agency, c) for c in CRITERIA if said.answers.get(c) not in (YES, NO)
    ]
    is_old = said.seen_online_at < at - SEEN_WITHIN or said.seen_online_at > max(at, said.at)
    if said.answers.get("online") == YES and is_old:
        found.append(Reason(Why.STALE, said.agency, "online"))
    return found


def _most_different(full: Sequence[Said], rule: Rule) -> list[Said]:
    """The largest choice in which no person and no group comes twice: a bipartite matching.

    Taking them in order of time would count one where two could count: P for agency A, then P
    for B after moving, then Q for A's country.
    """
    of_group: dict[str, Said] = {}

    def place(said: Said, seen: set[str]) -> bool:
        for other in (x for x in full if x.person == said.person):
            group = group_of(other.agency, other.country, rule)
            if group in seen:
                continue
            seen.add(group)
            holder = of_group.get(group)
            if holder is None or place(holder, seen):
                of_group[group] = other
                return True
        return False

    placed: set[str] = set()
    for one in full:
        if one.person not in placed and place(one, set()):
            placed.add(one.person)
    return [s for s in full if s in of_group.values()]


def _why_not_counted(said: Said, chosen: Sequence[Said], rule: Rule) -> Why:
    if any(other.person == said.person for other in chosen):
        return Why.SAME_PERSON
    return Why.SAME_GROUP
