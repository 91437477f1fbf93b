"""The TSIG key of each recipient: a file that only the desk's user can read.

The secret is kept as it is, not as a digest: the primary signs with it (RFC 8945).
"""

import base64
import os
import re
import secrets
from pathlib import Path

from django.conf import settings

ALGORITHM = "hmac-sha256"
SECRET_BYTES = 32
# A DNS label in lower case, so that it is a file's name and a key's name without quoting.
KEY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class BadKeyName(ValueError):
    """A key's name is a DNS label: small letters, digits and hyphens, at most 63."""


def key_path(key_name: str) -> Path:
    """Where a recipient's secret is kept, base64 on one line.

    Raises:
        BadKeyName: the name is no DNS label in lower case.
    """
    if not KEY_NAME.fullmatch(key_name):
        raise BadKeyName(key_name)
    return Path(settings.CONFIG.data_dir) / "worstof" / "keys" / f"{key_name}.key"


def make_secret(key_name: str) -> str:
    """Write a new secret in place of the old one, whole or not at all, and give it.

    Raises:
        BadKeyName, OSError: nothing was written.
    """
    path, secret = key_path(key_name), base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return secret


def read_secret(key_name: str) -> str:
    """Give a recipient's secret in base64.

    Raises:
        FileNotFoundError: it has none.
    """
    return key_path(key_name).read_text("ascii").strip()


def remove_secret(key_name: str) -> None:
    key_path(key_name).unlink(missing_ok=True)
