"""A leaf of the transparency log opened for an auditor: what it hid, and the proof that it did."""

import json
from dataclasses import dataclass

from breakwater.worstof.rules import merkle
from breakwater.worstof.rules.leaves import BadHead, Head, commitment, read_head


class NotProven(Exception):
    """What was opened is not what the signed log committed to; the text says where it fails."""


@dataclass(frozen=True, slots=True)
class Opened:
    index: int
    nonce: bytes
    decision: str  # canonical JSON
    proof: tuple[bytes, ...]
    head: Head

    def as_data(self) -> dict[str, object]:
        return {
            "index": self.index,
            "decision": self.decision,
            "nonce": self.nonce.hex(),
            "proof": [value.hex() for value in self.proof],
            "head": self.head.as_data(),
        }


def verified(text: str, key: bytes) -> Opened:
    """Read an opened leaf and check it with the pinned key.

    Raises:
        NotProven: it cannot be read, the key did not sign its head, or the decision and its
            nonce are not the leaf that the head covers.
    """
    found = _read(text)
    if not found.head.is_signed_by(key):
        raise NotProven("the key did not sign its head")
    leaf = merkle.leaf_hash(commitment(found.nonce, found.decision))
    head = found.head
    if not merkle.includes(found.index, head.size, leaf, found.proof, head.root):
        raise NotProven("the signed log holds another decision at this place")
    return found


def _read(text: str) -> Opened:
    try:
        data = json.loads(text)
        found = Opened(
            data["index"],
            bytes.fromhex(data["nonce"]),
            data["decision"],
            tuple(bytes.fromhex(value) for value in data["proof"]),
            read_head(data["head"]),
        )
    except (ValueError, KeyError, TypeError, BadHead) as problem:
        raise NotProven(f"this is no opened leaf: {problem}") from problem
    if type(found.index) is not int or len(found.nonce) != 32 or type(found.decision) is not str:
        raise NotProven("this is no opened leaf")
    return found
