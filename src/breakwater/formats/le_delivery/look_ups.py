"""Gives the clearing house's own look-ups of addresses and numbers to whom they are of.

A look-up that fits nobody by its address stays a note: it is not claimed of a person.
"""

import re

from breakwater.formats.le_delivery.node import Node, keys
from breakwater.formats.le_delivery.people import country
from breakwater.formats.record import REPORTED, VICTIM, Person, Place, Record

GEO_LOOKUPS = frozenset(
    {"reportedPersonGeoLookups", "childVictimGeoLookups", "imageGeoLookups", "internetGeoLookups"}
)
_GEO = keys("""id ipAddress country countryCode region city postalCode latitude longitude esp isp
    organization types metroCode areaCode date dateTime""")
_PHONE_GEO = keys(
    "id phoneNumber phone value country countryCode region state city carrier organization types"
)
_ROLE = {"reportedPersonGeoLookups": REPORTED, "childVictimGeoLookups": VICTIM}


def add_geo_look_ups(record: Record, node: Node) -> None:
    for key in node.data:
        for n in node.nodes(key, _GEO):
            ip = n.text("ipAddress")
            place = Place(
                country=country(n, "country") or country(n, "countryCode"),
                region=n.text("region"),
                city=n.text("city"),
                source="geo_lookup",
                ip=ip,
            )
            if place.country or place.region or place.city:
                _give(record, place, _owners(record, ip, _ROLE.get(key, "")))


def add_phone_look_ups(record: Record, nodes: list[Node]) -> None:
    for n in nodes:
        number = n.text("phoneNumber") or n.text("phone") or n.text("value")
        place = Place(
            country=country(n, "country") or country(n, "countryCode"),
            region=n.text("region") or n.text("state"),
            city=n.text("city"),
            source="geo_lookup",
        )
        digits = re.sub(r"\D", "", number)
        owners = [
            p
            for p in record.persons
            if digits
            and any(re.sub(r"\D", "", f"{h.value}").endswith(digits[-9:]) for h in p.phones)
        ]
        if place.country or place.region or place.city:
            _give(record, place, owners, of=number)


def phone_nodes(node: Node) -> list[Node]:
    return node.nodes("phoneGeoLookups", _PHONE_GEO)


def _owners(record: Record, ip: str, role: str) -> list[Person]:
    if ip:
        return [p for p in record.persons if any(c.ip == ip for c in p.captures)]
    alone = [p for p in record.persons if p.role == role]
    return alone if len(alone) == 1 else []


def _give(record: Record, place: Place, owners: list[Person], of: str = "") -> None:
    for person in owners:
        if place not in person.places:
            person.places = [*person.places, place]
    if not owners:
        where = ", ".join(part for part in (place.city, place.region, place.country) if part)
        note = f"Look-up of {of or place.ip or 'an address'}: {where}"
        if note not in record.notes:
            record.notes = [*record.notes, note]
