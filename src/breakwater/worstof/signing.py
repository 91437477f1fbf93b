"""The desk's key for what it publishes: lists and heads of the transparency log (Ed25519).

The private half is made once and kept in a file that only the desk's user can read. Whoever
checks pins the public half; a new key is a new log in their eyes, so a damaged file stops
everything that signs instead of being replaced.
"""

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

_KEY_BYTES = 32


class BadKey(Exception):
    """The key file is damaged or can be read by others. Restore it from a backup."""


def key_path() -> Path:
    return Path(settings.CONFIG.data_dir) / "worstof" / "signing.key"


def _private() -> Ed25519PrivateKey:
    path = key_path()
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise BadKey(f"others can read {path}; its mode must be 0600")
    try:
        seed = bytes.fromhex(path.read_text("ascii").strip())
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (ValueError, UnicodeDecodeError) as problem:
        raise BadKey(
            f"{path} holds no signing key ({_KEY_BYTES} bytes in hexadecimal); restore it from "
            "a backup: a new key makes every checker refuse what this desk signs"
        ) from problem


def _make(path: Path) -> None:
    """Write a key whole or not at all; of two that begin together the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made one meanwhile; that one counts
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sign(data: bytes) -> bytes:
    """Sign with the desk's key: 64 bytes.

    Raises:
        BadKey: the key file is damaged or readable by others.
    """
    return _private().sign(data)


def public_key() -> bytes:
    """The 32 bytes that checkers pin.

    Raises:
        BadKey: the key file is damaged or readable by others.
    """
    return _private().public_key().public_bytes_raw()


def fingerprint(key: bytes) -> str:
    """A public key in 32 characters, groups of four, for reading it out on the telephone."""
    text = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(text[place : place + 4] for place in range(0, 32, 4))
