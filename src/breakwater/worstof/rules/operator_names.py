"""An operator's file of names: one a line in any spelling that people paste, `#` begins a remark.

Somebody relies on every line, so none is passed over: a line that is no name is given with its
number, and whoever uses the file decides what must wait until it is put right.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from breakwater.formats.domain_name import BadName, Problem, read_name
from breakwater.worstof.rules.folding import with_parents

_MARK = "\ufeff"  # editors put it before a file's first line, and `cat` into the middle of one


class BadLine(NamedTuple):
    number: int  # from 1
    problem: Problem


@dataclass(frozen=True)
class OperatorNames:
    """`names` in A-labels, in the order of the file."""

    names: tuple[str, ...] = ()
    bad: tuple[BadLine, ...] = ()

    @cached_property
    def and_above(self) -> frozenset[str]:
        """The names and all above them: blocking one of these would block one of the names."""
        return frozenset(with_parents(self.names))


def read_operator_names(content: bytes) -> OperatorNames:
    """Read a file in UTF-8. One without a single octet is what a full disk leaves: a bad line."""
    if not content:
        return OperatorNames((), (BadLine(1, Problem.EMPTY),))
    names: dict[str, None] = {}
    bad: list[BadLine] = []
    for number, found in _lines(content):
        if isinstance(found, Problem):
            bad.append(BadLine(number, found))
        else:
            names[found] = None
    return OperatorNames(tuple(names), tuple(bad))


def _lines(content: bytes) -> Iterator[tuple[int, str | Problem]]:
    for number, line in enumerate(content.splitlines(), 1):
        try:
            text = line.partition(b"#")[0].decode("utf-8").replace(_MARK, "").strip()
            if text:
                yield number, read_name(text).name
        except UnicodeDecodeError:
            yield number, Problem.CHARACTERS
        except BadName as bad:
            yield number, bad.problem
