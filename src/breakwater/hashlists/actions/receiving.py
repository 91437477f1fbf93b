"""Takes files of hashes in: keeps them durably before anything else, and queues or discards them."""

import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from breakwater.custody.actions import record
from breakwater.formats.hash_table import ColumnMapping
from breakwater.formats.plain_text import storable
from breakwater.hashlists.actions import reading
from breakwater.hashlists.models import HashList, ListChange
from breakwater.people.models import User

FORMS = reading.FORMS
MOST_BYTES = 8 << 30


class TooLarge(ValueError):
    """The file is larger than the desk accepts."""


class Empty(ValueError):
    """The file has no bytes."""


class NotADraft(ValueError):
    """The columns of this file were confirmed before, or it was thrown away."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came."""

    name: str
    form: str
    mapping: ColumnMapping | None = None


def folder() -> Path:
    """Where files wait until they are worked through."""
    path = Path(settings.CONFIG.data_dir) / "hash-imports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def receive(
    hash_list: HashList,
    stream: BinaryIO,
    received: Received,
    *,
    by: User | str,
    at: datetime,
    is_draft: bool = False,
) -> ListChange:
    """Keep a file durably and queue it for the worker; a draft waits for `confirm` first.

    Raises:
        TooLarge, Empty: nothing was kept.
        ValueError: the form is none of `FORMS`.
    """
    if received.form not in FORMS:
        raise ValueError(f"{received.form}: expected one of {', '.join(FORMS)}")
    path, name = folder() / f"{uuid.uuid4().hex}.part", storable(received.name)
    try:
        size, digest = _keep(stream, path)
        with transaction.atomic():
            change = ListChange.objects.create(
                hash_list=hash_list, form=received.form, name=name[:255],
                mapping=mapping_as_json(received.mapping), file=path.name, size=size,
                sha256=digest, created_at=at, created_by=str(by),
                state=ListChange.State.DRAFT if is_draft else ListChange.State.WAITING,
            )  # fmt: skip
            record(
                "hashlists.import.received", actor=by, at=at, target=hash_list.name,
                detail={"file": name, "sha256": digest, "change": change.pk},
            )  # fmt: skip
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return change


def confirm(
    change: ListChange, mapping: ColumnMapping, *, by: User | str, at: datetime
) -> ListChange:
    """Queue a draft with the columns that a person has looked at.

    Raises:
        NotADraft: somebody confirmed it before.
    """
    with transaction.atomic():
        waiting = ListChange.objects.filter(pk=change.pk, state=ListChange.State.DRAFT)
        if not waiting.update(
            state=ListChange.State.WAITING, mapping=mapping_as_json(mapping), form="table"
        ):
            raise NotADraft(change.name)
        record(
            "hashlists.import.confirmed", actor=by, at=at, target=change.hash_list.name,
            detail={"change": change.pk, "columns": dict(mapping.columns)},
        )  # fmt: skip
    change.refresh_from_db()
    return change


def discard(change: ListChange, *, by: User | str, at: datetime) -> None:
    """Throw a draft and its file away.

    Raises:
        NotADraft: it is in work or done.
    """
    with transaction.atomic():
        if not ListChange.objects.filter(pk=change.pk, state=ListChange.State.DRAFT).delete()[0]:
            raise NotADraft(change.name)
        record(
            "hashlists.import.discarded", actor=by, at=at, target=change.hash_list.name,
            detail={"file": change.name, "sha256": change.sha256},
        )  # fmt: skip
    (folder() / change.file).unlink(missing_ok=True)


def _keep(stream: BinaryIO, path: Path) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as out:
        while block := stream.read(1 << 20):
            size += len(block)
            if size > MOST_BYTES:
                raise TooLarge(f"more than {MOST_BYTES >> 30} GiB; split the file")
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    if not size:
        raise Empty("the file is empty")
    return size, digest.hexdigest()


def mapping_as_json(mapping: ColumnMapping | None) -> dict[str, Any]:
    """A mapping as it is kept with a change; {} is «guess it»."""
    if mapping is None:
        return {}
    return {name: getattr(mapping, name) for name in mapping.__slots__} | {
        "columns": dict(mapping.columns)
    }
