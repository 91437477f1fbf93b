"""Adds decisions to the transparency log and signs what it has become."""

import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from breakwater.custody.actions import NotInTransaction, record
from breakwater.storage.bulk import lock_writer
from breakwater.worstof import signing
from breakwater.worstof.models import Appeal, Entry, LogCount, LogHead, LogLeaf, LogNode
from breakwater.worstof.queries import log
from breakwater.worstof.rules import leaves, merkle
from breakwater.worstof.rules.opened import Opened

_log = logging.getLogger(__name__)
# What a leaf can tell, see `LogLeaf.verb`; the yearly report counts these words.
VERBS = ("listed", "removed", "lapsed", "appeal-upheld", "appeal-rejected", "appeal-unlisted")
BETWEEN_HEADS = timedelta(minutes=1)
# A head without new leaves is signed again after a day, so that a log that stands still can be
# told from one that somebody holds back.
RENEWED_AFTER = timedelta(days=1)
_WRITER = 0x776F6C67  # of `lock_writer`: the log has one writer at a time


class NotInLog(Exception):
    """There is no such leaf, or no signed head covers it yet."""


def append(verb: str, entry: Entry, *, at: datetime) -> LogLeaf:
    """Put a decision on an entry into the log; call it in the decision's own transaction.

    The leaf's index is the next one, also when several processes decide at once: they queue
    until the transaction of the one before has ended, and a transaction that fails leaves no gap.

    Raises:
        NotInTransaction: there is no open transaction.
        ValueError: the verb is none of `VERBS`.
    """
    return append_all(verb, [entry], at=at)[0]


def append_all(verb: str, entries: Sequence[Entry], *, at: datetime) -> list[LogLeaf]:
    """The same for many entries of which one decision was made, in their order.

    Raises: as `append` does.
    """
    return _append(verb, [(entry.name, entry.block_list.name) for entry in entries], at)


def append_answer(verb: str, appeal: Appeal, *, at: datetime) -> LogLeaf:
    """Put the answer to an appeal into the log: one leaf, whether or not the name was ever known.

    A leaf for known names alone would tell whoever appeals, by the size of the log, which names
    are known.

    Raises: as `append` does.
    """
    on = appeal.entry.block_list.name if appeal.entry else ""
    return _append(verb, [(appeal.name or appeal.given, on)], at)[0]


def _append(verb: str, named: Sequence[tuple[str, str]], at: datetime) -> list[LogLeaf]:
    """A leaf for each name and its list."""
    if verb not in VERBS:
        raise ValueError(f"the transparency log knows no {verb}")
    if not connection.in_atomic_block:
        raise NotInTransaction("add to the transparency log inside the decision's transaction")
    if not named:
        return []
    lock_writer(_WRITER)
    first = log.size()
    made = [_leaf(first + n, verb, name, on, at) for n, (name, on) in enumerate(named)]
    LogLeaf.objects.bulk_create(made, batch_size=1000)
    _count(made)
    _grow(made)
    return made


def _leaf(index: int, verb: str, name: str, on: str, at: datetime) -> LogLeaf:
    said = {"at": leaves.written(at), "list": on, "name": name, "verb": verb}
    decision = leaves.canonical(said)
    nonce = secrets.token_bytes(leaves.NONCE_BYTES)
    return LogLeaf(
        index=index, commitment=leaves.commitment(nonce, decision), nonce=nonce,
        decision=decision, year=at.astimezone(UTC).year, verb=verb,
    )  # fmt: skip


def _count(made: Sequence[LogLeaf]) -> None:
    year, verb = made[0].year, made[0].verb
    kept = LogCount.objects.filter(year=year, verb=verb)
    if not kept.update(leaves=F("leaves") + len(made)):
        LogCount.objects.create(year=year, verb=verb, leaves=len(made))


def _grow(made: Sequence[LogLeaf]) -> None:
    first = made[0].index
    wanted = merkle.full_nodes((0, first))
    known = log.nodes(wanted)
    hashed = [merkle.leaf_hash(bytes(leaf.commitment)) for leaf in made]
    full = merkle.grown(first, [known[node] for node in wanted], hashed)
    rows = (LogNode(place=merkle.place(node), hash=h) for node, h in full)
    LogNode.objects.bulk_create(rows, batch_size=1000)


def sign_head(*, actor: str, at: datetime) -> LogHead | None:
    """Sign what the log has become; None if its last head says so and is younger than a day.

    The time that is signed is never earlier than that of the head before: if the clock was ahead
    then, heads carry that time until the clock has reached it.

    Raises:
        signing.BadKey: the key file is damaged.
    """
    with transaction.atomic():
        lock_writer(_WRITER)
        size, last = log.size(), log.last_head()
        moment = _not_before(last, at.replace(microsecond=0))
        if size == 0 or (last and not _is_due(last, size, moment)):
            return None
        # A renewed head takes the place of the one of its size: it says the same, and later.
        root = last.root if last and last.size == size else log.root_at(size)
        head = leaves.Head(size, root, moment)
        row, _ = LogHead.objects.update_or_create(
            size=size,
            defaults={"root": head.root, "at": moment, "signature": signing.sign(head.signed)},
        )
        record("worstof.log.signed", actor=actor, at=at, target=f"size {size}",
               detail={"size": size, "root": head.root.hex(), "at": leaves.written(moment)})  # fmt: skip
    return row


def _is_due(last: leaves.Head, size: int, moment: datetime) -> bool:
    return size > last.size or (size == last.size and moment - last.at >= RENEWED_AFTER)


def _not_before(last: leaves.Head | None, at: datetime) -> datetime:
    if last is None or at >= last.at:
        return at
    _log.warning("The clock says %s, but the last head was signed at %s: the new one says so too.",
                 leaves.written(at), leaves.written(last.at))  # fmt: skip
    return last.at


def sign_when_due(at: datetime) -> bool:
    """Sign a head if there are new leaves and none was signed for a minute, or if the last one is
    a day old; say whether.

    The minute is counted from when the desk signed, not from the time in the head: that one can
    be ahead, and the log must not stand still until the clock has reached it.
    """
    last = log.last_head()
    if last and last.size < log.size():
        signed = log.signed_last()
        if signed and timedelta(0) <= at - signed < BETWEEN_HEADS:
            return False
    elif last and at - last.at < RENEWED_AFTER:
        return False
    return sign_head(actor="worker", at=at) is not None


def open_leaves(what: str, *, by: str, at: datetime) -> list[dict[str, object]]:
    """Give what leaves hide, with proofs, to an auditor who may see it: one by its number, or
    every leaf of a domain. The audit log keeps which numbers were opened.

    Raises:
        NotInLog: nothing was found, or no signed head covers it.
    """
    head, found = log.last_head(), list(log.leaves_of(what))
    if not found:
        raise NotInLog("The log has no decision on it.")
    rows = [row for row in found if head and row.index < head.size]
    if not rows or head is None:
        raise NotInLog("No signed head covers it yet. Sign one: breakwater worstof sign-head")
    with transaction.atomic():
        numbers = [row.index for row in rows]
        record("worstof.log.opened", actor=by, at=at, target=f"leaf {numbers[0]}",
               detail={"leaves": numbers})  # fmt: skip
    return [_opened(row, head).as_data() for row in rows]


def _opened(row: LogLeaf, head: leaves.Head) -> Opened:
    proof = log.inclusion_proof(row.index, head.size)
    return Opened(row.index, bytes(row.nonce), row.decision, tuple(proof), head)
