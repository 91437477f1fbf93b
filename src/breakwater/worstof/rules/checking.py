"""What an outside checker finds in a transparency log, holding only signed heads and the key.

The checker reads every leaf and computes the roots again at the size of every head that was ever
shown. A head that the checker kept cannot be taken back: whoever edits, removes or moves a leaf
below it, or shows others another log, contradicts a signature of the log's own key.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from breakwater.worstof.rules import merkle
from breakwater.worstof.rules.leaves import Head, written


class Fault(StrEnum):
    SIGNATURE = "signature"  # a head that the pinned key did not sign
    EDITED = "edited"
    REMOVED = "removed"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"  # the leaves changed, in a way that leaves no trace of how
    SPLIT = "split view"  # the key signed two different logs
    WITHDRAWN = "withdrawn head"  # a head that was signed is shown no more
    BACKDATED = "backdated"  # a head says an earlier time than one of fewer leaves
    UNSIGNED = "unsigned"  # leaves that no signed head covers
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Finding:
    fault: Fault
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and the head to hold from now on if nothing was."""

    head: Head | None
    findings: tuple[Finding, ...]


class Unreadable(Exception):
    """The log answered something that no log says."""


class BadLeaf(Unreadable):
    """Whole and readable, and yet in a leaf's place stands what the desk never writes there."""


class NoHead(Unreadable):
    """The log itself says that it has signed no head yet."""


class Log(Protocol):
    """A log as its public addresses or a copy of them show it."""

    def head(self) -> Head: ...

    def heads(self) -> Iterable[Head]: ...

    def leaves(self, size: int) -> Iterator[tuple[int, bytes]]:
        """Index and commitment of the leaves below `size`, in the order the log gives them.

        A copy, which cannot have grown meanwhile, also gives what lies behind.
        """

    def proof(self, index: int, size: int) -> tuple[bytes, list[bytes]] | None:
        """The hash the log keeps of a leaf and its inclusion proof; None if it gives none."""


def check(log: Log, key: bytes, held: Sequence[Head]) -> Checked:
    """Compare a log with the heads that checkers hold, all signed by `key` (32 bytes, public).

    Raises:
        OSError, Unreadable: no head could be read at all; that says nothing of the log. What cannot
            be read later is the last finding, after those that were made until then.
        NoHead: the log has none yet, and nobody holds one.
    """
    try:
        offered = log.head()
    except NoHead:
        faults = tuple(_gone(held))
        if not faults:
            raise
        return Checked(None, faults)
    findings: list[Finding] = []
    newest = None
    try:
        newest = _check(log, offered, key, held, findings)
    except (OSError, Unreadable) as problem:
        fault = Fault.EDITED if isinstance(problem, BadLeaf) else Fault.UNREADABLE
        findings.append(Finding(fault, str(problem)))
    return Checked(newest, _once(findings))


def _check(
    log: Log, offered: Head, key: bytes, held: Sequence[Head], findings: list[Finding]
) -> Head | None:
    """Add to the findings; gives the newest head, if the key signed what is offered."""
    if not offered.is_signed_by(key):
        text = f"The pinned key did not sign the log's head ({_named(offered)})."
        findings.append(Finding(Fault.SIGNATURE, text))
        return None
    shown = list(log.heads())
    findings += _unsigned(shown, key)
    good = [h for h in shown if h.is_signed_by(key)]
    # A larger head can be signed while the log is read, and then its leaves are there too. Where
    # they are not, the log is cut behind the head that it offers, and proves it itself.
    newest = max([offered, *good], key=lambda h: (h.size, h.at))
    findings += _contradictions([*held, offered, *good])
    findings += _backdated([*held, offered, *good])
    findings += _withdrawn(held, offered, good)
    findings += _shorter(held, newest)
    before = len(findings)
    leaves = _read(log, newest.size, findings)
    is_known = len(findings) > before
    heads = [h for h in (*held, *good, offered) if h.size <= len(leaves)]
    findings += _roots(log, leaves, sorted(heads, key=lambda h: h.size), is_known)
    return newest


def _named(head: Head) -> str:
    return f"{head.size} leaves, {written(head.at)}"


def _once(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))


def _unsigned(shown: list[Head], key: bytes) -> Iterator[Finding]:
    for head in shown:
        if not head.is_signed_by(key):
            text = f"The pinned key did not sign a head that the log shows ({_named(head)})."
            yield Finding(Fault.SIGNATURE, text)


def _contradictions(heads: list[Head]) -> Iterator[Finding]:
    """Two heads of one size are the same head, or the key signed two logs."""
    first: dict[int, Head] = {}
    for head in heads:
        known = first.setdefault(head.size, head)
        if known.root != head.root:
            yield Finding(
                Fault.SPLIT,
                f"The key signed two logs of {head.size} leaves: root {known.root.hex()} "
                f"({written(known.at)}) and root {head.root.hex()} ({written(head.at)}).",
            )


def _backdated(heads: list[Head]) -> Iterator[Finding]:
    """A head of more leaves was signed later; one of the same size may be renewed."""
    latest: Head | None = None
    for head in sorted(heads, key=lambda h: (h.size, h.at)):
        if latest and head.size > latest.size and head.at < latest.at:
            text = f"Time goes back from one head ({_named(latest)}) to the next ({_named(head)})."
            yield Finding(Fault.BACKDATED, text)
        if latest is None or head.at >= latest.at:
            latest = head


def _withdrawn(held: Sequence[Head], offered: Head, good: list[Head]) -> Iterator[Finding]:
    """A head that was renewed stands for the earlier ones of its size, and never the other way."""
    shown: dict[int, datetime] = {}
    for head in good:
        shown[head.size] = max(head.at, shown.get(head.size, head.at))
    for head in (*held, offered):
        if head.size and (head.size not in shown or shown[head.size] < head.at):
            text = f"The log no longer shows a head that it signed ({_named(head)})."
            yield Finding(Fault.WITHDRAWN, text)


def _gone(held: Sequence[Head]) -> Iterator[Finding]:
    for head in held:
        if head.size:
            text = f"The log shows no head any more; it signed one ({_named(head)})."
            yield Finding(Fault.TRUNCATED, text)


def _shorter(held: Sequence[Head], newest: Head) -> Iterator[Finding]:
    for head in held:
        if head.size > newest.size:
            text = (
                f"The log ends at {newest.size} leaves now; "
                f"a head signed on {written(head.at)} has {head.size}."
            )
            yield Finding(Fault.TRUNCATED, text)


def _read(log: Log, size: int, findings: list[Finding]) -> list[bytes]:
    """The leaf hashes in the order the log gives them; adds what is wrong with their numbers."""
    leaves: list[bytes] = []
    expected = 0
    for index, commitment in log.leaves(size):
        if index >= size:
            text = f"No signed head covers leaf {index}; the newest has {size} leaves."
            findings.append(Finding(Fault.UNSIGNED, text))
            break
        if index > expected:
            findings.append(Finding(Fault.REMOVED, _gap(expected, index)))
        elif index < expected:
            text = f"Leaf {index} comes after leaf {expected - 1}."
            findings.append(Finding(Fault.REORDERED, text))
        expected = max(expected, index) + 1 if index >= expected else expected
        leaves.append(merkle.leaf_hash(commitment))
    if expected < size:
        text = f"The head says {size} leaves; the log shows them up to leaf {expected - 1} only."
        findings.append(Finding(Fault.TRUNCATED, text))
    return leaves


def _gap(expected: int, index: int) -> str:
    if index == expected + 1:
        return f"Leaf {expected} is missing."
    return f"Leaves {expected} to {index - 1} are missing."


def _roots(log: Log, leaves: list[bytes], heads: list[Head], is_known: bool) -> list[Finding]:
    """Compute the root at the size of each head; the first that does not fit is looked into.

    A head with a leaf in front of it missing or moved cannot fit: `is_known` says that this
    was found already.
    """
    tree, good = merkle.Tree(), 0
    for head in heads:
        while tree.size < head.size:
            tree.add(leaves[tree.size])
        if tree.root() == head.root:
            good = head.size
        elif is_known:
            return []
        else:
            return [_located(log, leaves, head, good)]
    return []


def _located(log: Log, leaves: list[bytes], head: Head, good: int) -> Finding:
    index, signed = _first_wrong(log, leaves, head)
    if index is None:
        where = (
            f"Leaf {good}" if good == head.size - 1 else f"One of leaves {good} to {head.size - 1}"
        )
        text = (
            f"{where} is not what was signed on {written(head.at)} "
            f"({head.size} leaves): edited, removed or put elsewhere."
        )
        return Finding(Fault.REWRITTEN, text)
    if signed in leaves:
        text = f"Leaf {leaves.index(signed)} is the one that was signed as leaf {index}."
        return Finding(Fault.REORDERED, text)
    return Finding(Fault.EDITED, f"Leaf {index} is not the one that was signed.")


def _first_wrong(log: Log, leaves: list[bytes], head: Head) -> tuple[int | None, bytes]:
    """Follow the log's own proofs to a leaf that differs from what the head covers.

    A proof that leads to the signed root tells the true hashes beside its leaf. Where one of them
    is not what the leaves give, the way goes on in there: at most one proof a level of the tree.
    """
    index = 0
    for _ in range(head.size.bit_length() + 1):
        answer = log.proof(index, head.size)
        if answer is None:
            return None, b""
        signed, path = answer
        if not merkle.includes(index, head.size, signed, path, head.root):
            return None, b""
        if signed != leaves[index]:
            return index, signed
        spans = merkle.inclusion_spans(index, head.size)
        wrong = [
            first
            for (first, end), true in zip(spans, path, strict=True)
            if merkle.root_of(leaves[first:end]) != true
        ]
        if not wrong:
            return None, b""
        index = wrong[0]
    return None, b""
