"""Takes deliveries in at the police door: files, archives, folders.

A delivery is stored in pieces, each one durable transaction with its results. A kill
therefore loses nothing that was reported as accepted, and importing the same again
completes it without doubling any: the same bytes are a repeat.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from breakwater.custody.actions import Actor
from breakwater.custody.actions import record as audit
from breakwater.reports import imports
from breakwater.reports.actions.accept import Document, Result, accept_originals
from breakwater.reports.actions.unpack import UNPACK_LOCK
from breakwater.reports.imports import Hashed, Refusal, Walk
from breakwater.reports.models import Delivery, Door, Original
from breakwater.storage import bulk

PIECE = 500
PIECE_BYTES = 32 * 1024 * 1024
MAX_RESULTS = 20_000
"""Results are kept in one row, so a larger import becomes several deliveries."""

Progress = Callable[[int, int], None]


def import_path(
    path: Path, *, sent_by: Actor | str, at: datetime, progress: Progress | None = None
) -> list[Delivery]:
    """Take in a file, an archive, or a folder with all that is below it."""
    return _take(imports.of_path(path), path.name or str(path), sent_by, at, progress)


def import_upload(
    files: Sequence[tuple[str, BinaryIO]], *, sent_by: Actor | str, at: datetime
) -> list[Delivery]:
    """Take in files that lie in memory, each with the name that its sender gave it."""
    first = imports.finds.label(files[0][0]) if files else ""
    name = first if len(files) == 1 else f"{first} + {len(files) - 1}"
    return _take(imports.of_uploads(files), name, sent_by, at, None)


def _take(
    walk: Walk, name: str, sent_by: Actor | str, at: datetime, progress: Progress | None
) -> list[Delivery]:
    receiving = _Receiving(imports.finds.label(name, 240), sent_by, at)
    receiving.begin()
    for find in walk:
        receiving.add(find)
        if progress:
            progress(walk.seen, walk.total)
    if not receiving.has_anything:
        receiving.add(Refusal(receiving.name, "nothing to read in it", "empty"))
    receiving.end()
    return receiving.deliveries


@dataclass
class _Receiving:
    """One import under way: what waits to be stored, and the delivery it goes to."""

    name: str
    sent_by: Actor | str
    at: datetime
    deliveries: list[Delivery] = field(default_factory=list)
    _waiting: list[imports.Find] = field(default_factory=list)
    _bytes: int = 0

    @property
    def _delivery(self) -> Delivery:
        return self.deliveries[-1]

    @property
    def has_anything(self) -> bool:
        return bool(self._waiting or self._delivery.results or len(self.deliveries) > 1)

    def begin(self) -> None:
        number = len(self.deliveries) + 1
        sender = self.sent_by if isinstance(self.sent_by, str) else self.sent_by.audit_name
        with transaction.atomic():
            delivery = Delivery.objects.create(
                door=Door.POLICE,
                name=self.name if number == 1 else f"{self.name} ({number})",
                sent_by=sender[:200],
                received_at=self.at,
            )
            _close_interrupted(delivery)
        self.deliveries.append(delivery)

    def add(self, find: imports.Find) -> None:
        self._waiting.append(find)
        self._bytes += len(find.data) if isinstance(find, Document) else 0
        if len(self._waiting) >= PIECE or self._bytes >= PIECE_BYTES:
            self._store()
            if len(self._delivery.results) >= MAX_RESULTS:
                self.end()
                self.begin()

    def _store(self) -> None:
        delivery = self._delivery
        documents = [find for find in self._waiting if isinstance(find, Document)]
        with transaction.atomic(durable=True):
            done = iter(_accepted(documents, delivery, self.at))
            for find in self._waiting:
                if isinstance(find, Document):
                    result = next(done)
                    delivery.results.append(
                        _line(result.name, result.result, result.reason, number=result.number)
                    )
                else:
                    delivery.results.append(_result(find))
            delivery.save(update_fields=["results"])
        self._waiting, self._bytes = [], 0

    def end(self) -> None:
        """Close the delivery; it is done at once if nothing of it waits to be read."""
        self._store()
        delivery = self._delivery
        with transaction.atomic():
            # The unpacking of the last set also closes deliveries; one after the other.
            bulk.lock_writer(UNPACK_LOCK)
            delivery.state, delivery.total = _state(delivery), len(delivery.results)
            delivery.save(update_fields=["state", "total"])
            audit(
                "reports.delivery.received",
                actor=self.sent_by,
                target=f"delivery {delivery.pk}",
                detail={"name": delivery.name, **counts(delivery.results)},
                at=self.at,
            )


def _accepted(documents: list[Document], delivery: Delivery, at: datetime) -> list[Result]:
    return accept_originals(documents, delivery=delivery, at=at) if documents else []


def _state(delivery: Delivery) -> Delivery.State:
    waiting = Original.objects.filter(delivery=delivery, state=Original.State.WAITING)
    return Delivery.State.RECEIVED if waiting.exists() else Delivery.State.DONE


def _result(find: Refusal | Hashed) -> dict[str, Any]:
    if isinstance(find, Refusal):
        return _line(find.name, "refused", find.reason, code=find.code)
    reason = f"{find.size:,} bytes"
    hashes = {"md5": find.md5, "sha1": find.sha1, "sha256": find.sha256}
    return _line(find.name, "hashed", reason) | hashes | {"size": find.size}


def _line(name: str, result: str, reason: str, **more: str) -> dict[str, Any]:
    return {"name": name, "result": result, "number": "", "reason": reason} | more


def counts(results: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Count results by kind."""
    found = {"accepted": 0, "repeat": 0, "refused": 0, "hashed": 0}
    for line in results:
        found[line["result"]] = found.get(line["result"], 0) + 1
    return found


def _close_interrupted(delivery: Delivery) -> None:
    """Close what is left of an earlier try at the same: this delivery takes it up again."""
    earlier = Delivery.objects.select_for_update().filter(
        door=Door.POLICE,
        name=delivery.name,
        sent_by=delivery.sent_by,
        state=Delivery.State.RECEIVING,
        pk__lt=delivery.pk,
    )
    for old in earlier:
        reason = f"interrupted; taken up again as delivery {delivery.pk}"
        old.results.append(_line(old.name, "refused", reason, code="interrupted"))
        old.state, old.total = _state(old), len(old.results)
        old.save(update_fields=["results", "state", "total"])
