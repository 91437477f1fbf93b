"""Writes a recipient's copy of the list in one form, signs for it, and logs who took it.

A copy is written once for each publication and kept in the room's folder, readable by the desk's
user alone. Before a copy is written, the names are compared with the root that was signed. If
they differ, the copy of the last good publication goes on being given.
"""

import hashlib
import heapq
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.block_list import FORMS, Header
from breakwater.worstof import signing
from breakwater.worstof.actions.recipients import copies_of
from breakwater.worstof.models import Publication, Recipient
from breakwater.worstof.queries import zone
from breakwater.worstof.queries.canaries import given_to
from breakwater.worstof.queries.indicators import past

_TRIES = 5


class NotGranted(ValueError):
    """The recipient does not get the list in this form, or there is no such form."""


class NothingPublished(ValueError):
    """No publication is there to be given, and no good copy of an earlier one."""


@dataclass(frozen=True)
class Manifest:
    """What is signed of one copy: whose, which form, which publication, and its exact bytes."""

    recipient: str
    form: str
    serial: int
    at: str  # of the publication, ISO 8601 in UTC
    count: int
    size: int
    sha256: str

    @property
    def signed(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode("ascii")


@dataclass(frozen=True)
class Copy:
    """A copy on disk with its manifest and the signature (Ed25519) of `manifest.signed`."""

    path: Path
    manifest: Manifest
    signature: bytes
    terms: str  # scope and canaries that it was written with

    @property
    def tag(self) -> str:
        return f'"{self.manifest.serial}-{self.manifest.sha256[:16]}"'


def copy_for(recipient: Recipient, form: str) -> Copy:
    """Give the recipient's copy of the last good publication, written now if it is not there.

    Raises:
        NotGranted: the recipient does not get this form.
        NothingPublished: there is nothing to give.
        OSError, signing.BadKey: disk or key failed; the copy before stays.
    """
    if form not in recipient.forms or form not in FORMS:
        raise NotGranted(form)
    kept, terms = _kept(recipient, form), _terms(recipient)
    if kept and kept.terms != terms:
        kept = None  # what was granted has changed since: the old copy may say too much
    for _try in range(_TRIES):
        publication = zone.last()
        if publication is None or (kept and kept.manifest.serial == publication.serial):
            break
        names = zone.names_signed(recipient, publication)
        if zone.last() != publication:
            continue  # published meanwhile: these may be names of two publications
        if names is not None:
            return _write(recipient, form, names, publication)
        break
    if kept is None:
        raise NothingPublished(form)
    return kept


def _terms(recipient: Recipient) -> str:
    said = json.dumps([recipient.scope, sorted(given_to(recipient))])
    return hashlib.sha256(said.encode()).hexdigest()


def _write(recipient: Recipient, form: str, names: list[str], publication: Publication) -> Copy:
    folder = copies_of(recipient)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    at, serial = publication.at.astimezone(UTC), publication.serial
    mixed = list(heapq.merge(names, sorted(given_to(recipient))))
    gone, again = past(recipient, set(mixed)) if FORMS[form].tells_past else ((), {})
    header = Header(serial, at, zone.ZONE, "Worst Of list", gone, again)
    terms = _terms(recipient)
    path = folder / f"{form}-{serial}-{terms[:16]}{_suffix(form)}"
    size, digest = _replace(path, FORMS[form].write(mixed, header))
    manifest = Manifest(
        recipient.key_name, form, serial, at.isoformat(), len(mixed), size, digest
    )  # fmt: skip
    made = Copy(path, manifest, signing.sign(manifest.signed), terms)
    kept = {
        "file": path.name, "terms": terms, "signature": made.signature.hex(),
        "manifest": asdict(manifest),
    }  # fmt: skip
    _replace(folder / f"{form}.json", [json.dumps(kept).encode()])
    for old in folder.glob(f"{form}-*"):
        if old != path:
            old.unlink(missing_ok=True)
    return made


def _suffix(form: str) -> str:
    return "." + FORMS[form].suffix.lstrip(".")


def _replace(path: Path, parts: Iterable[bytes]) -> tuple[int, str]:
    """Write a file whole or not at all; give its size and SHA-256."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    size, digest = 0, hashlib.sha256()
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                size += file.write(part)
                digest.update(part)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return size, digest.hexdigest()


def _kept(recipient: Recipient, form: str) -> Copy | None:
    folder = copies_of(recipient)
    try:
        kept = json.loads((folder / f"{form}.json").read_text("utf-8"))
        manifest = Manifest(**kept["manifest"])
        path, signature = folder / kept["file"], bytes.fromhex(kept["signature"])
        is_whole = path.stat().st_size == manifest.size
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Copy(path, manifest, signature, kept["terms"]) if is_whole else None


def record_download(recipient: Recipient, copy: Copy, *, address: str, at: datetime) -> None:
    """Log who took which copy, from where."""
    said = copy.manifest
    detail = {"form": said.form, "serial": said.serial, "sha256": said.sha256, "count": said.count}
    _record(recipient, detail, address, at, serial=said.serial)


def record_taxii(
    recipient: Recipient,
    what: str,
    count: int,
    *,
    serial: int,
    is_last: bool,
    address: str,
    at: datetime,
) -> None:
    """Log that a recipient took a page of indicators, or of their manifest or versions, and from
    where. An indicator's identifier is made of its name, so that each of them tells the name.

    `serial`: of the publication that it is of. `is_last`: after this page of indicators, a client
    that took all before has them all.
    """
    detail = {"form": "taxii", "what": what, "count": count, "serial": serial}
    _record(recipient, detail, address, at, serial=serial if is_last else None)


def _record(
    recipient: Recipient,
    detail: dict[str, object],
    address: str,
    at: datetime,
    *,
    serial: int | None,
) -> None:
    actor, detail = f"{recipient.name} ({recipient.key_name})", detail | {"address": address}
    with transaction.atomic():
        taken = {} if serial is None else {"downloaded_serial": serial}
        Recipient.objects.filter(pk=recipient.pk).update(downloaded_at=at, **taken)
        record("worstof.list.downloaded", actor=actor, at=at, target=recipient.key_name,
               detail=detail)  # fmt: skip
