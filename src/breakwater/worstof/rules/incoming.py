"""What becomes of one line of a partner's file. The preview and the import ask the same question.

A line is taken whole or not at all, so that a person who reads the preview knows what will be.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from breakwater.formats.assessment_table import Line
from breakwater.worstof.rules.verdict import NO, YES, is_fresh


class Outcome(StrEnum):
    """The words are kept in the database: none is changed."""

    NEW = "new"  # the domain is put forward here for the first time
    AGAIN = "again"  # it was over; a new round begins
    FURTHER = "further"  # a judgement of a domain that is under way
    NOMINATED = "nominated"  # one more nomination of a domain that is under way
    REFUSED = "refused"  # a guard forbids the name; the nomination is kept
    KNOWN = "known"  # all of it was said before
    SAME_LINE = "same_line"  # an earlier line of the file says the same
    DISCUSSED = "discussed"  # in discussion: no judgement is taken meanwhile
    NO_EVIDENCE = "no_evidence"  # judges a domain that is not under way here
    NOT_SEEN = "not_seen"  # "online", and seen too long ago
    TO_COME = "to_come"  # seen in the future
    OWN_ANSWERS = "own_answers"  # one's own authority judges on the page
    OWN_HANDS = "own_hands"  # the importer has a part in it: two words need two people
    SEEN_OTHERS = "seen_others"  # a yes of an authority that can read what others said
    MOVED = "moved"  # the entry moved on between nomination and judgement


TAKEN = frozenset({Outcome.NEW, Outcome.AGAIN, Outcome.FURTHER, Outcome.NOMINATED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What the desk knows of a line's domain. `is_over` also if it does not know it at all."""

    is_known: bool
    is_over: bool
    is_discussed: bool
    is_forbidden: bool  # by a guard
    is_nominated: bool  # by this authority with the same evidence
    is_judged: bool  # by this authority with the very same words
    in_own_hands: bool = False  # the importer judged or signed it, or brought another's word
    has_company: bool = False  # other authorities have judged in this round
    has_seen: bool = False  # and this one can read what they said


def outcome_of(line: Line, standing: Standing, *, at: datetime, is_own: bool = False) -> Outcome:
    """Say what becomes of a line at the moment `at`; `is_own` if the importer's authority says it.

    A judgement that was sent before stays the same judgement, whatever round has begun since:
    sending last year's file again verifies nothing anew.
    """
    if is_own and line.answers:
        return Outcome.OWN_ANSWERS
    nominates = line.sight is not None and not standing.is_nominated
    judges = line.answers is not None and not standing.is_judged
    if not (nominates or judges):
        return Outcome.KNOWN
    if late := _sights(line, judges=judges, at=at):
        return late
    if standing.is_over:
        return _beginning(standing) if nominates else Outcome.NO_EVIDENCE
    return _further(line, standing) if judges else Outcome.NOMINATED


def _further(line: Line, standing: Standing) -> Outcome:
    if standing.is_discussed:
        return Outcome.DISCUSSED
    if standing.in_own_hands:
        return Outcome.OWN_HANDS
    is_late = standing.has_seen and set(answers_of(line)) == {YES}
    return Outcome.SEEN_OTHERS if is_late else Outcome.FURTHER


def _sights(line: Line, *, judges: bool, at: datetime) -> Outcome | None:
    sight, answers = line.sight, line.answers if judges else None
    if (sight and sight.seen_at > at) or (answers and answers.seen_online_at > at):
        return Outcome.TO_COME
    if answers and answers.online == YES and not is_fresh(answers.seen_online_at, at=at):
        return Outcome.NOT_SEEN
    return None


def _beginning(standing: Standing) -> Outcome:
    if standing.is_forbidden:
        return Outcome.REFUSED
    return Outcome.AGAIN if standing.is_known else Outcome.NEW


def denies(line: Line) -> bool:
    """Whether the line says no to a criterion: a listed domain leaves the list with it."""
    return NO in answers_of(line)


def speaks(line: Line) -> bool:
    """Whether the line says yes or no to every criterion."""
    said = answers_of(line)
    return bool(said) and set(said) <= {YES, NO}


def answers_of(line: Line) -> tuple[str, ...]:
    """The answers to the criteria; empty if the line judges nothing."""
    said = line.answers
    return (said.real, said.under_13, said.severe, said.online) if said else ()
