"""Fills an empty desk for the demo: agencies, people, half a year of reports, decisions.

The half year is replayed in steps of six days, as it would have been lived: reports come
in, are read, and people decide about some of them. Running it again adds nothing; a run
that was interrupted is gone on with.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib.auth.hashers import make_password
from django.db import transaction

from breakwater import countries
from breakwater.people.models import Agency, AgencyKind, Role, User
from breakwater.reports.actions.accept import Document, accept_originals
from breakwater.reports.actions.unpack import unpack_waiting
from breakwater.reports.models import Delivery, Door
from breakwater.synth import demo_work
from breakwater.synth.stream import documents
from breakwater.synth.worst_of import load_worst_of

PASSWORD = "correct horse battery"  # noqa: S105 - of people who do not exist
STEPS = 30
STEP = timedelta(days=6)
URGENT_BEFORE = timedelta(hours=12)  # before the end: when the newest urgent report comes in
SENDER = "breakwater demo"
Progress = Callable[[int], None]

AGENCIES = {
    AgencyKind.POLICE: "{} Example Police",
    AgencyKind.PROSECUTOR: "{} Example Prosecution Office",
    AgencyKind.JUDICIARY: "{} Example Court",
    AgencyKind.FORENSIC_LAB: "{} Example Forensic Laboratory",
    AgencyKind.CERT: "{} Example CERT",
    AgencyKind.REGULATOR: "{} Example Regulator",
    AgencyKind.MINISTRY: "{} Example Ministry",
    AgencyKind.NGO: "{} Example Child Helpline",
    AgencyKind.PROVIDER: "Shoalchat (example)",
}
PEOPLE = (
    ("officer", Role.OFFICER, AgencyKind.POLICE, "Olive", "Exemplar"),
    ("officer2", Role.OFFICER, AgencyKind.POLICE, "Omar", "Sampleton"),
    ("supervisor", Role.SUPERVISOR, AgencyKind.POLICE, "Sonia", "Specimen"),
    ("reader", Role.READER, AgencyKind.PROSECUTOR, "Rafael", "Voorbeeld"),
    ("analyst", Role.ANALYST, AgencyKind.REGULATOR, "Anna", "Exemple"),
    ("auditor", Role.AUDITOR, AgencyKind.MINISTRY, "Aldo", "Ejemplo"),
    ("administrator", Role.ADMINISTRATOR, AgencyKind.POLICE, "Ada", "Testington"),
)


def load_demo(
    *, country: str, count: int, seed: int, at: datetime, progress: Progress | None = None
) -> None:
    """Fill the desk of `country` with `count` reports of the 180 days before `at`.

    `progress` is told how many reports have been dealt with.

    Raises:
        UnknownCountry: the synthetic world has no networks for the country.
    """
    load_people(country)
    end = _end_of_an_earlier_run() or at
    load_worst_of(country, password=PASSWORD, at=end)
    # Urgent reports are rare; without a fresh one the demo would not show what comes first.
    urgent = count - 1 - int(count * (URGENT_BEFORE / (STEPS * STEP)))
    found = documents(
        count, seed=seed, country=country, start=end - STEPS * STEP, end=end, urgent=urgent
    )
    done = 0
    for number, step in groupby(found, key=lambda d: _step_of(d, end)):
        until = end - (STEPS - 1 - number) * STEP
        part = list(step)
        is_new = _accept(part, number, at=until)
        while unpack_waiting(at=until):
            pass
        if is_new and number < STEPS - 1:
            demo_work.decide(until, seed=seed + number)
        elif is_new:
            demo_work.take_on_urgent(until)
        done += len(part)
        if progress:
            progress(done)


def load_people(country: str) -> None:
    """Make one agency of each kind and one person per role; keep those that are here."""
    name = countries.name(country)
    agencies = {
        kind: Agency.objects.get_or_create(
            name=text.format(name),
            defaults={"kind": kind, "country": country, "is_synthetic": True},
        )[0]
        for kind, text in AGENCIES.items()
    }
    missing = [p for p in PEOPLE if not User.objects.filter(username=p[0]).exists()]
    # Hashing is slow on purpose; these people may well share one salt.
    hashed = make_password(PASSWORD) if missing else ""
    for username, role, kind, first, last in missing:
        User.objects.create(
            username=username,
            password=hashed,
            first_name=first,
            last_name=last,
            email=f"{username}@desk.example",
            role=role,
            agency=agencies[kind],
        )


def _step_of(document: Document, end: datetime) -> int:
    received = document.received_at or end
    return max(0, min(STEPS - 1, STEPS - 1 - int((end - received) / STEP)))


def _name(number: int, door: str) -> str:
    return f"Synthetic reports, {door} door, part {number + 1:02d} of {STEPS}"


def _end_of_an_earlier_run() -> datetime | None:
    """Find the moment an earlier run ended at: other dates would make other reports."""
    for number in range(STEPS):
        earlier = Delivery.objects.filter(
            sent_by=SENDER, name__endswith=f"part {number + 1:02d} of {STEPS}"
        ).first()
        if earlier:
            return earlier.received_at + (STEPS - 1 - number) * STEP
    return None


def _accept(part: Sequence[Document], number: int, *, at: datetime) -> bool:
    """Store one step's reports, all or none; say False if they are here already."""
    is_new = False
    with transaction.atomic():
        for door, format in ((Door.POLICE, "le_json"), (Door.PROVIDER, "filing")):
            mine = [d for d in part if d.format == format]
            name = _name(number, door)
            if mine and not Delivery.objects.filter(sent_by=SENDER, name=name).exists():
                _deliver(mine, door, name, at)
                is_new = True
    return is_new


def _deliver(mine: Sequence[Document], door: str, name: str, at: datetime) -> None:
    delivery = Delivery.objects.create(
        door=door,
        name=name,
        sent_by=SENDER,
        received_at=at,
        state=Delivery.State.RECEIVED,
        total=len(mine),
    )
    results = accept_originals(mine, delivery=delivery, at=at)
    delivery.results = [
        {"name": r.name, "result": r.result, "number": r.number, "reason": r.reason}
        for r in results
    ]
    delivery.save(update_fields=["results"])
