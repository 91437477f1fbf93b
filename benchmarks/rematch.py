"""An archive of a million files meets a new list: exact digests, and near pictures by PDQ.

The archive is written in bulk, in the desk's own tables and with originals that can be read again:
each report has two files, each file an MD5 and a PDQ, each account two reports in one bundle. Some
thousands of the list's hashes are of the archive, at known places and distances; the rest are
random. A match beyond those, or one missed, is an error and no figure.
"""

import hashlib
import io
import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction

from benchmarks.results import Figure, figure
from breakwater.hashlists import index
from breakwater.hashlists.actions.importing import work
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.actions.receiving import Received, receive
from breakwater.matching.pdq import MATCH_DISTANCE
from breakwater.reports.actions.incoming import Incoming
from breakwater.reports.actions.rematching import rematch
from breakwater.reports.actions.write_set import report_rows, write_selectors
from breakwater.reports.models import Bundle, FileMatch, Membership, Original, Provider, Report
from breakwater.reports.reading import read_original, understand
from breakwater.reports.rules.bundling import Known
from breakwater.reports.rules.identify import selector_id
from breakwater.storage import bulk

FILES = 1_000_000
LISTED = 100_000
LISTED_PDQ = 40_000  # of them
KNOWN_MD5, KNOWN_PDQ = 3_000, 2_000  # of the archive
SET = 20_000
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
PROVIDER = "Example Chat"


def run(database: str, files: int = FILES) -> list[Figure]:
    hashes = _hashes(files)
    provider = Provider.objects.create(name=PROVIDER).pk
    for first in range(0, files // 2, SET):
        with transaction.atomic():
            _write(range(first, min(first + SET, files // 2)), hashes, provider)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    listed, planted = _list(hashes)
    made = create_list(Terms("Bench", "Bench", "Synthetic"), by="bench", at=AT)
    receive(made, io.BytesIO(listed), Received("b.csv", "table"), by="bench", at=AT)
    work(AT)
    index.update()
    start = time.perf_counter()
    while rematch(AT):
        pass
    took = time.perf_counter() - start
    reports = _check(planted)
    return [
        figure(
            f"archive of {files:,} files, each with MD5 and PDQ, against a new list of {LISTED:,}; "
            f"{reports:,} reports weighed again",
            database, took, "s", limit="below 60 s",
        )
    ]  # fmt: skip


Hashes = tuple[np.ndarray[Any, np.dtype[np.uint8]], np.ndarray[Any, np.dtype[np.uint8]]]


def _hashes(files: int) -> Hashes:
    rng = np.random.default_rng(7)
    return rng.integers(0, 256, (files, 16), np.uint8), rng.integers(0, 256, (files, 32), np.uint8)


def _captured(number: int) -> str:
    at = AT - timedelta(days=400) + timedelta(seconds=number)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _document(number: int, hashes: Hashes) -> bytes:
    files = [
        {
            "filename": f"{file}.jpg",
            "verificationHash": hashes[0][file].tobytes().hex(),
            "originalFileHashes": [{"hashType": "PDQ", "value": hashes[1][file].tobytes().hex()}],
            "viewedByEsp": True,
        }
        for file in (2 * number, 2 * number + 1)
    ]
    capture = {
        "captureType": "IP Address",
        "value": f"203.0.113.{number % 256}",
        "eventName": "UPLOAD",
        "dateTime": _captured(number),
    }
    person = {"id": 1, "espUserId": f"u{number // 2}", "sourceInformation": {"sourceCaptures": [capture]}}  # fmt: skip
    return json.dumps(
        {
            "reportId": number + 1,
            "reportedInformation": {
                "reportingEsp": {"espName": PROVIDER},
                "incidentSummary": {"incidentDateTime": _captured(number)},
                "reportedPeople": {"reportedPersons": [person]},
                "uploadedFiles": {"uploadedFiles": files},
            },
        }
    ).encode()


def _write(numbers: range, hashes: Hashes, provider: int) -> None:
    documents = {n + 1: _document(n, hashes) for n in numbers}
    incoming = list(_incoming(documents, hashes, provider))
    received = {r.id: r.received_at for r in incoming}
    bulk.insert(
        Original,
        ("id", "door", "format", "name", "provider_name", "sha256", "size", "content", "number",
         "received_at", "state", "tries", "last_error"),
        [
            (pk, "police", "le_json", f"{pk}.json", PROVIDER, hashlib.sha256(data).digest(),
             len(data), zlib.compress(data, 1), f"C-{pk}", received[pk], 1, 0, "")
            for pk, data in documents.items()
        ],
    )  # fmt: skip
    bulk.insert(Report, *report_rows(incoming))
    bulk.insert(
        Bundle,
        ("id", "state", "is_urgent", "score", "reasons", "country", "incident_type", "provider",
         "is_batch", "is_informational", "has_generative_ai", "ip_grade", "top_report",
         "report_count", "opened_at", "last_report_at", "archive_reason"),
        [
            (r.id // 2 + 1, 3, False, 0, "[]", r.understood.country, "", provider, False, False,
             False, r.understood.ip_grade, r.id, 2, r.received_at, r.received_at, "no_suspect")
            for r in incoming if r.id % 2
        ],
    )  # fmt: skip
    memberships = [(r.id, (r.id - 1) // 2 + 1, "account", None, 0, "") for r in incoming]
    bulk.insert(
        Membership,
        ("report", "bundle", "via", "via_selector", "via_distance", "country"),
        memberships,
    )
    values = {s[3]: s[1:3] for r in incoming for s in r.understood.selectors}
    known = {sid: Known(2 if kind == "account" else 1) for sid, (kind, _) in values.items()}
    write_selectors(values, known, set(), incoming)


def _incoming(documents: dict[int, bytes], hashes: Hashes, provider: int) -> Iterator[Incoming]:
    """What reading the documents gives; only the first is read, and ours must be like it."""
    first = next(iter(documents))
    template = understand(read_original("le_json", documents[first]))
    if sorted(template.selectors) != sorted(_selectors(first, hashes)):
        raise AssertionError(f"reading gives {template.selectors}")
    for pk in documents:
        understood = replace(template, selectors=_selectors(pk, hashes))
        at = AT - timedelta(days=400) + timedelta(minutes=pk)
        sightings = [(number, role, kind) for role, kind, _, number in understood.selectors]
        yield Incoming(pk, f"C-{pk}", "police", at, understood, pk, provider, sightings=sightings)


def _selectors(pk: int, hashes: Hashes) -> list[tuple[str, str, str, int]]:
    number = pk - 1
    found = [
        ("reported", "account", f"u{number // 2}@example-chat"),
        ("reported", "capture", f"203.0.113.{number % 256} {_captured(number)}"),
    ]
    for file in (2 * number, 2 * number + 1):
        found.append(("file", "md5", hashes[0][file].tobytes().hex()))
        found.append(("file", "phash", "pdq:" + hashes[1][file].tobytes().hex()))
    return [(role, kind, value, selector_id(kind, value)) for role, kind, value in found]


def _list(hashes: Hashes) -> tuple[bytes, dict[int, int]]:
    """The list as a table, and the distance at which each planted file's report must match."""
    rng = np.random.default_rng(8)
    files = rng.choice(len(hashes[0]), KNOWN_MD5 + KNOWN_PDQ, replace=False)
    planted: dict[int, int] = {}
    lines = []
    for file in files[:KNOWN_MD5].tolist():
        lines.append(f"{hashes[0][file].tobytes().hex()},")
        planted[file] = 0
    for file in files[KNOWN_MD5:].tolist():
        distance = int(rng.integers(0, MATCH_DISTANCE + 1))
        value = int.from_bytes(hashes[1][file].tobytes())
        for bit in rng.choice(256, distance, replace=False).tolist():
            value ^= 1 << bit
        lines.append(f",{value:064x}")
        planted[file] = distance
    lines += [f"{rng.bytes(16).hex()}," for _ in range(LISTED - LISTED_PDQ - KNOWN_MD5)]
    lines += [f",{rng.bytes(32).hex()}" for _ in range(LISTED_PDQ - KNOWN_PDQ)]
    rng.shuffle(lines)
    return ("md5,pdq\n" + "\n".join(lines) + "\n").encode(), planted


def _check(planted: dict[int, int]) -> int:
    """How many reports match; an error unless it is exactly the planted files that do."""
    expected = sorted((file // 2 + 1, distance) for file, distance in planted.items())
    found = sorted(FileMatch.objects.values_list("report_id", "distance"))
    if found != expected:
        raise AssertionError(f"{len(found)} matches, {len(expected)} expected")
    reports = {report for report, _ in expected}
    bundles = {(report - 1) // 2 + 1 for report in reports}
    told = set(Bundle.objects.filter(matched_at=AT).values_list("pk", flat=True))
    if told != bundles:
        raise AssertionError(f"{len(told)} bundles put before their owners, not {len(bundles)}")
    return len(reports)
