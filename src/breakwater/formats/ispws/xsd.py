"""Prints the table of `schema` as an XML schema of our own writing, for `/xsd`."""

import functools

from lxml import etree

from breakwater.formats.ispws import schema
from breakwater.formats.ispws.schema import Attribute, Child, Content, Group

XS = "http://www.w3.org/2001/XMLSchema"


@functools.cache
def schema_text() -> bytes:
    """Give the schema of everything the provider door accepts."""
    root = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS})
    note = etree.SubElement(_sub(root, "annotation"), f"{{{XS}}}documentation")
    note.text = (
        "Breakwater's own schema of what its provider door accepts. Rules that a schema cannot "
        "say (times in the past, batched reports, addresses on persons) are answered with 4100."
    )
    for group in (schema.REPORT, schema.FILE_DETAILS):
        _element(root, Child(group.name, group), top=True)
    return etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")


def _sub(parent: etree._Element, name: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XS}}}{name}", attributes)


def _element(parent: etree._Element, child: Child, *, top: bool = False) -> None:
    element = _sub(parent, "element", name=child.name)
    if not top:
        element.set("minOccurs", str(child.least))
        element.set("maxOccurs", "unbounded" if child.most is None else str(child.most))
    content = child.content
    if isinstance(content, Group):
        kind = _sub(element, "complexType")
        _children(kind, content)
        _attributes(kind, (*child.attributes, *content.attributes))
    elif child.attributes:
        kind = _sub(element, "complexType")
        holder = _sub(_sub(kind, "simpleContent"), "extension", base="xs:string")
        _attributes(holder, child.attributes)
    else:
        _simple(element, content)


def _children(kind: etree._Element, group: Group) -> None:
    name = "choice" if group.one_of else "all" if group.any_order else "sequence"
    holder = _sub(kind, name)
    for child in group.children:
        least = 1 if group.one_of else child.least
        _element(holder, Child(child.name, child.content, least, child.most, child.attributes))


def _attributes(holder: etree._Element, attributes: tuple[Attribute, ...]) -> None:
    for attribute in attributes:
        use = "required" if attribute.required else "optional"
        _simple(_sub(holder, "attribute", name=attribute.name, use=use), attribute.content)


def _simple(holder: etree._Element, content: Content) -> None:
    kind = _sub(holder, "simpleType")
    match content:
        case schema.Text(longest):
            rule = _sub(kind, "restriction", base="xs:string")
            if longest:
                _sub(rule, "maxLength", value=str(longest))
        case schema.Choice(values):
            rule = _sub(kind, "restriction", base="xs:string")
            for value in values:
                _sub(rule, "enumeration", value=value)
        case schema.Number(lowest, highest):
            rule = _sub(kind, "restriction", base="xs:integer")
            _sub(rule, "minInclusive", value=str(lowest))
            _sub(rule, "maxInclusive", value=str(highest))
        case schema.Flag():
            rule = _sub(kind, "restriction", base="xs:string")
            for value in ("", "true"):
                _sub(rule, "enumeration", value=value)
        case schema.YesNo():
            _sub(kind, "restriction", base="xs:boolean")
        case schema.Time():
            rule = _sub(kind, "restriction", base="xs:dateTime")
            _sub(rule, "pattern", value=r".*(Z|[+\-]\d\d:\d\d)")
        case _:
            _sub(kind, "restriction", base="xs:string")
