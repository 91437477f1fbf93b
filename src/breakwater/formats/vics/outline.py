"""A first look at a VICS file: its root without the members, and whether these are cases."""

from collections.abc import Iterator
from typing import Any

from breakwater.formats.hash_entry import Advice, Problem, kind_of
from breakwater.formats.vics.document import LARGE, Document
from breakwater.formats.vics.file import Faults, Kind, NotVics, Plain


class Opened:
    """An object that is too large to hold: its records one by one, and then its other fields."""

    def __init__(self, document: Document) -> None:
        self.fields: Plain = {}
        self._document = document

    def media(self) -> Iterator[Any]:
        """Give every record; `fields` is whole when this has ended."""
        for key in self._document.names():
            if key == "Media" and self._document.peek() == "[":
                self.fields[key] = []
                for _ in self._document.items():
                    yield self._document.value()
            else:
                self.fields[key] = self._document.value()


class Outline:
    """`root` is the file as it was written, with an empty list as `root[key]`.

    Raises:
        NotVics: there is no list of media or cases in it, or it is no JSON.
        UnicodeDecodeError: it is not in the encoding of the document.
    """

    def __init__(self, document: Document) -> None:
        self.root: Plain = {}
        self.key = ""
        self.is_bare = document.peek() == "["
        self._in_cases = self._on_its_own = False
        if self.is_bare:
            self._look_at("value", document)
        elif document.peek() == "{":
            for name in document.names():
                if _has_members(name, document) and name not in self.root and self.key != "value":
                    self._look_at(name, document)
                else:
                    self.root[name] = document.value()
        else:
            document.value()
            raise NotVics("document", "expected a JSON object")
        document.end()
        if ("value" in self.root and self.key != "value") or not self.key:
            raise NotVics("value", "expected a list of media or of cases")

    def kind(self, noun: str, faults: Faults) -> Kind:
        """Tell hash set and case apart by what is in the file; the context is only a claim."""
        is_case = self._in_cases or (noun == "Cases" and not self._on_its_own)
        kind: Kind = "case" if is_case else "hash_set"
        if noun and (noun == "Cases") != (kind == "case"):
            faults.add("value", "@odata.context", Problem.CONTEXT_DIFFERS, Advice.NORMALISED, noun)
        return kind

    def _look_at(self, name: str, document: Document) -> None:
        self.key = name
        self.root[name] = []  # the list is written from the entries again
        for member in _items(document):
            fields = whole(member)
            if isinstance(fields, dict):
                self._in_cases |= isinstance(fields.get("Media"), list)
                self._on_its_own |= has_hash(fields)


def _has_members(name: str, document: Document) -> bool:
    return name in ("value", "Cases") and document.peek() in ("[", "{")


def members(document: Document, key: str) -> Iterator[Any]:
    """Give every member of the file: a plain value, or `Opened`, which has to be read to its end."""
    if document.peek() == "[":
        yield from _items(document)
        return
    for name in document.names():
        if name == key and _has_members(name, document):
            yield from _items(document)
            return
        document.value()


def _items(document: Document) -> Iterator[Any]:
    if document.peek() == "{":  # one member alone, without its list
        yield _item(document)
        return
    for _ in document.items():
        yield _item(document)


def _item(document: Document) -> Any:
    value = document.small()
    return Opened(document) if value is LARGE else value


def media_of(member: Any) -> Iterator[Any]:
    """Give the records of a case."""
    if isinstance(member, Opened):
        yield from member.media()
    elif isinstance(media := member.get("Media"), list):
        yield from media


def whole(member: Any) -> Any:
    """Give a member as a plain value; its records are left out if it is a large one."""
    if not isinstance(member, Opened):
        return member
    for _ in member.media():
        pass
    return member.fields


def has_hash(record: Plain) -> bool:
    return any(kind_of(key) for key in record)
