"""A large VICS file taken into a list and written out of it again, by the commands of the desk.

Each command is a process of its own, so that the most memory that it took can be read.
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import timed
from benchmarks.results import Figure, figure
from breakwater.hashlists.actions.lists import Terms, create_list

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
BASE = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
COMMENT = "seen in the generated scenes, twice, with the same camera " * 8


def run(database: str, records: int) -> list[Figure]:
    create_list(Terms("VICS", "Bench", "Synthetic", scheme="vics_us"), by="bench", at=AT)
    desk = [sys.executable, "-m", "breakwater.cli", "hashlists"]
    with tempfile.TemporaryDirectory(prefix="breakwater-vics-") as folder:
        came, went = Path(folder) / "in.json", Path(folder) / "out.json"
        with came.open("w") as file:
            file.writelines(_pieces(records))
        size = came.stat().st_size
        read, _, reading, _ = timed(
            [*desk, "import", came, "--list", "VICS", "--form", "vics", "--now"]
        )
        written, _, writing, _ = timed(
            [*desk, "export", "--list", "VICS", "--form", "vics", "--out", went]
        )
        if went.stat().st_size != size:
            raise AssertionError(f"{went.stat().st_size:,} bytes came out of {size:,}")
    title = f"VICS file of {records:,} records, {size / 1e9:.2f} GB"
    return [
        figure(f"{title}: taken into a list and indexed", database, records / read, "records/s"),
        figure(f"{title}: most memory while it is", database, reading, "MB"),
        figure(f"{title}: written out again", database, records / written, "records/s"),
        figure(f"{title}: most memory while it is written", database, writing, "MB"),
    ]


def _pieces(records: int) -> Iterator[str]:
    yield f'{{"@odata.context":"{BASE}","value":['
    for number in range(records):
        yield "," if number else ""
        yield json.dumps(_record(number), separators=(",", ":"))
    yield "]}"


def _record(number: int) -> dict[str, object]:
    name = b"%d" % number
    return {
        "MediaID": number, "Category": number % 5,
        "MD5": hashlib.md5(name, usedforsecurity=False).hexdigest(),
        "SHA1": hashlib.sha1(name, usedforsecurity=False).hexdigest(),
        "MediaSize": 1000 + number, "MimeType": "image/jpeg",
        "DateUpdated": "2023-06-07T02:31:49Z", "Series": f"Series {number % 1000}",
        "Tags": "generated, synthetic", "Comments": COMMENT, "VictimIdentified": False,
        "RelativeFilePath": f"a\\{number}.jpg",
        "Exifs": [{"PropertyName": "Camera Make", "PropertyValue": "SynthCam"}],
        "MediaFiles": [{"FileName": f"{number}.jpg", "Written": "2023-06-07T02:31:49"}],
    }  # fmt: skip
