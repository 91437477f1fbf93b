"""TSIG keys, one file each that only the desk's user can read. RFC 8945, hmac-sha256."""

import base64
import os
import re
import secrets
from pathlib import Path

import dns.name
import dns.tsig
import dns.tsigkeyring

from breakwater.worstof.actions.publishing import folder

ALGORITHM = "hmac-sha256"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


class BadKeyName(ValueError):
    """A key's name is 1 to 63 letters, digits, dots and hyphens: it names a file, too."""


def path_of(name: str) -> Path:
    if not _NAME.fullmatch(name) or ".." in name:
        raise BadKeyName(name)
    made = folder() / "keys"
    made.mkdir(mode=0o700, exist_ok=True)
    return made / f"{name}.key"


def secret_of(name: str) -> str:
    """The secret of this key in base64; it is made when it is asked for first."""
    path = path_of(name)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it meanwhile; that one counts
        finally:
            draft.unlink()
    return path.read_text("ascii").strip()


def remove(name: str) -> None:
    """Make the key useless: the next configuration no longer has it."""
    path_of(name).unlink(missing_ok=True)


def key(name: str, secret: str) -> dns.tsig.Key:
    return dns.tsig.Key(dns.name.from_text(name), secret, dns.tsig.HMAC_SHA256)


def own_key(name: str) -> dns.tsig.Key:
    return key(name, secret_of(name))


def clause(name: str, secret: str) -> str:
    """The key as BIND reads it."""
    return f'key "{name}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};\n'
