"""Whether a copy of the list is the one that the desk signed, as somebody outside checks it.

They hold the copy, the answer of its `/manifest` address, and the desk's key from another channel.
"""

import hashlib
import json
from dataclasses import dataclass
from io import BufferedReader

from breakwater.worstof.rules import signatures


class NotSigned(ValueError):
    """The copy is not the one that the desk signed; the message says why."""


class BadManifest(ValueError):
    """This is no manifest of a copy."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk signed of a copy; see `actions.downloading.Manifest`."""

    recipient: str
    form: str
    serial: int
    at: str
    count: int
    size: int
    sha256: str


def read_manifest(text: str, key: bytes) -> Said:
    """Read the answer of a manifest's address, signed by the key of these 32 bytes.

    The key that stands in the answer is not looked at: whoever forges one writes another.

    Raises:
        BadManifest: it is none.
        NotSigned: the key did not sign it.
    """
    try:
        data = json.loads(text)
        signed, signature = data["manifest"].encode("ascii"), bytes.fromhex(data["signature"])
        said = Said(**json.loads(signed))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise BadManifest("this is not what the manifest's address answers") from problem
    if not signatures.verify(signed, signature, key):
        raise NotSigned("the pinned key did not sign the manifest")
    return said


def check_copy(said: Said, copy: BufferedReader, *, at_least: int) -> None:
    """Compare a copy with its manifest; `at_least` is the lowest serial that is accepted.

    Raises:
        NotSigned: it is another one, or an older one.
        OSError: it cannot be read.
    """
    digest = hashlib.file_digest(copy, "sha256").hexdigest()
    if (copy.tell(), digest) != (said.size, said.sha256):
        raise NotSigned("size or SHA-256 of the copy are not those that were signed")
    if said.serial < at_least:
        raise NotSigned(f"serial {said.serial} is older than {at_least}")
