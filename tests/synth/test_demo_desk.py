"""The demo desk: filled once, with every state, whoever asks again."""

from datetime import datetime, timedelta

import pytest

from breakwater.custody.models import AuditEntry
from breakwater.people.models import Agency, AgencyKind, Role, User
from breakwater.people.rules import fits
from breakwater.reports.models import Bundle, Delivery, Original, Report
from breakwater.synth import demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def _overlay(settings) -> None:
    settings.DESK_IP_OVERLAY = "demo"


def load(at: datetime, **more: object) -> None:
    demo.load_demo(country="JM", count=300, seed=4, at=at, **more)  # type: ignore[arg-type]


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


def test_there_is_one_agency_of_each_kind_and_one_person_of_each_role() -> None:
    demo.load_people("CW")
    demo.load_people("CW")
    assert set(Agency.objects.values_list("kind", flat=True)) == set(AgencyKind.values)
    assert Agency.objects.count() == len(AgencyKind.values)
    assert not Agency.objects.filter(is_synthetic=False).exists()
    assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
    for user in User.objects.select_related("agency"):
        assert user.agency
        assert fits(user.role, user.agency.kind)
        assert user.check_password("correct horse battery")
        assert user.first_password_until is None
