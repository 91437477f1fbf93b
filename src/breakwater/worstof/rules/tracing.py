"""Finds domain names in a file of any form, and the digests that feeds give instead of names."""

import re
from collections.abc import Iterable, Iterator

# Labels as DNS has them, in any text: zone files, JSON, CSV, URLs, mail, a pasted chat.
_NAME = re.compile(rb"(?<![a-z0-9_-])(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]+")
_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?:[0-9a-f]{8}|[0-9a-f]{32})?(?![0-9a-f])")
_LONGEST = 253


def names_and_digests(lines: Iterable[bytes]) -> Iterator[str]:
    """Every name, in lower case, and every MD5, SHA-1 or SHA-256 in hexadecimal.

    A name also comes without its first labels: `www.` or `*.` before a canary hides nothing. A
    zone file may write names below its own origin; those begin with the canary instead, so a
    name also comes without its last labels.
    """
    for line in lines:
        low = line.lower()
        for found in _NAME.finditer(low):
            yield from _parts(found.group().decode("ascii"))
        for digest in _DIGEST.finditer(low):
            yield digest.group().decode("ascii")


def _parts(name: str) -> Iterator[str]:
    labels = name[-1000:].split(".")
    for start in range(min(len(labels) - 1, 12)):
        for end in range(len(labels), max(start + 1, len(labels) - 6), -1):
            part = ".".join(labels[start:end])
            if len(part) <= _LONGEST:
                yield part
