"""The CyberTipline Reporting API's documents: checked strictly, read tolerantly.

`parse_*` raise at the first rule broken (the provider door answers 4100 with it);
`read_*` take what is there and list the rest in `not_understood`.
"""

from datetime import datetime

from breakwater.formats.ispws.parsing import Invalid, NotXml
from breakwater.formats.ispws.read import (
    file_of_tree,
    read_file_details,
    read_filing,
    read_parts,
    read_report,
    record_of_tree,
)
from breakwater.formats.ispws.validate import (
    check_batch_files,
    validate_file_details,
    validate_report,
)
from breakwater.formats.record import File, Record

__all__ = [
    "Invalid",
    "NotXml",
    "check_batch_files",
    "check_report",
    "is_batch",
    "parse_file_details",
    "parse_report",
    "read_file_details",
    "read_filing",
    "read_parts",
    "read_report",
]


def parse_report(data: bytes, *, now: datetime | None = None) -> Record:
    """Read a report that keeps every rule.

    Raises:
        NotXml: answer 4110. Invalid: answer 4100, with path and reason.
    """
    return record_of_tree(validate_report(data, now=now))


def parse_file_details(data: bytes, *, now: datetime | None = None) -> tuple[str, File]:
    """Read file details that keep every rule; give the report number with them.

    Raises:
        NotXml: answer 4110. Invalid: answer 4100, with path and reason.
    """
    problems: list[str] = []
    return file_of_tree(validate_file_details(data, now=now), problems)


def check_report(data: bytes, *, now: datetime | None = None) -> None:
    """Check a report without reading it. Raises like `parse_report`."""
    validate_report(data, now=now)


def is_batch(data: bytes) -> bool:
    """Say whether a report that was checked is a batched one."""
    return b"batchedReport" in data and bool(read_report(data).batch)
