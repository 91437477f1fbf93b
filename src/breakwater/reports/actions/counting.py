"""Counts reports and people as they come in, so that figures never scan reports."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date

from django.db import connection

from breakwater.reports.actions.incoming import Incoming

BANDS = ((2, "0-2"), (6, "3-6"), (10, "7-10"), (13, "11-13"), (15, "14-15"), (17, "16-17"))


def age_band(age: int | None) -> str:
    if age is None:
        return ""
    return next((band for last, band in BANDS if age <= last), "18+")


def count(reports: Sequence[Incoming]) -> None:
    _count_reports(reports)
    _count_people(reports)


def _count_reports(reports: Sequence[Incoming]) -> None:
    found: dict[tuple[date, str, int, str], list[int]] = {}
    for report in reports:
        day = report.received_at.astimezone(UTC).date()
        understood = report.understood
        key = (day, understood.country, report.provider_id, understood.incident_type)
        sums = found.setdefault(key, [0, 0, 0])
        sums[0] += 1
        sums[1] += report.weight[0]
        sums[2] += understood.file_count
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reports_tally "
            "(day, country, provider_id, incident_type, reports, urgent, files) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (day, country, provider_id, incident_type) DO UPDATE SET "
            "reports = reports_tally.reports + excluded.reports, "
            "urgent = reports_tally.urgent + excluded.urgent, "
            "files = reports_tally.files + excluded.files",
            [(*key, *sums) for key, sums in sorted(found.items())],
        )


def _count_people(reports: Sequence[Incoming]) -> None:
    found: Counter[tuple[date, str, str, str, str]] = Counter()
    for report in reports:
        # A batch's accounts say nothing of people: they are counted nowhere as persons.
        if report.understood.is_batch:
            continue
        month = report.received_at.astimezone(UTC).date().replace(day=1)
        for role, age, sex in report.understood.people:
            found[month, report.understood.country, role, age_band(age), sex] += 1
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reports_persontally (month, country, role, age_band, sex, persons) "
            "VALUES (%s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (month, country, role, age_band, sex) DO UPDATE SET "
            "persons = reports_persontally.persons + excluded.persons",
            [(*key, number) for key, number in sorted(found.items())],
        )
