"""Hashes as people paste them: one a line, of any kind, mixed; the length tells the kind."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from breakwater.formats.hash_entry import (
    HEX_LENGTHS,
    PHOTODNA_BYTES,
    BadFingerprint,
    Problem,
    kind_of,
    read_fingerprint,
)

MOST_LINES = 10_000
# Each is compared with every listed one, some ten million pairs a second.
MOST_PHOTODNA = 100
BY_LENGTH = {32: ("md5",), 40: ("sha1",)}
# 64 digits are SHA-256 or PDQ, and only a person may know which.
SIXTY_FOUR = {"both": ("sha256", "pdq"), "sha256": ("sha256",), "pdq": ("pdq",)}
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_NAMED = re.compile(r"(?P<name>[\w .-]{2,12})\s*[:=]\s*(?P<value>\S.*)")


class TooMany(ValueError):
    """More lines than are looked up at once; its argument is how many there are."""


class TooManyPhotodna(ValueError):
    """More PhotoDNA values than are looked up at once; its argument is how many there are."""


@dataclass(frozen=True, slots=True)
class Question:
    """One line: the value, and every kind of hash that it may be."""

    line: int
    value: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A line in which no hash could be read."""

    line: int
    found: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Asking:
    """What was pasted, as read; a value that stands twice is asked once."""

    questions: tuple[Question, ...]
    refused: tuple[NotAsked, ...]
    repeated: int = 0


def read_lines(text: str, sixty_four: str = "both") -> Asking:
    """Read what somebody pasted.

    Raises:
        TooMany: more than `MOST_LINES` lines with something in them.
        TooManyPhotodna: more than `MOST_PHOTODNA` different values of PhotoDNA.
    """
    lines = [(n, part) for n, part in enumerate(text.splitlines(), 1) if part.strip()]
    if len(lines) > MOST_LINES:
        raise TooMany(len(lines))
    questions: dict[tuple[str, tuple[str, ...]], Question] = {}
    refused = []
    for read in _each(lines, SIXTY_FOUR.get(sixty_four, SIXTY_FOUR["both"])):
        if isinstance(read, NotAsked):
            refused.append(read)
        else:
            questions.setdefault((read.value, read.kinds), read)
    slow = sum(question.kinds == ("photodna",) for question in questions.values())
    if slow > MOST_PHOTODNA:
        raise TooManyPhotodna(slow)
    repeated = len(lines) - len(questions) - len(refused)
    return Asking(tuple(questions.values()), tuple(refused), repeated)


def _each(
    lines: list[tuple[int, str]], sixty_four: tuple[str, ...]
) -> Iterator[Question | NotAsked]:
    for number, line in lines:
        text = line.strip().strip("\"',;").strip()
        named = _NAMED.fullmatch(text)
        kind = kind_of(named["name"]) if named else None
        if named and kind:
            yield _of_kind(number, kind, named["value"])
        else:
            yield _by_length(number, text.lower(), sixty_four)


def _of_kind(number: int, kind: str, text: str) -> Question | NotAsked:
    if kind not in HEX_LENGTHS and kind != "photodna":
        return NotAsked(number, text[:80], Problem.UNKNOWN_KIND)
    try:
        return Question(number, read_fingerprint(kind, text).value, (kind,))
    except BadFingerprint as fault:
        return NotAsked(number, text[:80], fault.problem)


def _by_length(number: int, text: str, sixty_four: tuple[str, ...]) -> Question | NotAsked:
    if not _HEX.fullmatch(text):
        return NotAsked(number, text[:80], Problem.NOT_HEXADECIMAL)
    if len(text) == 2 * PHOTODNA_BYTES:
        return Question(number, text, ("photodna",))
    kinds = sixty_four if len(text) == 64 else BY_LENGTH.get(len(text), ())
    if not kinds:
        return NotAsked(number, text[:80], Problem.WRONG_LENGTH)
    return Question(number, text, kinds)
