"""The sentences and words of the pages on which entries live."""

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from breakwater.drawing.words import in_one_line
from breakwater.worstof.models import Assessment, BlockList, Entry, RuleChange, Step
from breakwater.worstof.queries.board import Row
from breakwater.worstof.queries.known_names import guards_against
from breakwater.worstof.queries.standing import Standing
from breakwater.worstof.queries.waiting import Ask
from breakwater.worstof.rules import verdict as rules
from breakwater.worstof.rules.verdict import Outcome, Verdict, Why

Words = Mapping[str, str | Promise]

VIEWS: Words = {
    "mine": lazy("Waits for me"),
    "nominated": lazy("To be assessed"),
    "discussion": lazy("In discussion"),
    "guarded": lazy("For two signatures"),
    "due": lazy("To be verified again"),
    "listed": lazy("Listed"),
    "over": lazy("Over"),
    "all": lazy("All"),
}
SHORT_STATES: Words = {
    "nominated": lazy("To be assessed"),
    "discussion": lazy("In discussion"),
    "guarded": lazy("For two signatures"),
    "listed": lazy("Listed"),
    "due": lazy("Listed, due"),
    "lapsed": lazy("Lapsed"),
    "removed": lazy("Removed"),
    "refused": lazy("Refused"),
}
CRITERIA: Words = {
    "real": lazy("The children are real"),
    "under_13": lazy("They are or appear younger than 13"),
    "severe": lazy("The abuse is severe"),
    "online": lazy("Online within the last three months"),
}
CRITERIA_HELP: Words = {
    "real": lazy("Not drawn, morphed or made by a computer."),
    "under_13": lazy("By what is seen; doubt is “Cannot say”."),
    "severe": lazy("Sexual contact, or the focus on the genital or anal region."),
    "online": lazy("You or a colleague saw it yourselves, on the day given below."),
}
CONFIDENCE: Words = {
    "low": lazy("Not sure"),
    "medium": lazy("Fairly sure"),
    "high": lazy("Sure"),
}
RISKS: Words = {
    "confidence_low": lazy("An authority was not sure"),
    "confidence_medium": lazy("An authority was only fairly sure"),
    "never_seen": lazy("No sight of it is kept"),
    "seen_month": lazy("Seen last some time ago"),
    "appeal": lazy("Appeals against it"),
    "report": lazy("Reports here name it"),
    "guard": lazy("A guard named it"),
    "new_guard": lazy("A guard names it since it was verified"),
}
GUARDS: Words = {
    "public_suffix": lazy("Many owners register names below this one (public suffix)"),
    "above_suffix": lazy("A public suffix lies below it"),
    "never_block": lazy("This desk's list of names that are never blocked"),
    "shared_host": lazy("A host that many sites share"),
    "url_shortener": lazy("It shortens addresses of other sites"),
    "cdn": lazy("A delivery network that other sites need"),
    "infrastructure": lazy("The Internet's own infrastructure"),
    "above_named": lazy("A name that must stay reachable lies below it"),
    "below_shared_host": lazy("It lies below a host that many sites share"),
    "below_url_shortener": lazy("It lies below a host that shortens addresses"),
    "below_cdn": lazy("It lies below a delivery network"),
    "below_infrastructure": lazy("It lies below the Internet's own infrastructure"),
    "own_host": lazy("A host of this desk or of a provider's stop page"),
    "top_site": lazy("One of the most visited sites"),
    "above_top_site": lazy("One of the most visited sites lies below it"),
    "below_top_site": lazy("It lies below one of the most visited sites"),
    "www_without_dot": lazy("“www” without a dot: perhaps mistyped"),
    "one_letter": lazy("A name of one letter: perhaps mistyped"),
    "mixed_scripts": lazy("Letters of several scripts: perhaps an imitation of another name"),
}
HOSTING: Words = {
    "provider": lazy("Hosting provider"),
    "country": lazy("Country of the host"),
    "registrar": lazy("Registrar"),
    "address": lazy("IP address, as seen"),
}
SOURCES: Words = {
    "report": lazy("From a report"),
    "hand": lazy("By hand"),
    "file": lazy("By file"),
    "partner": lazy("By a partner's file"),
}
BAD_NAMES: Words = {
    "empty": lazy("No name is given."),
    "scheme": lazy("Only web addresses (http, https) can be listed."),
    "email": lazy("This is an e-mail address, not a domain."),
    "ip_address": lazy("An IP address is never listed: many sites can share it."),
    "characters": lazy("A sign in it cannot be part of a domain name."),
    "wildcard": lazy("Leave the star out: what lies below a listed name is blocked with it."),
    "empty_label": lazy("Two dots follow each other, or a dot stands first."),
    "hyphen": lazy("A part begins or ends with a hyphen."),
    "label_length": lazy("A part is longer than 63 signs."),
    "name_length": lazy("The name is too long to be listed."),
    "punycode": lazy("A part begins with “xn--” but says nothing."),
    "single_label": lazy("A single word is no domain."),
    "top_level": lazy("It does not end in a top-level domain."),
    "not_in_dns": lazy("Names that end so are not in the DNS."),
}
REFUSALS: Words = {
    "WrongState": lazy("The domain has moved on meanwhile. Nothing was changed."),
    "NotYours": lazy("This list takes authorities of one country only, and yours is another."),
    "AlreadyNominated": lazy("Your authority has put this domain forward with the same evidence."),
    "NotSeenLately": lazy("“Online” needs a sight within the last three months, and not to come."),
    "JudgedIt": lazy("You assessed this domain: the extra signatures come from others."),
    "SignedIt": lazy("You signed this domain: another person has to judge."),
    "SignedAlready": lazy("You have signed already. A second person has to sign."),
    "BroughtIn": lazy("You brought a partner's judgement of it in: another has to judge or sign."),
    "SeenOthers": lazy(
        "Your authority can read what others said, so only a doubt or a no is taken. Discuss it, and all judge anew."
    ),
    "TooLate": lazy("It can no longer be taken back: ten minutes are over, or something followed."),
    "NoReason": lazy("Say why."),
    "Guarded": lazy("A guard forbids this name. Have its table put right first."),
}
# What a round asks of an authority that has judged in it.
ASKS: Words = {
    Ask.JUDGE: lazy("Your authority has judged, but verified nothing: it can judge again"),
    Ask.DISCUSS: lazy("No further yes would count in this round: discuss it, and all judge anew"),
}
# What is listed and not blocked, see `queries.apart`.
NOT_BLOCKED: Words = {
    Standing.WAITS: lazy("Not blocked yet: it waits to be published"),
    Standing.HELD: lazy("Not blocked yet: it is held and waits for the second person"),
    Standing.UNBLOCKED: lazy("Not blocked, though it is listed"),
}
# What left its list and is blocked all the same.
STILL_BLOCKED: Words = {
    Standing.LEAVING: lazy("Still blocked: its removal waits to be published"),
    Standing.LEAVING_HELD: lazy("Still blocked: its removal waits for two signatures"),
}
# Why the publisher refused an addition, by the first word of `ZoneChange.refused`.
NOT_PUBLISHED: Words = {
    "guard": lazy("refused: a guard names it"),
    "form": lazy("refused: this is no name that can be blocked"),
    "never-block": lazy("refused: it must never be blocked"),
    "not-verified": lazy(
        "refused: it was not listed, or not verified by the list's rule, any more"
    ),
    "discarded": lazy("thrown away while it was held"),
}
BAD_TERMS: Words = {
    "name": lazy("Another list has this name."),
    "country": lazy("A list that has domains stays of its country."),
    "distinct": lazy("A national list has authorities of one country: count its agencies."),
}
TERMS: Words = {
    "name": lazy("Name of the list"),
    "legal_basis": lazy("By what right names are blocked"),
    "country": lazy("Whose list it is"),
    "verifications": lazy("Authorities that have to verify"),
    "distinct": lazy("Which count beside each other"),
    "fresh_days": lazy("Days until it has to be verified again"),
    "grace_days": lazy("Days of grace after that"),
}
NOT_CHANGED: Words = {
    "NothingChanges": lazy("The list has this rule already."),
    "AnotherWaits": lazy("Another change of this rule waits for a second person."),
    "ReasonMissing": lazy("Say why."),
    "MayNotConfirm": lazy(
        "Your word does not count beside the proposer's: another has to confirm."
    ),
    "MayNotWithdraw": lazy("Only the proposer, or who could confirm, ends a proposed change."),
    "EndedAlready": lazy("Somebody confirmed or ended this change meanwhile."),
}
# Why a judgement does not count although the table shows four times yes.
WHY: Words = {
    Why.STALE: lazy("seen too long ago"),
    Why.SAME_PERSON: lazy(
        "somebody of the same name judged for another authority, and a person counts once: somebody else has to judge"
    ),
    Why.SAME_GROUP: lazy("another of the same country or agency counts already"),
    Why.OUTSIDE: lazy("of another country than the list's"),
}


def word(words: Words, key: str) -> str:
    return str(words.get(key, key))


def guard_line(key: str, match: str) -> str:
    return f"{word(GUARDS, key)}: {match}" if match else word(GUARDS, key)


def rule_line(of: BlockList) -> str:
    """Who has to verify a domain before it is on a list."""
    n = of.verifications
    if of.distinct == BlockList.Distinct.COUNTRY:
        text = ngettext(
            "%(n)s authority of a country verifies all criteria",
            "%(n)s authorities of different countries verify all criteria",
            n,
        )
    else:
        text = ngettext(
            "%(n)s agency verifies all criteria", "%(n)s agencies verify all criteria", n
        )
    return text % {"n": n}


def term(name: str, value: object) -> str:
    """One term of a list as its page shows it."""
    return str(BlockList.Distinct(str(value)).label) if name == "distinct" else str(value)


def confirmer_line(of: RuleChange, *, asks_for_less: bool) -> str:
    """Whose word a proposed change waits for."""
    if not asks_for_less:
        return _("Another supervisor has to confirm it.")
    if of.block_list.distinct == BlockList.Distinct.COUNTRY:
        return _("The rule would ask for less: somebody of another country has to confirm it.")
    return _("The rule would ask for less: somebody of another agency has to confirm it.")


def clock_line(of: BlockList) -> str:
    """For how long that holds."""
    again = ngettext(
        "Verified again after %(n)s day", "Verified again after %(n)s days", of.fresh_days
    )
    leaves = ngettext(
        "leaves the list %(n)s day later", "leaves the list %(n)s days later", of.grace_days
    )
    return f"{again % {'n': of.fresh_days}}; {leaves % {'n': of.grace_days}}"


def board_answer(waiting: int) -> str:
    """What the board says first."""
    if not waiting:
        return _("No domain waits for you.")
    text = ngettext("%(n)s domain waits for you.", "%(n)s domains wait for you.", waiting)
    return text % {"n": waiting}


def row_line(row: Row) -> str:
    """What an entry waits for, without telling how another authority judged it."""
    if row.entry.state in (Entry.State.NOMINATED, Entry.State.DUE):
        return word(ASKS, row.ask) if row.ask and row.is_judged_by_mine else _judging_line(row)
    return state_line(row.entry, row.standing)


def _judging_line(row: Row) -> str:
    if row.is_judged_by_mine:
        return _("Your authority has judged; it waits for others")
    if row.judged:
        text = ngettext(
            "%(n)s authority has judged, yours has not",
            "%(n)s authorities have judged, yours has not",
            row.judged,
        )
        return text % {"n": row.judged}
    return _("Nobody has judged it yet")


def forbidding(entry: Entry) -> list[str]:
    """The guards that forbid the name as they are now."""
    found = guards_against(entry.name)
    return [guard_line(guard.key, guard.match) for guard in found if guard.refuses]


def step_reason(step: Step) -> str:
    """Why a step was taken: what a person wrote, or in words what the publisher found."""
    if step.verb != "worstof.entry.dropped":
        return step.reason
    kind, _colon, key = step.reason.partition(":")
    return word(BAD_NAMES, key) if kind == "form" else word(GUARDS, key or "never_block")


def refused_line(refused: str) -> str:
    """Why an addition was not published."""
    return word(NOT_PUBLISHED, refused.partition(":")[0])


def state_line(entry: Entry, standing: Standing | None = None) -> str:
    """What an entry waits for, whoever reads it; `standing` says whether it is blocked."""
    if standing and standing in NOT_BLOCKED:
        return word(NOT_BLOCKED, standing)
    if standing and standing in STILL_BLOCKED:
        return f"{_state_line(entry)}. {word(STILL_BLOCKED, standing)}"
    return _state_line(entry)


def short_line(entry: Entry, standing: Standing | None) -> str:
    """The same in the fewest words."""
    state = word(SHORT_STATES, entry.state)
    odd = STILL_BLOCKED.get(standing or "") or NOT_BLOCKED.get(standing or "")
    return f"{state}. {odd}" if odd else state


def _state_line(entry: Entry) -> str:
    return {
        Entry.State.NOMINATED: _("Authorities have to judge it"),
        Entry.State.DUE: _("Authorities have to judge it again; it stays blocked meanwhile"),
        Entry.State.DISCUSSION: _("Authorities differ: end the discussion when they agree"),
        Entry.State.GUARDED: _("Two people who did not judge it have to sign"),
        Entry.State.LISTED: _("Blocked until its freshness ends"),
        Entry.State.LAPSED: _("Nobody verified it again in time, so it left the list"),
        Entry.State.REMOVED: _("Taken away"),
        Entry.State.REFUSED: _("Will not be listed"),
    }[Entry.State(entry.state)]


def relation(entry: Entry, to: Entry) -> str:
    """How the names of two entries stand to each other."""
    if entry.name == to.name:
        return _("The same name on another list")
    if to.name.endswith(f".{entry.name}"):
        return _("Above it: this one is blocked too while it is")
    return _("Below it: blocked too while this one is")


def covering_lines(name: str, entries: Sequence[Entry]) -> list[str]:
    """What is listed and blocks a name that an appeal is against, where it is another name."""
    names = {e.name: e.shown for e in entries if e.state in Entry.PUBLISHED and e.name != name}
    above = _("%(listed)s is listed, and the block covers everything below it, also %(name)s.")
    beside = _("%(listed)s is listed: the same site as %(name)s.")
    return [
        (beside if listed == f"www.{name}" else above) % {"listed": shown, "name": name}
        for listed, shown in names.items()
    ]


def said_line(of: Assessment) -> str:
    """An assessment in one line: all criteria verified, or those that were not."""
    missed = [
        f"{CRITERIA[name]}: {getattr(of, f'get_{name}_display')()}"
        for name in rules.CRITERIA
        if getattr(of, name) != rules.YES
    ]
    return in_one_line(missed) or _("All criteria verified")


def reason_lines(verdict: Verdict, agencies: Mapping[int, str]) -> list[str]:
    """Which authorities' judgements do not count, and why; `agencies` gives names by number."""
    return [f"{agencies[r.agency]}: {WHY[r.why]}" for r in verdict.reasons if r.why in WHY]


def verdict_line(verdict: Verdict) -> str:
    """What the assessments add up to, for readers who may see them."""
    if verdict.outcome is Outcome.DENIED:
        return _("A criterion was denied.")
    if verdict.outcome is Outcome.VERIFIED:
        return _("Enough authorities have verified all criteria.")
    text = ngettext(
        "%(n)s more authority has to verify all criteria.",
        "%(n)s more authorities have to verify all criteria.",
        verdict.missing,
    )
    return text % {"n": verdict.missing}
