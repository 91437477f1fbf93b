"""Turns untrusted bytes into a tree, with nothing fetched and nothing expanded, and back."""

import re
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from breakwater.formats.hash_entry import Advice, Fault, Problem, read_time
from breakwater.formats.record import FormatError

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
MAX_BYTES = 64 * 1024 * 1024
Element = etree._Element

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-�\U00010000-\U0010ffff]")


class SharingError(FormatError):
    """The bytes are no document of the Hash Sharing API, or one that is not safe to read."""


class Notes:
    """The faults found so far in one document."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, place: str, name: str, problem: Problem, advice: Advice, found: str = "") -> None:
        self.faults.append(Fault(place, name, problem, advice, found[:80]))

    def unknown(self, place: str, element: Element) -> None:
        found = etree.tostring(element, encoding="unicode", with_tail=False)
        name = local_name(element)
        self.add(f"{place}/{name}", name, Problem.UNKNOWN_ELEMENT, Advice.VALUE_LEFT_OUT, found)

    def time(self, place: str, name: str, text: str | None) -> datetime | None:
        """Read a time; a missing one is no fault here."""
        if not text:
            return None
        when, problem = read_time(text)
        if problem:
            advice = Advice.VALUE_LEFT_OUT if when is None else Advice.NORMALISED
            self.add(place, name, problem, advice, text)
        return when


def parse(data: bytes, *roots: str) -> tuple[Element, Notes]:
    """Parse a document with one of these roots, or with any if none is named.

    Raises:
        SharingError: too large, not well-formed, with a document type declaration, or
            with another root.
    """
    if len(data) > MAX_BYTES:
        reason = f"{len(data):,} bytes, and at most {MAX_BYTES:,} are read at once"
        raise SharingError("document", reason)
    if b"<!DOCTYPE" in data[:65536].upper() or b"<!ENTITY" in data.upper():
        raise SharingError("document", "a document type declaration is not accepted")
    root = _tree(data)
    info: Any = root.getroottree().docinfo  # the stubs do not know what it has
    if info.doctype:
        raise SharingError("document", "a document type declaration is not accepted")
    name = local_name(root)
    if roots and name not in roots:
        raise SharingError(name, f"expected <{'> or <'.join(roots)}> as the root")
    notes = Notes()
    if etree.QName(root).namespace != NAMESPACE:
        found = etree.QName(root).namespace or ""
        notes.add(name, "xmlns", Problem.WRONG_NAMESPACE, Advice.NORMALISED, found)
    return root, notes


def _tree(data: bytes) -> Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(data.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as problem:
        line = getattr(problem, "lineno", None)
        where = f"line {line}" if line else "document"
        raise SharingError(where, f"not well-formed XML: {problem}") from problem


def local_name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def text_of(element: Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def new(name: str, **attributes: str) -> Element:
    root: Element = etree.Element(tag(name), nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    return _with(root, attributes)


def add(parent: Element, name: str, /, text: str | None = None, **attributes: str) -> Element:
    element = _with(etree.SubElement(parent, tag(name)), attributes)
    if text is not None:
        element.text = clean(text)
    return element


def _with(element: Element, attributes: dict[str, str]) -> Element:
    for name, value in attributes.items():
        if value:
            element.set(name, clean(value))
    return element


def tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def clean(text: str) -> str:
    """Replace the characters that XML cannot carry at all."""
    return _NOT_XML.sub("�", text)


def dump(root: Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def second(when: datetime) -> str:
    """Write a time to the second, cut off: the open client reads `maxTimestamp` only so,
    and a checkpoint that is a moment early costs nothing, while a late one loses entries.
    """
    return when.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def instant(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
