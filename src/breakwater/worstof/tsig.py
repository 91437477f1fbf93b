"""TSIG keys: a file each that only the desk's user can read. RFC 8945, hmac-sha256.

Recipients have one key each. The desk's own lie in a folder of their own, so that no recipient's
name reaches one. A secret is kept as it is, not as a digest: the primary signs with it.
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
LONGEST = 58  # of a recipient's key name: `desk.` goes before it for the key that changes its view
# A DNS label in lower case, so that it is a file's name and a key's name without quoting.
KEY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,56}[a-z0-9])?")
_OLD_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OWN_NAME = re.compile(r"rndc|desk[.-][a-z0-9.-]*[a-z0-9]")


class BadKeyName(ValueError):
    """A key's name is a DNS label: small letters, digits and hyphens, at most `LONGEST`."""


class ReservedKeyName(BadKeyName):
    """The desk's own keys, views and files are called so."""


class BadSecret(ValueError):
    """What should be a key's secret is none, or its name is none."""


def check_key_name(key_name: str) -> None:
    """Say whether a recipient's key may be called so.

    Raises:
        BadKeyName: the name is no DNS label in lower case, or too long.
        ReservedKeyName: `rndc`, or it begins with `desk`.
    """
    if not KEY_NAME.fullmatch(key_name):
        raise BadKeyName(key_name)
    if key_name == "rndc" or key_name.startswith("desk"):
        raise ReservedKeyName(key_name)


def key_path(key_name: str) -> Path:
    """Where a recipient's secret is kept, base64 on one line; also under a name that is bad today.

    Raises:
        BadKeyName: this never was a recipient's key name.
    """
    if not _OLD_NAME.fullmatch(key_name):
        raise BadKeyName(key_name)
    return _folder() / "keys" / f"{key_name}.key"


def own_key_path(name: str) -> Path:
    """Where the secret of a key of the desk's own is kept.

    Raises:
        BadKeyName: the desk has no key of this name.
    """
    if not _OWN_NAME.fullmatch(name):
        raise BadKeyName(name)
    return _folder() / "desk-keys" / f"{name}.key"


def _folder() -> Path:
    return Path(settings.CONFIG.data_dir) / "worstof"


def forget_old_own_keys() -> None:
    """Remove what earlier versions kept of the desk's own among recipients' secrets.

    They are made anew in their own folder: a recipient called like one was told its secret.
    """
    for pattern in ("rndc.key", "desk-stage.key", "desk.*.key"):
        for path in (_folder() / "keys").glob(pattern):
            path.unlink(missing_ok=True)


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
    """Give a recipient's secret in base64; it is made when it is asked for first.

    Raises:
        BadKeyName, OSError: there is none, and none could be written.
    """
    return _secret_in(key_path(key_name))


def own_secret(name: str) -> str:
    """Give the secret of a key of the desk's own, as `secret_of` does."""
    return _secret_in(own_key_path(name))


def _secret_in(path: Path) -> str:
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


def given_key(name: str, text: bytes) -> dns.tsig.Key:
    """A key from the file that a provider's engineer wrote: base64 on one line.

    Raises:
        BadSecret: this is no secret that a desk made, whole, or the name is none of a recipient's key.
    """
    secret = text.strip()
    try:
        is_good = len(base64.b64decode(secret, validate=True)) == SECRET_BYTES
    except ValueError:
        is_good = False
    if not is_good or not _OLD_NAME.fullmatch(name):
        raise BadSecret(name)
    return key(name, secret.decode("ascii"))


def own_key(name: str) -> dns.tsig.Key:
    """A key of the desk's own, to ask and change the primary."""
    return key(name, own_secret(name))


def clause(name: str, secret: str) -> str:
    """The key as BIND reads it."""
    return f'key "{name}" {{ algorithm {ALGORITHM}; secret "{secret}"; }};\n'


_WHY: dict[type[Exception], str] = {
    dns.tsig.PeerBadKey: "the primary does not know the key: its name is wrong, or it was closed",
    dns.tsig.PeerBadSignature: "the primary refuses the key: the secret is wrong",
    dns.tsig.PeerBadTime: "the clocks of the two sides differ by more than five minutes",
    dns.tsig.BadTime: "the clocks of the two sides differ by more than five minutes",
    dns.tsig.BadSignature: "the answer was signed with another secret",
}


def why(problem: Exception) -> str:
    """What a failed exchange with the primary means to an engineer."""
    return _WHY.get(type(problem), type(problem).__name__)
