"""The demo desk: filled once, with every state, whoever asks again."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from breakwater.custody.models import AuditEntry
from breakwater.people.models import Agency, AgencyKind, Role, User
from breakwater.people.rules import fits
from breakwater.reports.models import Bundle, Delivery, Original, Report
from breakwater.synth import demo, demo_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def _overlay(settings) -> None:
    settings.DESK_IP_OVERLAY = "demo"


def load(at: datetime, *, seed: int = 4, **more: object) -> None:
    demo.load_demo(country="JM", count=300, seed=seed, at=at, **more)  # type: ignore[arg-type]


def decided() -> list[tuple[object, ...]]:
    """What became of every report, whatever ids the database gave."""
    fields = ("state", "is_urgent", "archive_reason", "assigned_to__username")
    bundles = [f"memberships__bundle__{name}" for name in fields]
    return sorted(Report.objects.values_list("number", *bundles), key=str)


@pytest.mark.usefixtures("_overlay")
def test_the_demo_fills_an_empty_desk(at: datetime) -> None:
    seen: list[int] = []
    load(at, progress=seen.append)
    assert Report.objects.count() == 300
    assert seen == sorted(seen)
    assert seen[-1] == 300
    assert not Original.objects.exclude(state=Original.State.READ).exists()
    assert not Delivery.objects.exclude(state=Delivery.State.DONE).exists()
    times = Report.objects.order_by("received_at").values_list("received_at", flat=True)
    assert at - timedelta(days=180) <= times[0]
    assert times[0] < at - timedelta(days=150)
    assert at - timedelta(days=10) < times[len(times) - 1] <= at
    states = set(Bundle.objects.values_list("state", flat=True))
    assert {Bundle.State.NEW, Bundle.State.OPEN, Bundle.State.ARCHIVED} <= states
    assert AuditEntry.objects.filter(verb="reports.bundle.archived").exists()


@pytest.mark.usefixtures("_overlay")
def test_loading_again_later_adds_nothing(at: datetime) -> None:
    load(at)
    before = (Report.objects.count(), Bundle.objects.count(), AuditEntry.objects.count())
    load(at + timedelta(days=3))
    after = (Report.objects.count(), Bundle.objects.count(), AuditEntry.objects.count())
    assert after == before
    assert not Original.objects.filter(state=Original.State.REPEAT).exists()


@pytest.mark.usefixtures("_overlay")
def test_an_interrupted_load_is_gone_on_with(at: datetime) -> None:
    class Interrupted(Exception):
        pass

    def stop(done: int) -> None:
        if done > 100:
            raise Interrupted

    with pytest.raises(Interrupted):
        load(at, progress=stop)
    assert 0 < Report.objects.count() < 300
    load(at + timedelta(hours=1))
    assert Report.objects.count() == 300


@pytest.mark.usefixtures("_overlay")
@pytest.mark.parametrize("seed", [4, 6, 2026])
def test_only_what_became_urgent_lately_waits_and_something_does(at: datetime, seed: int) -> None:
    load(at, seed=seed)
    waiting = Bundle.objects.filter(is_urgent=True, state=Bundle.State.NEW)
    assert waiting
    for bundle in waiting:
        reports = Report.objects.filter(memberships__bundle=bundle, is_urgent=True)
        assert all(at - report.received_at <= timedelta(days=2) for report in reports)


@pytest.mark.usefixtures("_overlay")
def test_the_same_seed_leads_to_the_same_decisions(at: datetime) -> None:
    with transaction.atomic():
        load(at)
        first = decided()
        transaction.set_rollback(True)
    assert not Report.objects.exists()
    load(at)
    assert decided() == first


@pytest.mark.parametrize(("days", "state"), [(1, Bundle.State.NEW), (3, Bundle.State.OPEN)])
def test_an_urgent_bundle_is_taken_on_within_two_days(
    at: datetime,
    take_in: Callable[..., Report],
    bundle_of: Callable[[Report], Bundle],
    days: int,
    state: int,
) -> None:
    demo.load_people("JM")
    urgent, plain = take_in("C-1", urgent=True), take_in("C-2")
    demo_work.take_on_urgent(at + timedelta(days=days))
    assert bundle_of(urgent).state == state
    assert bundle_of(plain).state == Bundle.State.NEW


@pytest.mark.parametrize(
    ("old_is_urgent", "state"), [(True, Bundle.State.OPEN), (False, Bundle.State.NEW)]
)
def test_how_long_a_bundle_is_urgent_counts_from_its_first_urgent_report(
    at: datetime,
    take_in: Callable[..., Report],
    bundle_of: Callable[[Report], Bundle],
    old_is_urgent: bool,
    state: int,
) -> None:
    demo.load_people("JM")
    old = take_in("C-1", "same", urgent=old_is_urgent)
    take_in("C-2", "same", urgent=not old_is_urgent)
    Report.objects.filter(pk=old.pk).update(received_at=at - timedelta(days=5))
    demo_work.take_on_urgent(at)
    bundle = bundle_of(old)
    assert (bundle.report_count, bundle.is_urgent, bundle.state) == (2, True, state)


def test_there_is_one_agency_of_each_kind_and_one_person_of_each_role() -> None:
    demo.load_people("CW")
    demo.load_people("CW")
    assert set(Agency.objects.values_list("kind", flat=True)) == set(AgencyKind.values)
    assert Agency.objects.count() == len(AgencyKind.values)
    assert not Agency.objects.filter(is_synthetic=False).exists()
    assert set(User.objects.values_list("role", flat=True)) == set(Role.values) - {
        "assessor"
    }  # worst_of adds those
    for user in User.objects.select_related("agency"):
        assert user.agency
        assert fits(user.role, user.agency.kind)
        assert user.check_password("correct horse battery")
        assert user.first_password_until is None
