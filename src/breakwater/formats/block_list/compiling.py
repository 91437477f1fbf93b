"""Compiles dirty lines of many lists into sorted names, and says of every line why it was left out.

The limit is that every byte is read once and every kept name written twice (`name`, `*.name`):
some 25 MB in and 90 MB out for a million lines, a tenth of a second at the speed of memory. What
costs is Python's work for each line, so one compiled expression goes over a megabyte of lines at
once, and only lines that it could not make sure of are read one by one.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from breakwater.formats.block_list.lines import LINES, BadRule, RuleProblem, read_line
from breakwater.formats.block_list.refusals import CLEAR, OWNED, Refusals, Sieve
from breakwater.formats.domain_name import LONGEST_LABEL, BadName, DomainName, read_name

Progress = Callable[[int], None]
_BLOCK = 1 << 20
_LONGEST_LINE = 10_000  # letters; a letter has at most four bytes
_TEXT_SHOWN = 200
_MEMORY = 100_000


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
    result.covered = _covered(reader.names)
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


def _read(line: str, *, is_name: bool = False) -> tuple[list[DomainName], str]:
    """The names of a line, and the key of the problem of a line that cannot be read."""
    if len(line) > _LONGEST_LINE:
        return [], RuleProblem.LONG_LINE
    try:
        return [read_name(line)] if is_name else read_line(line), ""
    except (BadName, BadRule) as refused:
        return [], refused.problem


def _shown(line: str) -> str:
    return line.strip()[:_TEXT_SHOWN]


Row = tuple[str, str, str, str, str]


class _Reader:
    """Takes blocks of lines one after the other and counts."""

    def __init__(self, result: Compiled, refusals: Refusals, faults_kept: int) -> None:
        self.result = result
        self.names: set[str] = set()
        self.sieve = Sieve(refusals)
        self.faults_kept = faults_kept
        self.good = 0
        self.begin("")

    def begin(self, source: str) -> None:
        """What follows is of this source; its lines count from 1."""
        self.source, self.before = source, self.result.lines

    def take(self, block: bytes) -> None:
        text = block.decode("utf-8", "replace").removeprefix("\ufeff")
        rows: list[Row] = LINES.findall(text)
        again = self._keep_the_sure(rows)
        for at in again:
            _, _, name, _, other = rows[at]
            self._look_at(*_read(other or name, is_name=not other), text, at)
        self.result.lines += len(rows)

    def _keep_the_sure(self, rows: Sequence[Row]) -> list[int]:
        """Keep the names against which nothing can be; places of what must be looked at again."""
        above, named = self.sieve.above, self.sieve.refusals.named
        kept, again, comments = [], [], 0
        for at, (_, _, name, rest, other) in enumerate(rows):
            if not name:
                if other:
                    again.append(at)
                else:
                    comments += 1
                continue
            if len(name) <= LONGEST_LABEL and name.isascii():
                look = above[rest]
                name = name.lower()
                # `is_mistyped`, written out: a call for each line would take a tenth of all the time.
                if (
                    (look == CLEAR or (look == OWNED and name[1] != "." and name[:3] != "www"))
                    and name not in named
                    and "xn--" not in name
                ):
                    kept.append(name)
                    continue
            again.append(at)
        self._keep(kept)
        self.result.comments += comments
        return again

    def _keep(self, names: Sequence[str]) -> None:
        self.good += len(names)
        self.names.update(names)

    def _look_at(self, domains: list[DomainName], problem: str, text: str, at: int) -> None:
        """Keep what a line asks for, or note why not."""
        self.result.comments += not domains and not problem
        problems = [problem] if problem else []
        for domain in domains:
            if reason := self.sieve.reason(domain):
                problems.append(reason)
            else:
                self._keep([domain.name])
        for problem in problems:
            self._note(problem, text, at)

    def _note(self, problem: str, text: str, at: int) -> None:
        self.result.problems[problem] += 1
        if len(self.result.faults) < self.faults_kept:
            line = text.split("\n", at + 1)[at]
            number = self.result.lines - self.before + at + 1
            self.result.faults.append(Fault(number, _shown(line), problem, self.source))


class _Covered(dict[str, bool]):
    """Whether a name or one above it is of a set, remembered for a while."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self.names = names

    def __missing__(self, name: str) -> bool:
        if len(self) > _MEMORY:
            self.clear()
        _, dot, rest = name.partition(".")
        self[name] = found = name in self.names or (bool(dot) and self[rest])
        return found


def _covered(names: set[str]) -> int:
    """How many names stand below another one."""
    covered = _Covered(names)
    return sum(map(covered.__getitem__, (name[name.index(".") + 1 :] for name in names)))
