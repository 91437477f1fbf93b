"""What a provider does at the door: open a filing, add and describe files, finish, retract.

Each verb is one transaction, committed before the door answers. Finishing packs the
filing into an original; from then on nothing of it changes.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from breakwater.custody.actions import record as audit
from breakwater.formats import filing as package
from breakwater.formats import ispws
from breakwater.formats.whole_number import whole_number
from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.models import Delivery, Door, Filing, FilingFile, ProviderAccount
from breakwater.reports.rules.filing import AFTER_CHANGE, AFTER_OPENING, expires_at

MAX_FILES = 10_000


class FilingError(Exception):
    """The filing does not allow this."""


class NoSuchFiling(FilingError):
    """No filing of this account has that number."""


class NoSuchFile(FilingError):
    """The filing has no file with that id."""


class AlreadyFinished(FilingError):
    """The filing is finished; it cannot be changed or retracted any more."""


class AlreadyRetracted(FilingError):
    """The filing was retracted, or expired unfinished."""


class AlreadyDescribed(FilingError):
    """The file has its details; they can be given once."""


class TooManyFiles(FilingError):
    """One filing holds at most 10,000 files."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What was kept of an uploaded file: never the bytes."""

    name: str
    size: int
    md5: str
    sha1: str
    sha256: str


def open_filing(account: ProviderAccount, xml: bytes, *, at: datetime) -> Filing:
    """Open a filing for a report.

    Raises:
        NotXml, Invalid: the report breaks a rule; nothing was opened.
    """
    ispws.check_report(xml, now=at)
    return Filing.objects.create(account=account, xml=xml, opened_at=at, modified_at=at)


def add_file(account: ProviderAccount, number: int, upload: Upload, *, at: datetime) -> FilingFile:
    with transaction.atomic():
        filing = _open(account, number)
        if filing.files.count() >= MAX_FILES:
            raise TooManyFiles
        file = FilingFile.objects.create(
            filing=filing,
            file_id=secrets.token_hex(16),
            name=upload.name[:2056],
            size=upload.size,
            md5=upload.md5,
            sha1=upload.sha1,
            sha256=upload.sha256,
            uploaded_at=at,
        )
        _touch(filing, at)
    return file


def describe_file(account: ProviderAccount, xml: bytes, *, at: datetime) -> Filing:
    """Keep a file's details.

    Raises:
        NotXml, Invalid, NoSuchFiling, NoSuchFile, AlreadyDescribed, AlreadyFinished.
    """
    number, file = ispws.parse_file_details(xml, now=at)
    with transaction.atomic():
        filing = _open(account, whole_number(number) or 0)
        kept = filing.files.filter(file_id=file.file_id)
        if not kept.exists():
            raise NoSuchFile(file.file_id)
        if not kept.filter(details_xml=None).update(details_xml=xml):
            raise AlreadyDescribed(file.file_id)
        _touch(filing, at)
    return filing


def finish(account: ProviderAccount, number: int, *, at: datetime) -> list[str]:
    """Close a filing for good and give its file ids: this is the provider's legal notice.

    Raises:
        Invalid: a batched report's files break its rules; retract and file again.
    """
    with transaction.atomic():
        filing = _open(account, number)
        files = list(filing.files.order_by("id"))
        xml = bytes(filing.xml)
        if ispws.is_batch(xml):
            ispws.check_batch_files(
                [bytes(f.details_xml) if f.details_xml else None for f in files]
            )
        delivery = Delivery.objects.create(
            door=Door.PROVIDER,
            name=str(filing),
            sent_by=account.username,
            received_at=at,
            state=Delivery.State.RECEIVED,
            total=1,
        )
        document = Document(
            name=str(filing),
            format="filing",
            data=package.pack(_parts(xml, files)),
            number=str(filing),
            provider_name=account.provider.name,
        )
        result = accept_originals([document], delivery=delivery, at=at)[0]
        delivery.results = [
            {
                "name": result.name,
                "result": result.result,
                "number": result.number,
                "reason": result.reason,
            }
        ]
        delivery.save(update_fields=["results"])
        Filing.objects.filter(pk=filing.pk).update(state=Filing.State.FINISHED, closed_at=at)
        detail = {"result": result.result, "number": result.number, "files": len(files)}
        audit(
            "reports.filing.finished",
            actor=account.username,
            target=str(filing),
            detail=detail,
            at=at,
        )
    return [f.file_id for f in files]


def retract(account: ProviderAccount, number: int, *, at: datetime) -> None:
    with transaction.atomic():
        filing = _open(account, number)
        _close(filing, Filing.State.RETRACTED, at)
        audit("reports.filing.retracted", actor=account.username, target=str(filing), at=at)


def expire_unfinished(at: datetime) -> int:
    """Delete what providers left unfinished too long; say how many filings that were."""
    old = Filing.objects.filter(
        state=Filing.State.OPEN,
        opened_at__lte=at - AFTER_OPENING,
        modified_at__lte=at - AFTER_CHANGE,
    )
    expired = 0
    for filing in old.order_by("id")[:500]:
        with transaction.atomic():
            fresh = Filing.objects.select_for_update().get(pk=filing.pk)
            late = expires_at(opened_at=fresh.opened_at, modified_at=fresh.modified_at) <= at
            if fresh.state == Filing.State.OPEN and late:
                _close(fresh, Filing.State.EXPIRED, at)
                audit("reports.filing.expired", actor="software", target=str(fresh), at=at)
                expired += 1
    return expired


def _open(account: ProviderAccount, number: int) -> Filing:
    """Lock and give the account's own filing, if it is still open."""
    filing = Filing.objects.select_for_update().filter(pk=number, account=account).first()
    if filing is None:
        raise NoSuchFiling(number)
    if filing.state == Filing.State.FINISHED:
        raise AlreadyFinished(number)
    if filing.state != Filing.State.OPEN:
        raise AlreadyRetracted(number)
    return filing


def _close(filing: Filing, state: Filing.State, at: datetime) -> None:
    """Forget what an unfinished filing said; that it existed stays."""
    filing.files.all().delete()
    Filing.objects.filter(pk=filing.pk).update(state=state, closed_at=at, xml=b"")


def _touch(filing: Filing, at: datetime) -> None:
    Filing.objects.filter(pk=filing.pk).update(modified_at=at)


def _parts(xml: bytes, files: list[FilingFile]) -> list[package.Part]:
    parts = [package.Part("report", xml)]
    for file in files:
        meta: dict[str, Any] = {
            "file_id": file.file_id,
            "name": file.name,
            "size": file.size,
            "md5": file.md5,
            "sha1": file.sha1,
            "sha256": file.sha256,
        }
        parts.append(package.Part("file", b"", meta))
        if file.details_xml is not None:
            parts.append(package.Part("file_details", bytes(file.details_xml)))
    return parts
