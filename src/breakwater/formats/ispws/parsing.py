"""Turns untrusted bytes into an element tree, with nothing fetched and nothing expanded."""

from typing import Any

from lxml import etree

from breakwater.formats.record import FormatError

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 40


class NotXml(FormatError):
    """The bytes are not well-formed XML, or XML of a kind that is never accepted (4110)."""


class Invalid(FormatError):
    """The XML breaks a rule of the reporting API (4100); `where` is the element path."""


def parse(data: bytes, root: str) -> etree._Element:
    """Parse a document whose root must be `root`.

    Raises:
        NotXml: not well-formed, a document type declaration, too large, or too deep.
        Invalid: well-formed, but with another root.
    """
    if len(data) > MAX_BYTES:
        raise NotXml("document", f"larger than {MAX_BYTES // 1024**2} MB; send less in one report")
    if b"<!DOCTYPE" in data[:65536].upper() or b"<!ENTITY" in data.upper():
        raise NotXml("document", "a document type declaration is not accepted; remove it")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        element = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as problem:
        line = getattr(problem, "lineno", None)
        where = f"line {line}" if line else "document"
        raise NotXml(where, f"not well-formed XML: {problem}") from problem
    info: Any = element.getroottree().docinfo  # the stubs do not know what it has
    if info.doctype:
        raise NotXml("document", "a document type declaration is not accepted; remove it")
    if local_name(element) != root:
        raise Invalid(local_name(element), f"expected one <{root}> element as the root")
    return element


def local_name(element: etree._Element) -> str:
    tag = element.tag
    return str(tag).rpartition("}")[2]


def text_of(element: etree._Element) -> str:
    return (element.text or "").strip()
