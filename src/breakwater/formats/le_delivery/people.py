"""Reads people, their accounts and their captures from police-side JSON."""

import functools
import ipaddress
import re

from breakwater.formats.le_delivery import words
from breakwater.formats.le_delivery.node import Node, clean, keys
from breakwater.formats.record import (
    Account,
    Capture,
    Device,
    Email,
    Person,
    Phone,
    Place,
)

PERSON = keys("""id firstName middleName lastName suffix nickname espUserId espService screenName screenNames
    displayName displayNames emails phones addresses profileUrl profileUrls profileBio dateOfBirth
    approximateAge age gender accountTemporarilyDisabled accountPermanentlyDisabled
    compromisedAccount priorCybertipReports espEstimatedLocations estimatedLocation accessToChildren
    accessToFirearms convictedSexOffender relationshipToChildVictim vehicleDescription schoolName
    groupIdentifier thirdPartyUserReported associatedAccounts deviceIds ipCaptureEvents
    sourceInformation additionalInformations additionalInfo value""")
_EMAIL = frozenset({"id", "value", "verified", "verificationDate", "type"})
_PHONE = keys("""id value number phoneNumber verified verificationDate type countryCallingCode countryCode
    extension""")
_PLACE = keys("""id address street city region state province nonUsaState postalCode zipCode country
    countryCode type verified timestamp dateTime latitude longitude value""")
_ACCOUNT = keys("id espUserId accountId espIdentifier espService service type value additionalInfo")
_CAPTURE = keys("""id captureType valueType value eventName dateTime possibleProxy port type idType idValue
    ipAddress additionalInfo""")
_SOURCE = frozenset({"sourceCaptures", "value"})
_RANGE = re.compile(r"\D*(\d{1,3})(?:\D+(\d{1,3}))?\D*")
_IP_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|(\d+(?:\.\d+){3})):(\d{1,5})")


def person(node: Node, role: str) -> Person:
    found = Person(
        role=role,
        first_name=node.text("firstName"),
        middle_name=node.text("middleName"),
        last_name=node.text("lastName"),
        birth_date=node.text("dateOfBirth"),
        account=_account(node),
        screen_names=_names(node, "screenName", "screenNames"),
        display_names=_names(node, "displayName", "displayNames"),
        profile_urls=_names(node, "profileUrl", "profileUrls"),
        profile_bio=node.text("profileBio"),
        emails=emails(node, "emails"),
        phones=phones(node, "phones"),
        places=_places(node),
        group=node.text("groupIdentifier"),
        prior_reports=_prior(node),
        compromised=node.flag("compromisedAccount"),
        disabled=_disabled(node),
        third_party=node.flag("thirdPartyUserReported"),
        access_to_children=node.flag("accessToChildren"),
        access_to_firearms=node.flag("accessToFirearms"),
        convicted=node.flag("convictedSexOffender"),
        relationship=node.text("relationshipToChildVictim"),
        vehicle=node.text("vehicleDescription"),
        school=node.text("schoolName"),
        associated=[_associated(n) for n in node.nodes("associatedAccounts", _ACCOUNT)],
        notes=notes(node),
    )
    _describe(node, found)
    _sources(node, found)
    return found


def _describe(node: Node, found: Person) -> None:
    gender = node.text("gender")
    found.sex = words.sex(gender) if gender else ""
    if gender and not found.sex and words.plain(gender) not in ("unknown", "not specified"):
        node.problem("gender", f"expected female, male or other, got «{gender[:80]}»")
    for key in ("approximateAge", "age"):
        text = node.text(key)
        if not text or found.age is not None:
            continue
        match = _RANGE.fullmatch(text)
        # Of a range the lower end counts: a child may be younger than thought.
        found.age = int(match[1]) if match and int(match[1]) <= 150 else None
        if found.age is None:
            node.problem(key, f"expected an age, got «{text[:80]}»")
        elif match and match[2]:
            found.notes = [*found.notes, f"Age as written: {text[:80]}"]
    bare = node.text("value")
    if bare:
        found.notes = [*found.notes, bare]


def _account(node: Node) -> Account | None:
    service, identifier = node.text("espService"), node.text("espUserId")
    return Account(service=service, identifier=identifier) if service or identifier else None


def _associated(node: Node) -> Account:
    identifiers = (node.text(k) for k in ("espUserId", "accountId", "espIdentifier", "value"))
    return Account(
        service=node.text("espService") or node.text("service"),
        identifier=next((i for i in identifiers if i), ""),
        relation=node.text("type").lower(),
    )


def _names(node: Node, one: str, many: str) -> list[str]:
    found = node.texts(one) if node.data.get(one) is not None else []
    if node.data.get(many) is not None:
        found += node.texts(many)
    return list(dict.fromkeys(found)) if len(found) > 1 else found


def _prior(node: Node) -> list[str]:
    found: list[str] = []
    for text in node.texts("priorCybertipReports"):
        found += [part for part in re.split(r"[\s,;]+", text) if part]
    return found


def _disabled(node: Node) -> bool | None:
    said: list[bool] = []
    for key in ("accountTemporarilyDisabled", "accountPermanentlyDisabled"):
        value = node.data.get(key)
        if isinstance(value, dict) and value and "value" not in value:
            said.append(True)  # dates of the disabling, written only when it happened
        elif value is not None and (flag := node.flag(key)) is not None:
            said.append(flag)
    return any(said) if said else None


def emails(node: Node, key: str) -> list[Email]:
    if node.data.get(key) is None:
        return []
    found = []
    for n in node.nodes(key, _EMAIL):
        value = n.text("value")
        if value:
            kind = n.text("type")
            found.append(Email(value=value, verified=n.flag("verified"), kind=kind.lower()))
    return found


def phones(node: Node, key: str) -> list[Phone]:
    if node.data.get(key) is None:
        return []
    found = []
    for n in node.nodes(key, _PHONE):
        value = n.text("value") or n.text("number") or n.text("phoneNumber")
        if value:
            code = n.text("countryCallingCode").lstrip("+")
            kind = n.text("type").lower()
            phone = Phone(value=value, calling_code=code, verified=n.flag("verified"), kind=kind)
            found.append(phone)
    return found


def _places(node: Node) -> list[Place]:
    keys = (("espEstimatedLocations", "estimated"), ("estimatedLocation", "estimated"))
    found = [
        place(n, source)
        for key, source in (*keys, ("addresses", "address"))
        if node.data.get(key) is not None
        for n in node.nodes(key, _PLACE)
    ]
    return [p for p in found if p.country or p.region or p.city or p.address]


def place(node: Node, source: str) -> Place:
    regions = (node.text(k) for k in ("region", "state", "province", "nonUsaState"))
    street = node.text("address") or node.text("street") or node.text("value")
    code = node.text("postalCode") or node.text("zipCode")
    return Place(
        country=country(node, "countryCode") or country(node, "country"),
        region=next((r for r in regions if r), ""),
        city=node.text("city"),
        address=", ".join(part for part in (street, code) if part),
        source=source,
        verified=node.flag("verified"),
    )


def country(node: Node, key: str) -> str:
    text = node.text(key)
    code = words.country(text) if text else ""
    if text and not code and words.plain(text) not in ("unknown", "not specified"):
        node.problem(key, f"expected a country's name or code, got «{text[:80]}»")
    return code


def notes(node: Node) -> list[str]:
    found: list[str] = []
    for key in ("additionalInformations", "additionalInfo"):
        if node.data.get(key) is not None:
            found += node.texts(key, "additionalInformations")
    return found


def captures_of(node: Node) -> list[Node]:
    """The captures of a person, file or incident, whichever way they are wrapped."""
    value = node.data.get("sourceInformation")
    if value is None:
        return []
    wrappers = isinstance(value, list) and any(
        isinstance(v, dict) and "sourceCaptures" in v for v in value
    )
    if not wrappers:
        return node.nodes("sourceInformation", _CAPTURE, "sourceCaptures")
    sources = node.nodes("sourceInformation", _SOURCE)
    return [n for source in sources for n in source.nodes("sourceCaptures", _CAPTURE)]


def _sources(node: Node, found: Person) -> None:
    for n in captures_of(node):
        kind = words.plain(n.text("captureType") or n.text("type"))
        value = n.text("value")
        if _is_ip(kind, n):
            found.captures = [*found.captures, capture(n)]
        elif "device" in kind or n.data.get("idType"):
            found.devices = [*found.devices, device(n)]
        elif kind in ("url", "profile url", "profile"):
            found.profile_urls = [*found.profile_urls, value]
        elif kind in ("email", "email address", "e mail"):
            found.emails = [*found.emails, Email(value=value)]
        elif kind in ("phone", "phone number"):
            found.phones = [*found.phones, Phone(value=value)]
        elif value:
            found.notes = [*found.notes, f"{n.text('captureType') or 'Capture'}: {value}"]
    if node.data.get("ipCaptureEvents") is not None:
        more = [capture(n) for n in node.nodes("ipCaptureEvents", _CAPTURE)]
        found.captures = [*found.captures, *more]
    if node.data.get("deviceIds") is not None:
        more_devices = [device(n) for n in node.nodes("deviceIds", _CAPTURE)]
        found.devices = [*found.devices, *more_devices]


def split_captures(nodes: list[Node]) -> tuple[list[Capture], list[Device], list[str], list[str]]:
    """Sort the captures of a file or an incident: events, devices, addresses, the rest."""
    events: list[Capture] = []
    devices: list[Device] = []
    urls: list[str] = []
    rest: list[str] = []
    for n in nodes:
        kind = words.plain(n.text("captureType") or n.text("type"))
        if _is_ip(kind, n):
            events.append(capture(n))
        elif "device" in kind or n.data.get("idType"):
            devices.append(device(n))
        elif "url" in kind.split():
            urls.append(n.text("value"))
        elif value := n.text("value"):
            rest.append(f"{n.text('captureType') or 'Capture'}: {value}")
    return events, devices, urls, rest


def _is_ip(kind: str, node: Node) -> bool:
    if kind in ("ip address", "ip", "ipaddress") or node.data.get("ipAddress"):
        return True
    return not kind and is_ip(node.text("value"))


def capture(node: Node) -> Capture:
    ip, port = node.text("value") or node.text("ipAddress"), node.number("port")
    joined = _IP_WITH_PORT.fullmatch(ip)
    if joined:
        ip, port = joined[1] or joined[2], port or int(joined[3])
    if not is_ip(ip):
        node.problem("value", f"expected an IP address, got «{ip[:80]}»")
    if port is not None and not 1 <= port <= 65_535:
        node.problem("port", f"expected 1 to 65535, got {port}")
        port = None
    return Capture(
        ip=ip,
        port=port,
        at=node.moment("dateTime"),
        event=_event(node),
        proxy=node.flag("possibleProxy"),
    )


def device(node: Node) -> Device:
    kind = node.text("idType") or node.text("valueType") or "Device ID"
    return Device(
        kind=kind,
        value=node.text("value") or node.text("idValue"),
        event=_event(node),
        at=node.moment("dateTime"),
    )


def _event(node: Node) -> str:
    text = node.text("eventName")
    name, known = words.event(text)
    if not known:
        node.problem("eventName", f"event «{text[:80]}» not known, read as other")
    return name


@functools.lru_cache(maxsize=16_384)
def is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(clean(text))
    except ValueError:
        return False
    return True
