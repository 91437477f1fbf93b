"""TSIG keys: a file each that only the desk's user can read. RFC 8945, hmac-sha256.

Recipients have one key each, and the desk has some of its own, whose names have a dot. A secret is
kept as it is, not as a digest: the primary signs with it.
"""

import base64
import os
import re
import secrets
from pathlib import Path

import dns.name
import dns.tsig
from django.conf import settings

ALGORITHM = "hmac-sha256"
SECRET_BYTES = 32
# A DNS label in lower case, so that it is a file's name and a key's name without quoting.
KEY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ANY_NAME = re.compile(r"(?!.*\.\.)[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")


class BadKeyName(ValueError):
    """A key's name is a DNS label: small letters, digits and hyphens, at most 63."""


def check_key_name(key_name: str) -> None:
    """Say whether a recipient's key may be called so.

    Raises:
        BadKeyName: the name is no DNS label in lower case.
    """
    if not KEY_NAME.fullmatch(key_name):
        raise BadKeyName(key_name)


def key_path(key_name: str) -> Path:
    """Where a key's secret is kept, base64 on one line.

    Raises:
        BadKeyName: the name is no recipient's and none of the desk's own.
    """
    if not _ANY_NAME.fullmatch(key_name):
        raise BadKeyName(key_name)
    return Path(settings.CONFIG.data_dir) / "worstof" / "keys" / f"{key_name}.key"


def make_secret(key_name: str) -> str:
    """Write a new secret in place of the old one, whole or not at all, and give it.

    Raises:
        BadKeyName, OSError: nothing was written.
    """
    path = key_path(key_name)
    draft, secret = _draft(path)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return secret


def secret_of(key_name: str) -> str:
    """Give a key's secret in base64; it is made when it is asked for first.

    Raises:
        BadKeyName, OSError: there is none, and none could be written.
    """
    path = key_path(key_name)
    if not path.exists():
        draft, _secret = _draft(path)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it meanwhile; that one counts
        finally:
            draft.unlink()
    return path.read_text("ascii").strip()


def _draft(path: Path) -> tuple[Path, str]:
    """A new secret in a file beside the one that it shall become."""
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft, secret


def key(name: str, secret: str) -> dns.tsig.Key:
    return dns.tsig.Key(dns.name.from_text(name), secret, dns.tsig.HMAC_SHA256)


def own_key(name: str) -> dns.tsig.Key:
    return key(name, secret_of(name))


def clause(name: str, secret: str) -> str:
    """The key as BIND reads it."""
    return f'key "{name}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};\n'


# BIND with views answers BADKEY to all three, because no view is found without a valid key.
_REFUSED = (
    "the primary refuses the key: it does not know it, the secret is wrong, or the clocks of the "
    "two sides differ by more than five minutes"
)
_WHY: dict[type[Exception], str] = {
    dns.tsig.PeerBadKey: _REFUSED,
    dns.tsig.PeerBadSignature: _REFUSED,
    dns.tsig.PeerBadTime: _REFUSED,
    dns.tsig.BadTime: "the clocks of the two sides differ by more than five minutes",
    dns.tsig.BadSignature: "the answer was signed with another secret",
}


def why(problem: Exception) -> str:
    """What a failed exchange with the primary means to an engineer."""
    return _WHY.get(type(problem), type(problem).__name__)
