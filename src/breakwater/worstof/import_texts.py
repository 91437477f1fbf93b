"""The sentences of the pages and the command by which partners' files come in."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from breakwater.formats.assessment_table import MOST_BYTES, MOST_LINES, Fault
from breakwater.worstof.entry_texts import BAD_NAMES, Words, word

OUTCOMES: Words = {
    "new": lazy("New domain"),
    "again": lazy("Was over, begins anew"),
    "further": lazy("Judgement of a domain under way"),
    "nominated": lazy("More evidence of a domain under way"),
    "refused": lazy("Refused: a guard forbids the name"),
    "known": lazy("Known already"),
    "same_line": lazy("Says the same as an earlier line"),
    "discussed": lazy("Left out: the domain is in discussion"),
    "no_evidence": lazy("Left out: not under way here, and no new evidence is given"),
    "not_seen": lazy("Left out: “online” needs a sight within the last three months"),
    "to_come": lazy("Left out: seen at a moment that is still to come"),
    "own_answers": lazy("Left out: your own authority judges on the domain's page"),
    "own_hands": lazy(
        "Left out: you judged or signed it, or brought another authority's word in; somebody else has to bring this"
    ),
    "seen_others": lazy(
        "Left out: this authority can read what others said of it, so a further yes does not count"
    ),
    "moved": lazy("Left out: the domain moved on meanwhile"),
}
EXPECTED: Words = {
    "something": lazy("Expected: something; it is empty"),
    "text": lazy("Expected: a text"),
    "shorter": lazy("Expected: a shorter text"),
    "plain": lazy("Expected: a text without control characters"),
    "moment": lazy("Expected: a moment such as 2026-11-02T12:00Z"),
    "zone": lazy("Expected: the zone with the time, such as Z or +01:00"),
    "answer": lazy("Expected: yes, no or unsure"),
    "level": lazy("Expected: low, medium or high"),
    "country": lazy("Expected: a country code of two letters"),
    "address": lazy("Expected: an IP address"),
    "sight_or_judgement": lazy("Expected: evidence, or the answers to the criteria, or both"),
    "known_column": lazy("This column means nothing here and is not read"),
    "width": lazy("Expected: not more cells than the header has"),
    "quotes": lazy("Expected: a closing quotation mark"),
    "object": lazy("Expected: an object with the names of the columns"),
}
UNREADABLE: Words = {
    "empty": lazy("The file is empty."),
    "too_many_lines": lazy("The file has more than %(lines)s lines. Split it."),
    "too_large": lazy("The file is larger than %(megabytes)s MB. Split it."),
    "not_utf8": lazy("The file is not UTF-8. Save it as CSV in UTF-8 and choose it again."),
    "not_json": lazy("This is no JSON, or it holds no list of objects."),
    "no_domain_column": lazy("The first line has to name the columns, and one has to be “domain”."),
    "column_twice": lazy("A column is there twice."),
}
WHY_NOT: Words = {
    "not_you": lazy("Only a supervisor brings in what another authority says."),
    "no_authority": lazy("Only a police authority or a prosecutor's office judges domains."),
    "not_of_list": lazy("This list takes authorities of one country only, and this is another."),
    "same_country": lazy("This list counts one authority of a country, and yours is of this one."),
}


def unreadable(problem: str) -> str:
    sizes = {"lines": MOST_LINES, "megabytes": MOST_BYTES >> 20}
    return word(UNREADABLE, problem) % sizes


def fault_text(fault: Fault) -> str:
    """What a cell should have been, in a sentence."""
    return word(EXPECTED, fault.expected) if fault.expected in EXPECTED else _bad_name(fault)


def _bad_name(fault: Fault) -> str:
    return word(BAD_NAMES, fault.expected)


def draft_answer(changing: int) -> str:
    """What the page of a file says first while it waits for a person."""
    if not changing:
        return _("Nothing in this file would change anything")
    text = ngettext(
        "%(n)s line would be taken in: look through it and confirm",
        "%(n)s lines would be taken in: look through them and confirm",
        changing,
    )
    return text % {"n": changing}


def waiting_answer(done: int, total: int) -> str:
    return _("%(done)s of %(total)s lines are dealt with") % {"done": done, "total": total}


def done_answer(taken: int, total: int) -> str:
    text = ngettext(
        "%(n)s of %(total)s line was taken in", "%(n)s of %(total)s lines were taken in", total
    )
    return text % {"n": taken, "total": total}


def left_out(count: int) -> str:
    text = ngettext("%(n)s line cannot be read", "%(n)s lines cannot be read", count)
    return text % {"n": count}
