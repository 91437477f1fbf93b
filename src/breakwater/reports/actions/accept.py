"""Takes documents in: stored as they came, durable, once.

Nothing is understood here beyond the report number that the door read. Whoever gets a
result may rely on it: the transaction that wrote it has been committed, or will be with
the caller's own.
"""

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from breakwater.reports.models import Delivery, Original
from breakwater.storage import bulk

ACCEPT_LOCK = 4711_01


@dataclass(frozen=True, slots=True)
class Document:
    """One report as a door hands it over. `number` is P-… or C-…, never empty."""

    name: str
    format: str  # filing, le_json
    data: bytes
    number: str
    provider_name: str = ""
    received_at: datetime | None = None  # None: when it is accepted


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a document: accepted, repeat (with what it repeats) or refused."""

    name: str
    result: str
    number: str
    reason: str = ""


def accept_originals(
    documents: Iterable[Document], *, delivery: Delivery, at: datetime
) -> list[Result]:
    """Store documents that are not here yet.

    The same bytes again are a repeat and stored nowhere; the same number with other
    bytes is stored as another version of that report and called a repeat as well.
    """
    results: list[Result] = []
    rows: list[tuple[object, ...]] = []
    with transaction.atomic():
        bulk.lock_writer(ACCEPT_LOCK)
        batch = [(d, hashlib.sha256(d.data).digest()) for d in documents]
        known = _known_digests([digest for _, digest in batch])
        numbers = _known_numbers([d.number for d, _ in batch])
        for document, digest in batch:
            if digest in known:
                reason = f"the same bytes came before, as {known[digest]}"
                results.append(Result(document.name, "repeat", known[digest], reason))
                continue
            known[digest] = document.number
            rows.append(_row(document, digest, delivery, at))
            if document.number in numbers:
                reason = f"another version of {document.number}, kept beside the first"
                results.append(Result(document.name, "repeat", document.number, reason))
            else:
                numbers.add(document.number)
                results.append(Result(document.name, "accepted", document.number))
        bulk.insert(Original, _FIELDS, rows)
    return results


_FIELDS = (
    "delivery",
    "door",
    "format",
    "name",
    "provider_name",
    "sha256",
    "size",
    "content",
    "number",
    "received_at",
    "state",
    "tries",
    "last_error",
)


def _row(document: Document, digest: bytes, delivery: Delivery, at: datetime) -> tuple[object, ...]:
    return (
        delivery.pk,
        delivery.door,
        document.format,
        document.name[-255:].replace("\0", ""),
        document.provider_name[:255],
        digest,
        len(document.data),
        zlib.compress(document.data, 1),
        document.number,
        document.received_at or at,
        int(Original.State.WAITING),
        0,
        "",
    )


def _known_digests(digests: list[bytes]) -> dict[bytes, str]:
    if bulk.is_postgres():
        where, parameter = "sha256 = ANY(%s)", digests
    else:
        # JSON carries no bytes, so SQLite compares through hex of the parameter only.
        where = "sha256 IN (SELECT unhex(value) FROM json_each(%s))"
        parameter = "[" + ",".join(f'"{d.hex()}"' for d in digests) + "]"  # type: ignore[assignment]
    with connection.cursor() as cursor:
        _provide_unhex()
        cursor.execute(f"SELECT sha256, number FROM reports_original WHERE {where}", [parameter])  # noqa: S608
        return {bytes(digest): number for digest, number in cursor.fetchall()}


def _provide_unhex() -> None:
    """SQLite has unhex() from 3.41 on; older ones get it from here."""
    if not bulk.is_postgres():
        connection.connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)


def _known_numbers(numbers: list[str]) -> set[str]:
    where, parameter = bulk.among("number", numbers)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number FROM reports_original WHERE {where}", [parameter])  # noqa: S608
        return {row[0] for row in cursor.fetchall()}
