"""Compiles dirty lines of many lists into sorted names, and says of every line why it was left out.

The limit is that every byte is read once and every kept name written twice (`name`, `*.name`):
some 25 MB in and 90 MB out for a million lines, a tenth of a second at the speed of memory. What
costs is Python's work for each line, so the compiled core keeps the names that it can make sure of,
and only the other lines are read one by one (docs/decisions/sure-lines.md).
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from breakwater.formats.block_list import nesting
from breakwater.formats.block_list.lines import BadRule, RuleProblem, read_line
from breakwater.formats.block_list.refusals import Refusals, Sieve
from breakwater.formats.domain_name import BadName, DomainName

Progress = Callable[[int], None]
_BLOCK = 1 << 20
_LONGEST_LINE = 10_000  # letters; a letter has at most four bytes
_TEXT_SHOWN = 200
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Fault(NamedTuple):
    """A line that was left out: its number from 1 in its file, its text, and the reason's key."""

    line: int
    text: str
    problem: str
    source: str = ""


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
        domains, problem = _read(line)
        problems = [problem] if problem else []
        for name, _ in domains:
            if reason := refusals.judge(name):
                problems.append(reason)
            else:
                self._insert(name)
        self.problems.update(problems)
        return [Fault(self.lines, _shown(line), problem) for problem in problems]

    def _insert(self, name: str) -> None:
        at = bisect_left(self.names, name)
        if self.names[at : at + 1] == [name]:
            self.duplicates += 1
        else:
            self.names.insert(at, name)

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
    return compile_sources([("", stream)], refusals, faults_kept=faults_kept, progress=progress)


def compile_sources(
    sources: Iterable[tuple[str, BinaryIO]],
    refusals: Refusals | None = None,
    *,
    faults_kept: int = 20,
    progress: Progress = lambda done: None,
) -> Compiled:
    """Read several streams with their names one after the other, as `compile_lines` reads one."""
    result = Compiled()
    reader = _Reader(result, refusals or Refusals(), faults_kept)
    done = 0
    for source, stream in sources:
        reader.begin(source)
        for block in _blocks(stream):
            reader.take(block)
            done += len(block)
            progress(done)
    result.duplicates = reader.good - len(reader.names)
    result.names = sorted(reader.names)
    result.covered = len(nesting.below(reader.names))
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


def _read(line: str) -> tuple[list[DomainName], str]:
    """The names of a line, and the key of the problem of a line that cannot be read."""
    if len(line) > _LONGEST_LINE:
        return [], RuleProblem.LONG_LINE
    try:
        return read_line(line), ""
    except (BadName, BadRule) as refused:
        return [], refused.problem


def _shown(line: str) -> str:
    return line.strip()[:_TEXT_SHOWN]


class _Reader:
    """Takes blocks of lines one after the other and counts."""

    def __init__(self, result: Compiled, refusals: Refusals, faults_kept: int) -> None:
        self.result = result
        self.names: set[str] = set()
        self.sieve = Sieve(refusals, self.names)
        self.faults_kept = faults_kept
        self.good = 0
        self.begin("")

    def begin(self, source: str) -> None:
        """What follows is of this source; its lines count from 1."""
        self.source, self.before = source, self.result.lines

    def take(self, block: bytes) -> None:
        lines, comments, kept, others = self.sieve.sure.take(block.removeprefix(_BYTE_ORDER_MARK))
        self.good += kept
        self.result.comments += comments
        for at, line in others:
            self._look_at(at, line.decode("utf-8", "replace"))
        self.result.lines += lines

    def _look_at(self, at: int, line: str) -> None:
        """Keep what a line asks for, or note why not."""
        domains, problem = _read(line)
        self.result.comments += not domains and not problem
        problems = [problem] if problem else []
        for domain in domains:
            if reason := self.sieve.reason(domain):
                problems.append(reason)
            else:
                self.good += 1
                self.names.add(domain.name)
        for problem in problems:
            self._note(problem, at, line)

    def _note(self, problem: str, at: int, line: str) -> None:
        self.result.problems[problem] += 1
        if len(self.result.faults) < self.faults_kept:
            number = self.result.lines - self.before + at + 1
            self.result.faults.append(Fault(number, _shown(line), problem, self.source))
