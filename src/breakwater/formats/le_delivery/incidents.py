"""Reads where it happened: the incident details of police-side JSON."""

from breakwater.formats.le_delivery.node import Node, keys
from breakwater.formats.le_delivery.people import captures_of, emails, notes, split_captures
from breakwater.formats.record import Email, Incident, Phone

_KINDS = {
    "chatIncident": "chat",
    "emailIncident": "email",
    "webpageIncident": "web",
    "peerToPeerIncident": "peer_to_peer",
    "gamingIncident": "gaming",
    "cellPhoneIncident": "phone",
    "newsgroupIncident": "newsgroup",
    "otherInternetIncident": "other",
    "internetIncident": "other",
    "nonInternetIncident": "offline",
}
DETAILS = frozenset(
    {
        *_KINDS,
        "webPageIncident",
        "peer2peerIncident",
        "onlineGamingIncident",
        "chatImIncident",
    }
)
_OTHER_NAMES = {
    "webPageIncident": "web",
    "peer2peerIncident": "peer_to_peer",
    "onlineGamingIncident": "gaming",
    "chatImIncident": "chat",
}
_INCIDENT = keys("""id name value type url urls email emails emailAddress emailAddresses chatClient chatRoomName
    gameName console client fileNames locationName newsgroupName incidentAddress phone phoneNumber
    latitude longitude content thirdPartyHostedContent sourceInformation additionalInformations
    additionalInfo""")
_NAMES = (
    "name",
    "chatClient",
    "chatRoomName",
    "gameName",
    "console",
    "client",
    "newsgroupName",
    "locationName",
    "incidentAddress",
    "value",
)


def incidents(node: Node) -> list[Incident]:
    found: list[Incident] = []
    for key, kind in (_KINDS | _OTHER_NAMES).items() if node.data else ():
        if node.data.get(key):
            found += [_incident(n, kind) for n in node.nodes(key, _INCIDENT)]
    return found


def _incident(node: Node, kind: str) -> Incident:
    data = node.data
    found = Incident(
        kind=kind,
        name=" / ".join(t for k in _NAMES if data.get(k) is not None and (t := node.text(k))),
        urls=_all(node, "url", "urls"),
        emails=_emails(node),
        content=node.text("content"),
        third_party_hosted=bool(node.flag("thirdPartyHostedContent")),
        notes=notes(node),
    )
    number = node.text("phoneNumber") or node.text("phone")
    if number:
        found.phone = Phone(value=number)
    if data.get("sourceInformation") is not None:
        found.captures, devices, urls, rest = split_captures(captures_of(node))
        found.urls = [*found.urls, *urls]
        rest += [f"{d.kind}: {d.value}" for d in devices]
        found.notes = [*found.notes, *rest]
    if data.get("fileNames") is not None:
        found.notes = [*found.notes, *(f"File name: {n}" for n in node.texts("fileNames"))]
    if data.get("latitude") is not None or data.get("longitude") is not None:
        position = f"Position: {node.text('latitude')}, {node.text('longitude')}"
        found.notes = [*found.notes, position]
    return found


def _all(node: Node, *keys: str) -> list[str]:
    return [text for key in keys if node.data.get(key) is not None for text in node.texts(key)]


def _emails(node: Node) -> list[Email]:
    keys = ("email", "emails", "emailAddress", "emailAddresses")
    return [email for key in keys for email in emails(node, key)]
