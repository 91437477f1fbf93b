"""The list as a STIX 2.1 bundle: one indicator a name, marked TLP:AMBER.

Source: https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from breakwater.formats.block_list.header import Header, identifier

MEDIA_TYPE = "application/stix+json;version=2.1"
# Section 7.2.1.4: everybody uses these very objects.
AMBER: dict[str, Any] = {
    "type": "marking-definition",
    "spec_version": "2.1",
    "id": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "created": "2017-01-20T00:00:00.000Z",
    "definition_type": "tlp",
    "name": "TLP:AMBER",
    "definition": {"tlp": "amber"},
}
# A list of names does not know when each was first written, and `created` of an identifier may
# never change (section 3.2): so it is the day from which these identifiers are made.
CREATED = "2026-01-01T00:00:00.000Z"
_encode = msgspec.json.Encoder().encode


def moment(at: datetime) -> str:
    """With three digits of a second, as section 2.17 shows them."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def maker(header: Header) -> dict[str, Any]:
    """The desk that made the list, as an identity."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--{identifier('identity', header.zone)}",
        "created": CREATED,
        "modified": CREATED,
        "name": header.zone,
        "identity_class": "organization",
        "object_marking_refs": [AMBER["id"]],
    }


def indicator(
    name: str, header: Header, *, since: datetime | None = None, time: int = 0
) -> dict[str, Any]:
    """One name; `since` is when it was listed, where that is known.

    `time` is how often it had left before. It is part of the identifier, since an object that was
    revoked stays so (section 3.2): a name that is listed again is a new one.
    """
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": indicator_id(name, time),
        "created_by_ref": f"identity--{identifier('identity', header.zone)}",
        "created": CREATED,
        "modified": moment(since or header.at),
        "name": "Domain to be blocked",
        "indicator_types": ["malicious-activity"],
        "pattern": f"[domain-name:value = '{name}']",
        "pattern_type": "stix",
        "valid_from": moment(since or header.at),
        "object_marking_refs": [AMBER["id"]],
    }


def indicator_id(name: str, time: int = 0) -> str:
    return f"indicator--{identifier('indicator', f'{name}#{time}' if time else name)}"


def write_stix(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """A bundle with the marking, the maker and an indicator for each name."""
    bundle = identifier("bundle", f"{header.zone} {header.serial}")
    yield b'{"type":"bundle","id":"bundle--%s","objects":[' % str(bundle).encode()
    yield _encode(AMBER) + b",\n" + _encode(maker(header))
    for name in names:
        yield b",\n" + _encode(indicator(name, header, time=header.again.get(name, 0)))
    yield b"]}\n"
