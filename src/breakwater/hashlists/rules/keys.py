"""Names under which the entries of a list are found again when their source says them anew.

Two entries that differ never get one name: what is long or could be read in two ways is a digest,
and nothing is cut. Names are kept in the database: a change here needs a migration.
"""

import hashlib
import json
import re
from collections.abc import Sequence

from breakwater.formats.hash_entry import HEX_LENGTHS, HashEntry
from breakwater.formats.vics import FORMAT, FRAME

MOST = 200
DIGEST = "="
# In front of the names of VICS records from before their cases were known: see `former_key`.
FORMER = "~"
# Hashes whose text says by itself where it begins, so that a member's name can stand before it.
_PLAIN_KINDS = (*HEX_LENGTHS, "photodna")
_LIKE_A_HASH = re.compile(rf":(?:{'|'.join(_PLAIN_KINDS)}):[0-9a-f]*\Z")


def source_key(entry: HashEntry) -> str:
    """The name of an entry within its list, of at most `MOST` characters.

    The source's own number where there is one; otherwise the member with all hashes. VICS
    records count from 1 in every file, so theirs is the case with the hashes, and records that
    share it are told apart by `numbered`.
    """
    if is_vics(entry):
        return _digest([_case(entry), *_hashes(entry)])
    source = entry.source_id
    if source and source.entry:
        return _of_number(source.member, source.entry)
    return _of_hashes((source.member if source else "") or entry.member_name, _hashes(entry))


def former_key(entry: HashEntry) -> str:
    """The name that a VICS record has if it was imported before 0.1.0 knew cases; or ""."""
    return FORMER + _digest(_hashes(entry))[1:] if is_vics(entry) else ""


def numbered(key: str, number: int) -> str:
    """The name of the record that is the `number`-th of those that share a key, from 1."""
    return key if number == 1 else f"{key} {number}"


def is_vics(entry: HashEntry) -> bool:
    """Whether it is a record of a VICS file, of which several may stand for one file."""
    return FORMAT in entry.extra


def _case(entry: HashEntry) -> str:
    frame = entry.extra.get(FRAME)
    return str(frame[-1]) if isinstance(frame, list) and frame else ""


def _hashes(entry: HashEntry) -> Sequence[object]:
    """All hashes in one order; of a VICS record without any, the record itself."""
    return sorted({tuple(f) for f in entry.fingerprints}) or [entry.extra.get(FORMAT)]


def _of_number(member: str, number: str) -> str:
    text = f"{member}/{number}" if member else number
    is_plain = len(text) <= MOST and not text.startswith((DIGEST, FORMER))
    could_be_another = "/" in member or (not member and "/" in number)
    if is_plain and not could_be_another and not _LIKE_A_HASH.search(text):
        return text
    return _digest(["number", member, number])


def _of_hashes(member: str, hashes: Sequence[object]) -> str:
    if len(hashes) == 1 and isinstance(hashes[0], tuple) and hashes[0][0] in _PLAIN_KINDS:
        text = ":".join((member, *hashes[0]))
        if len(text) <= MOST and not text.startswith((DIGEST, FORMER)):
            return text
    return _digest(["hashes", member, *hashes])


def _digest(said: Sequence[object]) -> str:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return DIGEST + hashlib.sha256(text.encode()).hexdigest()
