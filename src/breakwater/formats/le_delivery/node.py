"""Takes values out of one JSON object, and lists whatever was not taken.

Every sender writes the same thing in another way – a list or a wrapper around it, a
word or a boolean, a key misspelt – so a node takes what it can make sense of and notes
the rest as `path: reason`. Nothing is dropped in silence.
"""

import difflib
import functools
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from breakwater.formats.record import Moment

MAX_PROBLEMS = 1000
_YES = frozenset({"true", "yes", "y", "1", "t", "si", "sí"})
_NO = frozenset({"false", "no", "n", "0", "f"})
_UNSAID = frozenset(
    {"", "null", "none", "unknown", "n/a", "na", "not specified", "not provided", "undetermined"}
)
_MISSPELT = {"additonalinformations": "additionalinformations"}
_CLOSE_ENOUGH = 0.88
_ZONE_WORDS = re.compile(r"\s*\(?(?:UTC|GMT|Z)\)?$", re.IGNORECASE)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_SLASHES = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2})?)(.*))?")


class Node:
    """One JSON object at `path`. `known` are the keys that the reader will ask for."""

    __slots__ = ("data", "path", "problems")

    def __init__(
        self, data: dict[str, Any], path: str, problems: list[str], known: frozenset[str]
    ) -> None:
        self.path = path
        self.problems = problems
        self.data = data if data.keys() <= known else self._straighten(data, known)

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def problem(self, key: str, reason: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{self.at(key)[:300]}: {reason}")

    def _straighten(self, data: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
        """Give misspelt keys their names and list the ones that have none."""
        straight = {key: value for key, value in data.items() if key in known}
        for key in data.keys() - known:
            name, sure = _meant(key, known)
            if name and straight.get(name) is None:
                straight[name] = data[key]
                if not sure:
                    self.problem(key, f"unknown field, read as «{name}»")
            elif data[key] not in (None, "", [], {}):
                self.problem(key, "unknown field")
        return straight

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if value is None:
            return ""
        if value.__class__ is str:
            return value.strip() if "\0" not in value else clean(value)
        return self._text_of(key, value)

    def _text_of(self, key: str, value: object) -> str:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict) and "value" in value:
            value = Node(value, self.at(key), self.problems, _VALUE).data["value"]
            if value is None:
                return ""
        found = scalar(value)
        if found is None:
            self.problem(key, f"expected a text, got {_kind(value)}")
        return found or ""

    def texts(self, key: str, inner: str = "") -> list[str]:
        """A list of texts, written as such, as `{"value": …}` objects, or as a single one."""
        value = self.data.get(key)
        if value is None:
            return []
        if value.__class__ is str:
            return [clean(value)] if clean(value) else []
        found = (n.text("value") for n in self.nodes(key, _VALUE, inner))
        return [text for text in found if text]

    def flag(self, key: str) -> bool | None:
        value = self.data.get(key)
        if value is None or value.__class__ is bool:
            return value
        if isinstance(value, dict) and "value" in value:
            value = value["value"]
        word = (scalar(value) or "").lower()
        if word in _UNSAID and not isinstance(value, (list, dict)):
            return None
        if word in _YES or word in _NO:
            return word in _YES
        self.problem(key, f"expected true or false, got {_shown(value)}")
        return None

    def number(self, key: str) -> int | None:
        value = self.data.get(key)
        if value is None or value.__class__ is int:
            return self._in_range(key, value)
        word = (scalar(value) or "").strip()
        if word.lower() in _UNSAID and not isinstance(value, (list, dict)):
            return None
        whole = word.removesuffix(".0")
        if whole.isdecimal() and len(whole) < 19:
            return int(whole)
        self.problem(key, f"expected a whole number, got {_shown(value)}")
        return None

    def _in_range(self, key: str, value: int | None) -> int | None:
        if value is not None and not 0 <= value < 2**63:
            self.problem(key, f"expected a whole number, got {_shown(value)}")
            return None
        return value

    def moment(self, key: str) -> Moment | None:
        text = self.text(key)
        if text.lower() in _UNSAID:
            return None
        utc, has_zone = read_time(text)
        if utc is None:
            self.problem(key, f"expected a time, got «{text[:80]}»")
        return Moment(text=text[:200], utc=utc, has_zone=has_zone)

    def node(self, key: str, known: frozenset[str]) -> "Node":
        """The object under a key; an empty one where there is none."""
        value = self.data.get(key)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None:
            value = {}
        elif not isinstance(value, dict):
            if value not in ("", []):
                self.problem(key, f"expected an object, got {_kind(value)}")
            value = {}
        return Node(value, self.at(key), self.problems, known)

    def nodes(self, key: str, known: frozenset[str], inner: str = "") -> list["Node"]:
        """The objects under a key: a list, a wrapper around one, or a single object.

        `inner` is the wrapper's key where it is not called like `key` itself. A bare
        text or number stands for an object with that `value`.
        """
        value = self.data.get(key)
        if value is None:
            return []
        path = f"{self.path}.{key}" if self.path else key
        if value.__class__ is dict:
            inside = value.get(inner or key) if len(value) == 1 else None
            value = (
                inside if inside.__class__ is list else self._unwrapped(value, path, inner or key)
            )
        if value.__class__ is not list:
            value = [value]
        problems = self.problems
        return [
            Node(item, f"{path}[{i}]", problems, known)
            if item.__class__ is dict
            else self._bare(item, key, i, known)
            for i, item in enumerate(value)
            if item is not None and item != ""
        ]

    def _bare(self, item: object, key: str, i: int, known: frozenset[str]) -> "Node":
        if "value" not in known or item.__class__ is list:
            self.problem(f"{key}[{i}]", f"expected an object, got {_kind(item)}")
            return Node({}, f"{self.at(key)}[{i}]", self.problems, known)
        return Node({"value": item}, f"{self.at(key)}[{i}]", self.problems, known)

    def _unwrapped(self, value: dict[str, Any], path: str, inner: str) -> object:
        if inner not in value:
            only = next(iter(value.values())) if len(value) == 1 else value
            return only if only is None or isinstance(only, list) else value
        for other in value.keys() - {inner}:
            if value[other] not in (None, "", [], {}) and len(self.problems) < MAX_PROBLEMS:
                self.problems.append(f"{path[:200]}.{other[:100]}: unknown field")
        content = value[inner]
        if isinstance(content, dict) and inner in content:
            return content[inner]
        return content


_VALUE = frozenset({"value", "id", "type"})


def keys(names: str) -> frozenset[str]:
    """Name the keys that a reader knows, as words of one text."""
    return frozenset(names.split())


def clean(text: str) -> str:
    """Strip a text of blanks and of NUL, which no database keeps."""
    return text.strip() if "\0" not in text else text.replace("\0", "").strip()


def scalar(value: object) -> str | None:
    """Write a single value as a text, None if it is not a single one."""
    if value is None or isinstance(value, (dict, list)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return clean(value) if isinstance(value, str) else str(value)


def told(value: object, depth: int = 0) -> str:
    """Write any value as one line of text, for notes."""
    if isinstance(value, dict):
        parts = [f"{k}: {t}" for k, v in value.items() if depth < 4 and (t := told(v, depth + 1))]
        return clean("; ".join(parts))[:2000]
    if isinstance(value, list):
        return "; ".join(t for v in value[:200] if depth < 4 and (t := told(v, depth + 1)))[:2000]
    return (scalar(value) or "")[:2000]


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "a number")


def _shown(value: object) -> str:
    found = scalar(value)
    return f"«{found[:80]}»" if found is not None else _kind(value)


@functools.lru_cache(maxsize=4096)
def _meant(key: str, known: frozenset[str]) -> tuple[str, bool]:
    """Guess which known key was meant, and whether that is beyond doubt."""
    plain = _plain(key)
    names = {_plain(name): name for name in sorted(known)}
    plain = _MISSPELT.get(plain, plain)
    if plain in names:
        return names[plain], True
    for other in (f"{plain}s", plain.removesuffix("s")):
        if other in names:
            return names[other], False
    if len(plain) < 8:
        return "", False
    close = difflib.get_close_matches(plain[:80], names, n=1, cutoff=_CLOSE_ENOUGH)
    return (names[close[0]], False) if close else ("", False)


def _plain(key: str) -> str:
    return "".join(c for c in key.lower() if c.isalnum())


@functools.lru_cache(maxsize=16_384)
def read_time(text: str) -> tuple[datetime | None, bool]:
    """Read a time as UTC; the second value says whether the text named its zone.

    A date of which day and month cannot be told apart is not read.
    """
    found = _iso(text)
    if found is None and _EPOCH.fullmatch(text):
        found = datetime.fromtimestamp(int(text[:10]), UTC)
    if found is None:
        found = _slashes(text)
    if found is None:
        return None, False
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC), False
    try:
        return found.astimezone(UTC), True
    except OverflowError:
        return None, True


def _iso(text: str) -> datetime | None:
    bare = _ZONE_WORDS.sub("", text)
    if bare[:2].isalpha() or not bare[:4].isdecimal() or len(bare) < 10:
        return None  # fromisoformat also takes week dates and compact forms, which nobody means
    zone = timezone(timedelta(0)) if bare != text else None
    try:
        found = datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d{2}:?\d{2}$)", "", bare))
    except ValueError:
        return None
    return found.replace(tzinfo=zone) if zone and found.tzinfo is None else found


def _slashes(text: str) -> datetime | None:
    match = _SLASHES.fullmatch(_ZONE_WORDS.sub("", text))
    if not match:
        return None
    first, second = int(match[1]), int(match[2])
    if first <= 12 and second <= 12 and first != second:
        return None
    month, day = (first, second) if first <= 12 else (second, first)
    zone = "+00:00" if _ZONE_WORDS.search(text) else (match[5] or "").strip()
    clock = (match[4] or "00:00").zfill(5)
    return _iso(f"{match[3]}-{month:02}-{day:02}T{clock}{zone}")
