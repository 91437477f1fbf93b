"""What a leaf of the transparency log says and hides, and what is signed under its head.

A public leaf is a commitment: SHA-256 over a tag, 32 random bytes and the decision. Without
those random bytes nobody can try names until one fits; with them, whoever is entitled to a
decision can be shown that it is the one in the log.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from breakwater.worstof.rules import signatures

_LEAF = b"breakwater worstof decision 1\x00"
_HEAD = "breakwater worstof log head 1"
NONCE_BYTES = 32
# The log's answer before its first decision; a checker tells it from a wrong address by it.
NO_HEAD = "The log has no signed head yet."


class BadHead(ValueError):
    """What should be a signed head is not one; the text says why."""


def canonical(decision: Mapping[str, object]) -> str:
    """The one way to write a decision: sorted keys, no spaces. Source: RFC 8785, for strings
    and whole numbers, which is all that a decision holds."""
    return json.dumps(
        decision, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def commitment(nonce: bytes, decision: str) -> bytes:
    """What is published of a decision, 32 bytes.

    Raises:
        ValueError: the nonce is not 32 bytes long, so that the two parts could be shifted.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    return hashlib.sha256(_LEAF + nonce + decision.encode()).digest()


def written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Head:
    """A size and root of the log at a moment (whole seconds, UTC), and the signature under them."""

    size: int
    root: bytes
    at: datetime
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        return f"{_HEAD}\n{self.size}\n{self.root.hex()}\n{written(self.at)}\n".encode()

    def is_signed_by(self, key: bytes) -> bool:
        """Whether the Ed25519 key of these 32 bytes signed this head."""
        return signatures.verify(self.signed, self.signature, key)

    def as_data(self) -> dict[str, object]:
        return {
            "size": self.size,
            "root": self.root.hex(),
            "at": written(self.at),
            "signature": self.signature.hex(),
        }


def read_head(data: object) -> Head:
    """Read a head as `Head.as_data` writes it.

    Raises:
        BadHead: with what is missing or makes no sense.
    """
    if not isinstance(data, dict):
        raise BadHead("a head is a JSON object with size, root, at and signature")
    try:
        at = datetime.strptime(data["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        head = Head(data["size"], _bytes(data["root"], 32), at, _bytes(data["signature"], 64))
    except KeyError as missing:
        raise BadHead(f"the head has no {missing}") from missing
    except (TypeError, ValueError) as problem:
        raise BadHead(f"the head makes no sense: {problem}") from problem
    if type(head.size) is not int or not 0 <= head.size < 2**62:
        raise BadHead("the size of the head is no whole number")
    return head


def _bytes(text: str, length: int) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != length:
        raise ValueError(f"{length} bytes expected, {len(value)} found")
    return value
