"""A list's rule is changed by two people: one proposes, another confirms, anybody of them stops it.

A rule that asks for less is confirmed by those whose part it makes smaller: on a list that counts
countries somebody of another country than the proposer's, else somebody of another agency.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.db.models import F

from breakwater.custody.actions import record
from breakwater.people.access import user_may
from breakwater.people.models import User
from breakwater.people.rules import plain
from breakwater.worstof.actions.lists import Terms, check_terms, keep_terms, terms_of
from breakwater.worstof.actions.told import Told, Voice
from breakwater.worstof.models import Assessment, BlockList, Entry, RuleChange
from breakwater.worstof.queries.board import lands
from breakwater.worstof.queries.judged import as_said, rule_of
from breakwater.worstof.rules.verdict import Outcome, Rule, loosens, verdict

State = RuleChange.State


class NotChanged(Exception):
    """A change of a rule cannot be made so; the class says why."""


class NothingChanges(NotChanged):
    """The list has these terms already."""


class AnotherWaits(NotChanged):
    """Another change of this list waits; it has to end first."""


class ReasonMissing(NotChanged):
    """Say why."""


class MayNotConfirm(NotChanged):
    """The proposer, or somebody whose word does not count beside the proposer's."""


class MayNotWithdraw(NotChanged):
    """Neither the proposer, nor a supervisor, nor somebody who could confirm."""


class EndedAlready(NotChanged):
    """Somebody confirmed or withdrew it meanwhile."""


def propose(
    block_list: BlockList, terms: Terms, *, by: User, reason: str, at: datetime
) -> RuleChange:
    """Propose other terms for a list; nothing changes until somebody else confirms.

    Raises:
        BadTerms: the terms cannot be, or the country would change under the list's entries.
        NothingChanges, AnotherWaits, ReasonMissing: nothing was proposed.
    """
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        block_list = BlockList.objects.select_for_update().get(pk=block_list.pk)
        check_terms(block_list, terms)
        if terms == terms_of(block_list):
            raise NothingChanges
        if waiting(block_list):
            raise AnotherWaits
        voice = Voice.of(by)
        made = RuleChange.objects.create(
            block_list=block_list, terms=asdict(terms), reason=reason.strip(), by=by,
            agency=voice.agency, at=at,
        )  # fmt: skip
        detail = {"reason": made.reason, "terms": differences(made)}
        target = block_list.name
        record("worstof.list.change_proposed", actor=by, at=at, target=target, detail=detail)
    return made


def confirm(change: RuleChange, *, by: User, at: datetime) -> BlockList:
    """Let a proposed change hold from now on.

    What the new rule alone would list is judged anew: judgements that were given under the old
    rule list nothing by themselves.

    Raises:
        EndedAlready, MayNotConfirm: nothing was changed.
        BadTerms: the terms cannot be any more, since another list took the name.
    """
    with transaction.atomic():
        change = _open(change)
        if not may_confirm(by, change):
            raise MayNotConfirm
        block_list, before = change.block_list, rule_of(change.block_list)
        differed = differences(change)
        keep_terms(block_list, Terms(**change.terms))
        begun = _judge_anew(block_list, before, by=by, at=at)
        detail = {"reason": change.reason, "proposed_by": change.by.audit_name,
                  "terms": differed, "judged_anew": begun}  # fmt: skip
        _end(change, State.CONFIRMED, by, at)
        target = change.terms["name"]
        record("worstof.list.changed", actor=by, at=at, target=target, detail=detail)
    return block_list


def withdraw(change: RuleChange, *, by: User, at: datetime) -> None:
    """End a proposed change; the list's rule stays as it is.

    Raises:
        EndedAlready, MayNotWithdraw: nothing was ended.
    """
    with transaction.atomic():
        change = _open(change)
        if not may_withdraw(by, change):
            raise MayNotWithdraw
        _end(change, State.WITHDRAWN, by, at)
        target = change.block_list.name
        record("worstof.list.change_withdrawn", actor=by, at=at, target=target)


def waiting(block_list: BlockList) -> RuleChange | None:
    found = RuleChange.objects.filter(block_list=block_list, state=State.WAITING)
    return found.select_related("block_list", "by", "agency").first()


def differences(change: RuleChange) -> dict[str, list[object]]:
    """What the change makes of which term: before and after."""
    before = asdict(terms_of(change.block_list))
    return {k: [before[k], v] for k, v in change.terms.items() if before[k] != v}


def asks_for_less(change: RuleChange) -> bool:
    """Whether fewer or less different authorities are enough, or names stay longer unlooked at."""
    after = Rule(change.terms["verifications"], change.terms["distinct"])
    is_longer = any(
        change.terms[days] > getattr(change.block_list, days)
        for days in ("fresh_days", "grace_days")
    )
    return is_longer or loosens(rule_of(change.block_list), after)


def may_confirm(by: User, change: RuleChange) -> bool:
    """Whether this person's word counts beside the proposer's."""
    same = by.pk == change.by_id or plain(str(by)) == plain(str(change.by))
    if same or by.agency is None or change.block_list.country not in lands(by):
        return False
    if not asks_for_less(change):
        return user_may(by, "worstof.manage")
    if change.block_list.distinct == BlockList.Distinct.COUNTRY:
        return user_may(by, "worstof.assess") and by.agency.country != change.agency.country
    return user_may(by, "worstof.assess") and by.agency != change.agency


def may_withdraw(by: User, change: RuleChange) -> bool:
    if change.block_list.country not in lands(by):
        return False
    return by.pk == change.by_id or user_may(by, "worstof.manage") or may_confirm(by, change)


def _open(change: RuleChange) -> RuleChange:
    # The list's row first, as in `propose`.
    BlockList.objects.select_for_update().get(pk=change.block_list_id)
    rows = RuleChange.objects.select_for_update(of=("self",))
    now = rows.select_related("block_list", "by", "agency").get(pk=change.pk)
    if now.state != State.WAITING:
        raise EndedAlready
    return now


def _end(change: RuleChange, state: RuleChange.State, by: User, at: datetime) -> None:
    change.state, change.ended_by, change.ended_at = state, by, at
    change.save(update_fields=["state", "ended_by", "ended_at"])


def _judge_anew(block_list: BlockList, before: Rule, *, by: User, at: datetime) -> int:
    """Begin a new round for what the new rule alone would list; say for how many."""
    after = rule_of(block_list)
    if not loosens(before, after):
        return 0
    asked = Entry.objects.filter(block_list=block_list, state__in=_ASKED)
    entries = list(
        asked.select_for_update(of=("self",)).select_related("block_list").order_by("pk")
    )
    found = [e for e, rows in _judged(entries) if _lists_alone(rows, before, after, at)]
    for entry in found:
        entry.round += 1
        told = Told(entry, by, at, Voice.of(by))
        told.say("worstof.entry.begun_anew")
        told.write()
    return len(found)


_ASKED = (Entry.State.NOMINATED, Entry.State.DUE)


def _judged(entries: Sequence[Entry]) -> list[tuple[Entry, list[Assessment]]]:
    rows = Assessment.objects.filter(
        entry__in=[entry.pk for entry in entries], round=F("entry__round")
    )
    of: dict[int, list[Assessment]] = {}
    for row in rows.select_related("agency", "by").order_by("pk"):
        of.setdefault(row.entry_id, []).append(row)
    return [(entry, of[entry.pk]) for entry in entries if entry.pk in of]


def _lists_alone(rows: list[Assessment], before: Rule, after: Rule, at: datetime) -> bool:
    said = as_said(rows)
    now, then = (verdict(said, rule, at=at).outcome for rule in (after, before))
    return now is Outcome.VERIFIED and then is not Outcome.VERIFIED
