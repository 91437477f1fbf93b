"""Makes a hash entry of the cells of one row, by what a person said the columns are."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from breakwater.formats.hash_entry import (
    KINDS,
    Advice,
    BadFingerprint,
    Fault,
    Fingerprint,
    HashEntry,
    Problem,
    SourceId,
    kind_of,
    media_of,
    read_fingerprint,
    read_time,
)
from breakwater.formats.hash_table.columns import KIND_BY_LENGTH, ColumnMapping

LEAST_QUALITY = 50
"""Of a PDQ hash that is matched on, as `matching.pdq` has it; formats do not know that room."""
FORMAT = "table"
"""The name under which `HashEntry.extra` keeps the columns that mean nothing to us."""
_MEDIA = {"picture": "image", "photo": "image", "movie": "video", "film": "video"}
_YES = {"true", "yes", "1", "y", "x", "t"}
_NO = {"false", "no", "0", "n", "f"}


class Builder:
    """Makes entries of rows; what is wrong with the last row is in `faults`."""

    def __init__(self, mapping: ColumnMapping, names: Sequence[str]) -> None:
        self.faults: list[Fault] = []
        self._names = names
        self._mapping = mapping
        targets = [mapping.columns.get(name, "") for name in names]
        self._hashes = [(i, kind) for i, kind in enumerate(targets) if kind in KINDS]
        self._texts = [(i, t) for i, t in enumerate(targets) if t and t not in KINDS]
        self._rest = [i for i, target in enumerate(targets) if not target]
        self._defaults = _defaults(mapping)

    def missing(self, place: int) -> list[Fault]:
        """Say which columns of the mapping the file does not have."""
        lost = [name for name in self._mapping.columns if name not in self._names]
        return [Fault(place, name, Problem.MISSING, Advice.CHECK_SOURCE) for name in lost]

    def row(self, cells: Sequence[str], place: int | str = "") -> HashEntry | None:
        """Make an entry of a row of a table, None if there is none in it."""
        width = len(self._names)
        if len(cells) == width and not self._rest:
            return self.cells(cells, {}, place)
        if len(cells) != width:
            self._fault("", Problem.ROW_WIDTH, Advice.CHECK_SOURCE, f"{len(cells)} ≠ {width}")
        whole = [*cells, *[""] * (width - len(cells))]
        rest = {self._names[i]: whole[i] for i in self._rest if whole[i]}
        rest |= {str(n): text for n, text in enumerate(cells[width:], width + 1) if text}
        return self.cells(whole, rest, place)

    def cells(
        self, cells: Sequence[str], rest: Mapping[str, Any], place: int | str = ""
    ) -> HashEntry | None:
        found: list[Fingerprint] = []
        for index, kind in self._hashes:
            if cells[index]:
                self._add(found, kind, cells[index], self._names[index])
        if not (self._texts or rest or self._defaults) and found:
            return HashEntry(tuple(found), place=place)
        values: dict[str, Any] = dict(self._defaults)
        said: dict[str, str] = {}
        for index, target in self._texts:
            text = cells[index].strip()
            if text:
                said[target] = text
        if rest:
            values["extra"] = {FORMAT: dict(rest)}
        self._fill(values, found, said)
        source = values.get("source_id")
        # A record of another format is kept whole, also where it has no hash.
        is_record = any(name != FORMAT for name in values.get("extra", ()))
        is_tombstone = values.get("deleted") and source and source.entry
        if not found and not is_record and not is_tombstone:
            self._fault("", Problem.NO_FINGERPRINT, Advice.ENTRY_LEFT_OUT)
            return None
        return HashEntry(tuple(found), place=place, **values)

    def take_faults(self, place: int | str) -> list[Fault]:
        """Give the faults of the last row with their place, and forget them."""
        taken = [Fault(place, f.field, f.problem, f.advice, f.found) for f in self.faults]
        self.faults.clear()
        return taken

    def _fault(self, field: str, problem: Problem, advice: Advice, found: str = "") -> None:
        self.faults.append(Fault(0, field, problem, advice, found[:80]))

    def _add(self, found: list[Fingerprint], kind: str, text: str, field: str) -> None:
        try:
            found.append(read_fingerprint(kind, text))
        except BadFingerprint as refused:
            if text.strip():
                self._fault(field, refused.problem, Advice.VALUE_LEFT_OUT, text)

    def _fill(self, values: dict[str, Any], found: list[Fingerprint], said: dict[str, str]) -> None:
        if "hash" in said:
            self._told_by_length(found, said["hash"], said.get("kind", ""))
        if "more_hashes" in said:
            self._more_hashes(found, said["more_hashes"])
        member = said.get("member_id", self._mapping.member_id)
        if "quality" in said:
            self._quality(values, found, said["quality"])
        if "entry_id" in said or member:
            values["source_id"] = SourceId(said.get("entry_id", ""), member)
        if "extra" in said:
            self._extra(values, said["extra"])
        for target, text in said.items():
            reader = _READERS.get(target)
            if reader:
                reader(self, values, text)
        if "media" not in values and "mime_type" in values:
            values["media"] = media_of(values["mime_type"])

    def _quality(self, values: dict[str, Any], found: list[Fingerprint], text: str) -> None:
        """Set PDQ of a poor picture aside: a black one is all zeros and near to every other."""
        kept = values.setdefault("extra", {}).setdefault(FORMAT, {})
        kept["quality"] = text
        try:
            quality = float(text)
        except ValueError:
            self._fault("quality", Problem.BAD_NUMBER, Advice.KEPT_AS_WRITTEN, text)
            return
        poor = [f for f in found if f.kind == "pdq"] if quality < LEAST_QUALITY else []
        for fingerprint in poor:
            found.remove(fingerprint)
            kept["pdq"] = fingerprint.value
            self._fault("pdq", Problem.LOW_QUALITY, Advice.VALUE_LEFT_OUT, text)

    def _told_by_length(self, found: list[Fingerprint], text: str, said_kind: str) -> None:
        kind = kind_of(said_kind) if said_kind else KIND_BY_LENGTH.get(len(text))
        if kind:
            self._add(found, kind, text, "hash")
        elif said_kind:
            self._fault("kind", Problem.UNKNOWN_KIND, Advice.VALUE_LEFT_OUT, said_kind)
        elif len(text) == 64:
            self._fault("hash", Problem.AMBIGUOUS_KIND, Advice.VALUE_LEFT_OUT, text)
        else:
            self._fault("hash", Problem.WRONG_LENGTH, Advice.VALUE_LEFT_OUT, text)

    def _more_hashes(self, found: list[Fingerprint], text: str) -> None:
        try:
            pairs = msgspec.json.decode(text, type=list[tuple[str, str]])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._fault("more_hashes", Problem.NOT_JSON, Advice.VALUE_LEFT_OUT, text)
            return
        for kind, value in pairs:
            self._add(found, kind, value, "more_hashes")

    def _extra(self, values: dict[str, Any], text: str) -> None:
        try:
            extra = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            self._fault("extra", Problem.NOT_JSON, Advice.KEPT_AS_WRITTEN, text)
            extra = {FORMAT: {"extra": text}}
        values["extra"] = values.get("extra", {}) | extra

    def _media(self, values: dict[str, Any], text: str) -> None:
        word = text.lower().partition("/")[0].rstrip("s")
        media = media_of(_MEDIA.get(word, word))
        values["media"] = media
        if media == "unknown" and word != "unknown":
            self._fault("media", Problem.UNKNOWN_KIND, Advice.VALUE_LEFT_OUT, text)

    def _changed_at(self, values: dict[str, Any], text: str) -> None:
        values["changed_at"], problem = read_time(text)
        if problem:
            bad = problem is Problem.BAD_TIME
            advice = Advice.VALUE_LEFT_OUT if bad else Advice.NORMALISED
            self._fault("changed_at", problem, advice, text)

    def _size(self, values: dict[str, Any], text: str) -> None:
        if text.isascii() and text.isdigit() and len(text) < 19:
            values["size"] = int(text)
        else:
            self._fault("size", Problem.BAD_NUMBER, Advice.VALUE_LEFT_OUT, text)

    def _deleted(self, values: dict[str, Any], text: str) -> None:
        word = text.lower()
        values["deleted"] = word in _YES
        if word not in _YES and word not in _NO:
            self._fault("deleted", Problem.BAD_FLAG, Advice.VALUE_LEFT_OUT, text)

    def _tags(self, values: dict[str, Any], text: str) -> None:
        values["tags"] = tags_of(text)


def _defaults(mapping: ColumnMapping) -> dict[str, Any]:
    said = {"scheme": mapping.scheme, "member_name": mapping.member_name}
    values: dict[str, Any] = {name: value for name, value in said.items() if value}
    if mapping.media != "unknown":
        values["media"] = mapping.media
    if mapping.member_id:
        values["source_id"] = SourceId("", mapping.member_id)
    return values


def _as_text(name: str) -> "Callable[[Builder, dict[str, Any], str], None]":
    def keep(_: Builder, values: dict[str, Any], text: str) -> None:
        values[name] = text

    return keep


_READERS: dict[str, Callable[[Builder, dict[str, Any], str], None]] = {
    "media": Builder._media,
    "changed_at": Builder._changed_at,
    "size": Builder._size,
    "deleted": Builder._deleted,
    "tags": Builder._tags,
} | {
    name: _as_text(name)
    for name in ("grade", "scheme", "member_name", "mime_type", "series", "note")
}


def tags_of(text: str) -> tuple[str, ...]:
    """Read tags: a JSON list of texts, or words between semicolons, or between commas."""
    if text[:1] == "[":
        try:
            return tuple(msgspec.json.decode(text, type=list[str]))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            pass  # a tag may begin with a bracket
    parts = text.split(";") if ";" in text else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def text_of(value: object) -> str:
    """Write a JSON value as the cell of a table would have it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(value).decode("utf-8", "replace")
