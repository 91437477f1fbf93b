"""Server time of the pages people wait for, at a million reports.

The desk that the pipeline figure filled is grown by copying its rows with new numbers,
so that indexes, skew and bundle sizes are those of the synthetic stream. Time is that of
the whole request inside the server (routing, sign-in, SQL, template), without a network.
"""

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse

from benchmarks.results import Figure, figure
from breakwater.people.models import Agency
from breakwater.reports.models import (
    Appearance,
    Bundle,
    Membership,
    Original,
    Report,
    Selector,
    Tally,
)
from breakwater.storage import bulk

REQUESTS = 60


def run(database: str, reports: int) -> list[Figure]:
    grow(reports)
    client = _client()
    bundles = list(Bundle.objects.order_by("-report_count").values_list("id", flat=True)[:5])
    bundles += list(Bundle.objects.order_by("id").values_list("id", flat=True)[:15])
    held = Report.objects.count()
    pages: list[tuple[str, Callable[[int], str], str]] = [
        ("queue first page", lambda _: reverse("queue"), "< 150 ms"),
        ("bundle page", lambda n: reverse("bundle", args=[bundles[n % len(bundles)]]), "< 150 ms"),
        ("dashboard", lambda _: reverse("figures"), "< 80 ms"),
    ]
    bare = _p95(lambda _: client.get(reverse("help")))
    return [
        figure(
            f"{name}, p95 at {held:,} reports",
            database,
            _p95(lambda n, address=address: client.get(address(n))),  # type: ignore[misc]
            "ms",
            peer="the help page, p95",
            peer_value=bare,
            limit=asked,
        )
        for name, address, asked in pages
    ]


def _client() -> Client:
    agency, _ = Agency.objects.get_or_create(name="Bench police", kind="police", country="JM")
    user, _ = get_user_model().objects.get_or_create(
        username="bench", defaults={"agency": agency, "role": "supervisor"}
    )
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    return client


def _p95(get: Callable[[int], Any]) -> float:
    get(0)
    times = []
    for n in range(REQUESTS):
        start = time.perf_counter()
        response = get(n)
        times.append((time.perf_counter() - start) * 1000)
        if response.status_code != 200:
            raise SystemExit(f"{response.request['PATH_INFO']} answered {response.status_code}")
    return sorted(times)[int(len(times) * 0.95)]


def grow(target: int) -> None:
    """Copy the desk's reports under new numbers until there are `target`."""
    base = Report.objects.count()
    for copy in range(1, -(-target // base)):
        shift = copy * _highest()
        with connection.cursor() as cursor:
            for statement in _copies(shift, copy):
                cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _highest() -> int:
    return 10_000_000


def _copies(shift: int, copy: int) -> list[str]:
    low = f"< {_highest()}"
    digest = (
        "sha256(concat(encode(sha256, 'hex'), '%d')::bytea)"
        if bulk.is_postgres()
        else "sha256 || CAST('%d' AS BLOB)"
    )
    same: dict[Any, dict[str, str]] = {
        Original: {"id": f"id + {shift}", "sha256": digest % copy, "content": "''" if not bulk.is_postgres() else "''::bytea", "number": f"number || '-{copy}'"},
        Report: {"id": f"id + {shift}", "original_id": f"original_id + {shift}", "number": f"number || '-{copy}'"},
        Bundle: {"id": f"id + {shift}", "top_report_id": f"top_report_id + {shift}", "merged_into_id": f"merged_into_id + {shift}"},
        Membership: {"id": f"id + {shift}", "report_id": f"report_id + {shift}", "bundle_id": f"bundle_id + {shift}"},
        Selector: {"id": f"id + {copy}", "value": f"'{copy}' || value", "bundle_id": f"bundle_id + {shift}"},
        Appearance: {"id": f"id + {shift}", "report_id": f"report_id + {shift}", "selector_id": f"selector_id + {copy}"},
    }  # fmt: skip
    statements = []
    for model, changed in same.items():
        columns = [f.column for f in model._meta.concrete_fields]
        picked = ", ".join(changed.get(c, c) for c in columns)
        where = f"id {low}"
        if model is Selector:
            where = "id IN (SELECT selector_id FROM reports_appearance WHERE id " + low + ")"
        conflict = " ON CONFLICT DO NOTHING"
        table = model._meta.db_table
        statements.append(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {picked} FROM {table} WHERE {where}{conflict}"
        )
    statements.append(f"UPDATE {Tally._meta.db_table} SET reports = reports + reports / {copy}")
    return statements
