"""Reads one Media record of a VICS file, however its exporter spelled it."""

import functools
import re
from collections.abc import Iterator
from typing import Any

from breakwater.formats.hash_entry import (
    Advice,
    BadFingerprint,
    Fingerprint,
    HashEntry,
    Problem,
    SourceId,
    kind_of,
    media_of,
    read_fingerprint,
    read_time,
)
from breakwater.formats.vics.file import FLAGS, FORMAT, FRAME, Faults, Plain

_NAMES = {
    name.lower(): name
    for name in (
        *("MediaID", "Category", "MD5", "SHA1", "SHA256", "PDQ", "PhotoDNA", "MediaSize"),
        *("MimeType", "DateUpdated", "Series", "Tags", "Comments", "Exifs", "MediaFiles"),
        *("RelativeFilePath", "AlternativeHashes", *FLAGS),
    )
} | {"exif": "Exifs", "exifdata": "Exifs", "comment": "Comments", "filesize": "MediaSize"}
_HASHES = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "PDQ": "pdq", "PhotoDNA": "photodna"}
_EXIF = {
    "lat/lon": "GPSPosition",
    "latitude": "GPSLatitude",
    "longitude": "GPSLongitude",
    "latitudereference": "GPSLatitudeRef",
    "longitudereference": "GPSLongitudeRef",
    "gpslatitudereference": "GPSLatitudeRef",
    "gpslongitudereference": "GPSLongitudeRef",
    "capturetime": "DateTimeOriginal",
    "datetaken": "DateTimeOriginal",
    "cameramake": "Make",
    "cameramodel": "Model",
    "imagewidth": "PixelXDimension",
    "imageheight": "PixelYDimension",
}


@functools.lru_cache(maxsize=512)
def spelling(keys: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Find our names among a record's keys; with the keys that are spelled otherwise."""
    found: dict[str, str] = {name: name for name in _NAMES.values() if name in keys}
    odd = []
    for key in keys:
        name = _NAMES.get(key.lower())
        if name and name not in found:
            found[name] = key
            odd.append(key)
    return found, tuple(odd)


class MediaReader:
    """Reads one Media record; every oddity goes to `faults` with the record's place."""

    def __init__(self, record: Plain, frame: list[str], place: str, faults: Faults) -> None:
        self.record = record
        self.frame = frame
        self.scheme = frame[2]
        self.place = place
        self.faults = faults
        self.keys, odd = spelling(tuple(record))
        for key in odd:
            self.fault(key, Problem.FIELD_SPELLING, Advice.NORMALISED, key)

    def fault(self, name: str, problem: Problem, advice: Advice, found: object = "") -> None:
        self.faults.add(self.place, name, problem, advice, found)

    def get(self, name: str) -> Any:
        key = self.keys.get(name)
        return self.record[key] if key else None

    def entry(self) -> HashEntry:
        grade = self._grade()
        mime = text_of(self.get("MimeType"))
        media_id = text_of(self.get("MediaID"))
        self._check_flags(grade)
        self._check_exif()
        return HashEntry(
            self._fingerprints(),
            media=media_of(mime),
            grade=grade,
            scheme=scheme_text(self.scheme),
            source_id=SourceId(media_id) if media_id else None,
            changed_at=self._time("DateUpdated"),
            size=self._size(),
            mime_type=mime,
            series=text_of(self.get("Series")),
            tags=tags_of(self.get("Tags")),
            note=text_of(self.get("Comments")),
            extra={FORMAT: self.record, FRAME: self.frame},
            place=self.place,
        )

    def _fingerprints(self) -> tuple[Fingerprint, ...]:
        found: dict[str, Fingerprint] = {}
        for name, kind in _HASHES.items():
            self._hash(found, kind, self.get(name), name)
        others = self.get("AlternativeHashes")
        for other in others if isinstance(others, list) else ():
            if isinstance(other, dict):
                self._alternative(found, other)
        if not found:
            self.fault("MD5", Problem.NO_FINGERPRINT, Advice.KEPT_AS_WRITTEN)
        return tuple(found.values())

    def _alternative(self, found: dict[str, Fingerprint], other: Plain) -> None:
        name, value = text_of(other.get("HashName")), other.get("HashValue")
        kind = kind_of(name)
        if kind:
            self._hash(found, kind, value, "AlternativeHashes")
        elif value:
            problem = Problem.UNKNOWN_KIND
            self.fault("AlternativeHashes", problem, Advice.KEPT_AS_WRITTEN, name)

    def _hash(self, found: dict[str, Fingerprint], kind: str, value: object, name: str) -> None:
        text = text_of(value)
        if not text:
            return
        try:
            fingerprint = read_fingerprint(kind, text)
        except BadFingerprint as refused:
            self.fault(name, refused.problem, Advice.KEPT_AS_WRITTEN, text)
            return
        if fingerprint.value != text and fingerprint.value == text.lower():
            self.fault(name, Problem.UPPERCASE, Advice.NORMALISED)
        if found.setdefault(kind, fingerprint) != fingerprint:
            self.fault(name, Problem.CONTRADICTION, Advice.KEPT_AS_WRITTEN, text)

    def _grade(self) -> str | None:
        value = self.get("Category")
        return text_of(value) or None

    def _time(self, name: str) -> Any:
        text = text_of(self.get(name))
        if not text:
            return None
        when, problem = read_time(text)
        if problem:
            advice = Advice.KEPT_AS_WRITTEN if when is None else Advice.NORMALISED
            self.fault(name, problem, advice, text)
        return when

    def _size(self) -> int | None:
        value = self.get("MediaSize")
        if isinstance(value, str) and value.strip():
            size = _whole_number(value)
            problem = Problem.BAD_NUMBER if size is None else Problem.NUMBER_AS_TEXT
            advice = Advice.KEPT_AS_WRITTEN if size is None else Advice.NORMALISED
            self.fault("MediaSize", problem, advice, value)
            return size
        is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if value not in (None, "") and not is_number:
            self.fault("MediaSize", Problem.BAD_NUMBER, Advice.KEPT_AS_WRITTEN, value)
        return value if is_number else None

    def _check_flags(self, grade: str | None) -> None:
        for name in FLAGS:
            value = self.get(name)
            if isinstance(value, str) and value:
                bad = read_flag(value) is None
                problem = Problem.BAD_FLAG if bad else Problem.FLAG_AS_TEXT
                advice = Advice.KEPT_AS_WRITTEN if bad else Advice.NORMALISED
                self.fault(name, problem, advice, value)
        if grade is None and read_flag(self.get("IsPrecategorized")):
            self.fault("Category", Problem.GRADED_WITHOUT_GRADE, Advice.CHECK_SOURCE)

    def _check_exif(self) -> None:
        for name, _ in _exif_rows(self.get("Exifs")):
            usual = _EXIF.get(_plain(name))
            if usual and usual != name:
                self.fault("Exifs", Problem.EXIF_SPELLING, Advice.NORMALISED, name)


def text_of(value: object) -> str:
    """Read a field that may be text, a number, or an object with a name."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return text_of(value.get("Name"))
    return ""


def _whole_number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def tags_of(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else re.split(r"[;,]", text_of(value))
    return tuple(text for text in (text_of(part) for part in parts) if text)


def scheme_text(scheme: str) -> str:
    return f"VICS/{scheme}" if scheme else "VICS"


def read_flag(value: object) -> bool | None:
    """Read a flag in any of its spellings; None is «not said»."""
    if isinstance(value, bool):
        return value
    word = text_of(value).lower()
    if word in ("true", "1", "yes"):
        return True
    return False if word in ("false", "0", "no") else None


def flags_of(entry: HashEntry) -> dict[str, bool | None]:
    """Give the flags that a record of a VICS file has; all None for other entries."""
    record = entry.extra.get(FORMAT) or {}
    keys, _ = spelling(tuple(record))
    return {name: read_flag(record.get(keys.get(name, name))) for name in FLAGS}


def exif_of(entry: HashEntry) -> dict[str, str]:
    """Give what a record says of the camera and the place, under the usual Exif names."""
    record = entry.extra.get(FORMAT) or {}
    keys, _ = spelling(tuple(record))
    found: dict[str, str] = {}
    for name, value in _exif_rows(record.get(keys.get("Exifs", "Exifs"))):
        found.setdefault(_EXIF.get(_plain(name), name), value)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s_]+", "", name).lower()


def _exif_rows(rows: object) -> Iterator[tuple[str, str]]:
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            name = text_of(row.get("PropertyName") or row.get("Name"))
            value = text_of(row.get("PropertyValue") or row.get("Value"))
            if name and value:
                yield name, value
