"""The signed record that travels inside the zone, so that whoever gets the zone can check it whole.

It stands at `_breakwater` below the zone's name as one TXT record:
"v=2 serial=… at=… names=…" "root=…" "signature=…". Version 1 had no names between two listed ones.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

OWNER = "_breakwater"
_TEXT = re.compile(
    r"v=2 serial=(\d{1,10}) at=([0-9T:+.-]{10,40}) names=(\d{1,10}) "
    r"root=([0-9a-f]{64}) signature=([0-9a-f]{128})"
)


class BadManifest(ValueError):
    """The record is missing or is not one of ours."""


@dataclass(frozen=True, slots=True)
class ZoneManifest:
    """`root` is that of `rules.zone_digest` over every name of this zone, canaries with them."""

    zone: str
    serial: int
    at: str  # ISO 8601, UTC
    names: int
    root: str

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        parts = {
            "at": self.at, "names": self.names, "root": self.root,
            "serial": self.serial, "zone": self.zone,
        }  # fmt: skip
        return json.dumps(parts, sort_keys=True, separators=(",", ":")).encode("ascii")

    def strings(self, signature: bytes) -> tuple[str, str, str]:
        """The character strings of the TXT record, none longer than 255 octets."""
        first = f"v=2 serial={self.serial} at={self.at} names={self.names}"
        return first, f"root={self.root}", f"signature={signature.hex()}"


def read(zone: str, strings: Sequence[str]) -> tuple[ZoneManifest, bytes]:
    """Read the record of a zone: what it says, and the signature.

    Raises:
        BadManifest: it is not of this form.
    """
    found = _TEXT.fullmatch(" ".join(strings))
    if found is None:
        raise BadManifest("the zone has no record of ours")
    serial, at, names, root, signature = found.groups()
    return ZoneManifest(zone, int(serial), at, int(names), root), bytes.fromhex(signature)
