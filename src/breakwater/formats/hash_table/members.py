"""Takes the members of one JSON list out of a text that comes in pieces."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from breakwater.formats.hash_entry import Problem

MAX_MEMBER = 1024 * 1024

_NEXT_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")
_BETWEEN = re.compile(r"[\s,]*")
_decode = json.JSONDecoder(strict=False).raw_decode


class Broken(NamedTuple):
    """A member that is no JSON; reading goes on with the next object after it."""

    problem: Problem
    found: str


def list_members(pieces: Iterator[str]) -> Iterator[Any]:
    """Give every member of a list, or `Broken` for one that cannot be read."""
    text = _Text(pieces)
    text.skip_opening()
    while text.has_more():
        if text.buffer[text.at] == "]":
            return
        yield text.member()


class _Text:
    def __init__(self, pieces: Iterator[str]) -> None:
        self.pieces = pieces
        self.buffer = ""
        self.at = 0

    def skip_opening(self) -> None:
        while not self.buffer.strip() and self._read():
            pass
        self.at = self.buffer.find("[") + 1

    def has_more(self) -> bool:
        while True:
            between = _BETWEEN.match(self.buffer, self.at)
            self.at = between.end() if between else self.at
            if self.at < len(self.buffer):
                return True
            if not self._read():
                return False

    def member(self) -> Any:
        while True:
            try:
                value, end = _decode(self.buffer, self.at)
            except RecursionError:
                return self._broken(Problem.TOO_DEEP)
            except ValueError:
                if len(self.buffer) - self.at > MAX_MEMBER or not self._read():
                    return self._broken(Problem.NOT_JSON)
            else:
                # A number at the end of a piece may go on in the next one.
                if end < len(self.buffer) or isinstance(value, dict) or not self._read():
                    self.at = end
                    return value

    def _broken(self, problem: Problem) -> Broken:
        found = self.buffer[self.at : self.at + 80]
        while True:
            follows = _NEXT_OBJECT.search(self.buffer, self.at)
            if follows:
                self.at = follows.end()
                return Broken(problem, found)
            self.at = max(self.at, len(self.buffer) - 100)
            if not self._read():
                self.at = len(self.buffer)
                return Broken(problem, found)

    def _read(self) -> bool:
        for piece in self.pieces:
            if piece:
                self.buffer = self.buffer[self.at :] + piece
                self.at = 0
                return True
        return False
