"""Compiles dirty lines of many lists into sorted names, and says of every line why it was left out.

The limit is that every byte is read once and every kept name written twice (`name`, `*.name`):
some 25 MB in and 90 MB out for a million lines, a tenth of a second at the speed of memory. What
costs is Python's work for each line, so a line that looks clean gets one match of a compiled
expression and then moves with tens of thousands of others through set operations; only the odd
ones are read one by one.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, NamedTuple

from breakwater.formats.block_list.lines import CLEAN, BadRule, RuleProblem, read_line
from breakwater.formats.domain_name import LONGEST, NOT_IN_DNS, BadName

Progress = Callable[[int], None]
_BLOCK = 1 << 20
_LONGEST_LINE = 10_000  # letters; a letter has at most four bytes
_TEXT_SHOWN = 200
_MEMORY = 200_000


def _nothing(name: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Refusals:
    """What must not get onto a list unseen.

    `judge` gives the key of the reason against a name in its normal form, "" for none. Since it
    cannot be asked a million times, it is asked about the names of `named`, about what stands below
    a name of `above`, and about what looks odd: A-labels, and a letter or `www` where the owner's own word should stand.
    """

    judge: Callable[[str], str] = _nothing
    named: Set[str] = frozenset()
    above: Set[str] = frozenset()


class Fault(NamedTuple):
    """A line that was left out: its number from 1, its text, and the key of the reason."""

    line: int
    text: str
    problem: str


@dataclass(slots=True)
class Compiled:
    """`names` sorted and without duplicates; what else the lines held is counted.

    `covered` names stand below another of the list. They stay: each has its own decision behind
    it, and when the name above leaves the list it must still be blocked.
    """

    names: list[str] = field(default_factory=list)
    lines: int = 0
    comments: int = 0
    duplicates: int = 0
    covered: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        return self.problems.total()

    def add(self, line: str, refusals: Refusals) -> list[Fault]:
        """Take one more line into a compiled list, in time that hardly grows with the list."""
        self.lines += 1
        faults = []
        for name, problem in _read(line, refusals.judge):
            at = bisect_left(self.names, name)
            if problem:
                faults.append(Fault(self.lines, line.strip()[:_TEXT_SHOWN], problem))
            elif self.names[at : at + 1] == [name]:
                self.duplicates += 1
            else:
                self.names.insert(at, name)
        self.problems.update(fault.problem for fault in faults)
        return faults

    def remove(self, name: str) -> bool:
        """Take a name in its normal form off the list; False where it did not stand there."""
        at = bisect_left(self.names, name)
        found = self.names[at : at + 1] == [name]
        del self.names[at : at + found]
        return found


def compile_lines(
    stream: BinaryIO,
    refusals: Refusals | None = None,
    *,
    faults_kept: int = 20,
    progress: Progress = lambda done: None,
) -> Compiled:
    """Read every line of a stream of UTF-8; `progress` gets the bytes read so far.

    Never raises on what is in the stream. Beside the names themselves memory does not grow.
    """
    result = Compiled()
    names: set[str] = set()
    reader = _Reader(result, names, refusals or Refusals(), faults_kept)
    done = 0
    for block in _blocks(stream):
        reader.take(block)
        done += len(block)
        progress(done)
    result.duplicates = reader.good - len(names)
    result.names = sorted(names)
    result.covered = _covered(names)
    return result


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Cut a stream at ends of lines."""
    rest = b""
    while data := stream.read(_BLOCK):
        whole, end, rest = (rest + data).rpartition(b"\n")
        if end:
            yield whole
        # Of an endless line so much is kept that it is still too long to be read as a name.
        rest = rest[: 5 * _LONGEST_LINE]
    if rest:
        yield rest


class _Below(dict[str, bool]):
    """Whether a name or one above it is of a set, remembered for a while."""

    def __init__(self, tops: Set[str]) -> None:
        super().__init__()
        self.tops = tops

    def __missing__(self, name: str) -> bool:
        if len(self) > _MEMORY:
            self.clear()
        _, dot, rest = name.partition(".")
        found = name in self.tops or (bool(dot) and self[rest])
        self[name] = found
        return found


def _read(line: str, reason: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Give (name, problem) for each name that a line holds; an unreadable line has one problem."""
    if len(line) > _LONGEST_LINE:
        yield "", RuleProblem.LONG_LINE
        return
    try:
        found = read_line(line)
    except (BadName, BadRule) as refused:
        yield "", refused.problem
        return
    for name, _ in found:
        yield name, reason(name)


class _Reader:
    """Takes blocks of lines one after the other and counts."""

    def __init__(
        self, result: Compiled, names: set[str], refusals: Refusals, faults_kept: int
    ) -> None:
        self.result, self.names, self.refusals = result, names, refusals
        self.below = _Below(refusals.above | NOT_IN_DNS)
        self.faults_kept = faults_kept
        self.good = 0

    def take(self, block: bytes) -> None:
        lines = block.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")
        matches = list(map(CLEAN.fullmatch, lines))
        again = [at for at, match in enumerate(matches) if not match]
        names = "\n".join([match[3] for match in matches if match]).lower().split("\n")
        if len(again) < len(lines):
            odd = self._odd(names)
            if odd:
                clean = [at for at, match in enumerate(matches) if match]
                again.extend(clean[at] for at in odd)
                for at in reversed(odd):
                    del names[at]
            self._keep(names)
        for at in sorted(again):
            self._look_at(at, lines[at])
        self.result.lines += len(lines)

    def _odd(self, names: Sequence[str]) -> list[int]:
        """Places of the names that are looked at one by one, in order."""
        named, below = self.refusals.named, self.below
        return [
            at
            for at, name in enumerate(names)
            if below[name[name.index(".") + 1 :]]
            or name in named
            or "xn--" in name
            or (name[1] == "." and ("." not in name[2:] or name[2:] in named))
            or (name[:3] == "www" and (name[3] != "." or name.count(".") == 1 or name[4:] in named))
            or len(name) > LONGEST
        ]  # fmt: skip

    def _keep(self, names: Sequence[str]) -> None:
        self.good += len(names)
        self.names.update(names)

    def _look_at(self, at: int, line: str) -> None:
        found = list(_read(line, self.refusals.judge))
        self.result.comments += not found
        self._keep([name for name, problem in found if not problem])
        for _, problem in found:
            if problem:
                self._note(Fault(self.result.lines + at + 1, line.strip()[:_TEXT_SHOWN], problem))

    def _note(self, fault: Fault) -> None:
        self.result.problems[fault.problem] += 1
        if len(self.result.faults) < self.faults_kept:
            self.result.faults.append(fault)


def _covered(names: Set[str]) -> int:
    """How many names stand below another one of the set."""
    covering = set().union(*(_above(batch) & names for batch in _batches(names)))
    if not covering:
        return 0
    below = _Below(covering)
    return sum(1 for name in names if below[name[name.index(".") + 1 :]])


def _batches(names: Set[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(islice(rest, _MEMORY)):
        yield batch


def _above(names: Sequence[str]) -> set[str]:
    """Every name that stands above one of these."""
    level = {name[name.index(".") + 1 :] for name in names}
    found = set(level)
    while level := {name.partition(".")[2] for name in level} - found - {""}:
        found |= level
    return found
