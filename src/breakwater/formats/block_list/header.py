"""What a written list says of itself."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

NAMESPACE = uuid.UUID("5d4bd5a2-2d3c-5c0e-8a0b-9f6f0b7c1e42")
"""For identifiers made of names, so that the same name has the same one in every publication."""


@dataclass(frozen=True, slots=True)
class Header:
    """`at` is an aware time in UTC; `zone` the policy zone's name; `title` one line for people.

    `gone` are names that whoever gets this list had and has to take out, `again` how often a name
    that is listed had left before; only forms with identifiers have a use for them.
    """

    serial: int
    at: datetime
    zone: str
    title: str
    gone: tuple[str, ...] = ()
    again: Mapping[str, int] = field(default_factory=dict)


def identifier(kind: str, text: str) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"{kind}:{text}")
