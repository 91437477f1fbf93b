"""Finds domain names in a file of any form, and the digests that feeds give instead of names.

The file comes from an adversary: what a byte of it costs is bounded, whatever stands in it.
"""

import re
from collections.abc import Iterable, Iterator

# Labels as DNS has them, in any text: zone files, JSON, CSV, URLs, mail, a pasted chat. At most 127
# of them, as in a name, and nothing is asked of the last one here: a pattern that fails at the end
# of a long run is tried again at each of its labels.
_LABEL = rb"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rb"(?<![a-z0-9_-])%b(?:\.%b){1,126}" % (_LABEL, _LABEL))
_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?:[0-9a-f]{8}|[0-9a-f]{32})?(?![0-9a-f])")
_LAST = re.compile("[a-z][a-z0-9-]+")
_LONGEST = 253
# Dots as people write them so that nobody clicks, and as addresses of pages have them.
_OTHER_DOTS = re.compile(rb"[\[({](?:\.|dot)[\])}]|%2e")
_ESCAPE = re.compile(rb"%[0-9a-f]{2}")
# On the wire and in a resolver's own files a label's length stands before it, in place of a dot. Of
# lengths from 32 on, which are letters as well, nothing is made: no canary has such labels.
_LENGTHS = bytes.maketrans(bytes(range(1, 32)), b"." * 31)
# A canary has few labels: it is looked for near both ends.
_FROM_START, _FROM_END, _BEHIND = 12, 8, 6


def names_and_digests(pieces: Iterable[bytes]) -> Iterator[str]:
    """Every name, in lower case, and every MD5, SHA-1 or SHA-256 in hexadecimal.

    A name also comes without its first labels: `www.` or `*.` before a canary hides nothing. A
    zone file may write names below its own origin; those begin with the canary instead, so a
    name also comes without its last labels.
    """
    for piece in pieces:
        for text in _readings(piece.lower()):
            for found in _NAME.finditer(text):
                yield from _parts(found.group().decode("ascii").split("."))
            for digest in _DIGEST.finditer(text):
                yield digest.group().decode("ascii")


def _readings(piece: bytes) -> Iterator[bytes]:
    """As it stands there; and of what is no plain text, as UTF-16 and as names on the wire."""
    yield _with_dots(piece)
    if b"\0" in piece:
        yield _with_dots(piece.replace(b"\0", b""))
        yield piece.translate(_LENGTHS)


def _with_dots(text: bytes) -> bytes:
    return _ESCAPE.sub(b" ", _OTHER_DOTS.sub(b".", text))


def _parts(labels: list[str]) -> Iterator[str]:
    while labels and not _LAST.fullmatch(labels[-1]):
        labels.pop()  # a number or one letter behind the last dot belongs to no name
    many = len(labels)
    for start in range(many - 1):
        if _FROM_START <= start < many - _FROM_END:
            continue
        for end in range(many, max(start + 1, many - _BEHIND), -1):
            part = ".".join(labels[start:end])
            if len(part) <= _LONGEST:
                yield part
