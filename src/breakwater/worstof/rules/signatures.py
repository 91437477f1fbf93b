"""Whether a key signed something (Ed25519, RFC 8032), as the desk and everybody outside checks it."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def verify(data: bytes, signature: bytes, key: bytes) -> bool:
    """Whether `key` (32 bytes, public) signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
