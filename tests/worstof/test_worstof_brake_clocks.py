"""Whatever the desk's clock does, no second allowance passes the brake within a true hour or day."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import listed
from breakwater.people.models import User
from breakwater.worstof.actions import accepting, brake, living
from breakwater.worstof.actions.publishing import publish_waiting
from breakwater.worstof.jobs import publish
from breakwater.worstof.models import BlockList, HeldChange, Publication, PublisherState
from breakwater.worstof.queries import zone
from breakwater.worstof.rules.brake import DAY, WINDOWS, Change
from breakwater.worstof.rules.steady import Reading, lived
from tests.worstof.test_worstof_publishing import fill, published

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_folder(marks: Path) -> Path:
    return marks


@dataclass
class Machine:
    """`passed` is the time that truly went by; its clock says that and `off`."""

    begun: datetime
    passed: timedelta = timedelta()
    off: timedelta = timedelta()
    boots: int = 0
    booted: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return self.begun + self.passed + self.off

    def steady(self) -> Reading:
        return Reading(f"boot {self.boots}", (self.passed - self.booted).total_seconds())

    def restart(self, stood: timedelta) -> None:
        self.passed += stood
        self.boots, self.booted = self.boots + 1, self.passed

    def publish(self) -> Publication | None:
        return publish_waiting(self.now(), steady=self.steady)


@pytest.fixture
def machine(at: datetime) -> Machine:
    return Machine(at)


def add(on: BlockList, prefix: str, count: int, at: datetime) -> None:
    listed.decide(on, [f"{prefix}-{n}.example" for n in range(count)], at=at)


@pytest.mark.parametrize("jump", [timedelta(days=-3), timedelta(hours=25), timedelta(days=400)])
def test_a_clock_that_is_moved_and_put_right_gives_no_second_allowance(
    jump: timedelta, machine: Machine, world_list: BlockList
) -> None:
    fill(1000, machine.now() - 9 * A_DAY)
    for off in (timedelta(), jump, timedelta()):
        machine.off = off
        machine.passed += timedelta(minutes=2)
        add(world_list, f"day{machine.passed.seconds}", 50, machine.now())
        machine.publish()
    assert len(published()) == 1050
    assert sum(HeldChange.objects.values_list("added", flat=True)) == 100


def test_a_restart_gives_no_second_allowance_and_two_people_let_the_names_go(
    machine: Machine, world_list: BlockList, officer: User, supervisor: User
) -> None:
    fill(1000, machine.now() - 9 * A_DAY)
    add(world_list, "first", 50, machine.now())
    assert machine.publish()
    machine.restart(stood=timedelta(minutes=5))
    machine.off = 2 * A_DAY
    add(world_list, "second", 50, machine.now())
    assert machine.publish() is None
    for by in (officer, supervisor):
        brake.release(HeldChange.objects.get(), by=by, reason="seen", at=machine.now())
    assert machine.publish()
    assert len(published()) == 1100


def test_a_day_truly_later_the_brake_has_forgotten_also_after_a_restart(
    machine: Machine, world_list: BlockList
) -> None:
    fill(1000, machine.now() - 9 * A_DAY)
    add(world_list, "first", 50, machine.now())
    machine.publish()
    machine.passed += A_DAY / 2
    living.live_on(machine.steady)
    machine.restart(stood=timedelta(hours=1))
    living.live_on(machine.steady)
    machine.passed += A_DAY / 2
    add(world_list, "second", 50, machine.now())
    machine.publish()
    assert len(published()) == 1100


def test_a_list_from_before_this_clock_was_read_is_not_held_back(
    machine: Machine, world_list: BlockList
) -> None:
    fill(1000, machine.now() - 9 * A_DAY)
    add(world_list, "early", 40, machine.now() - 2 * A_DAY)
    assert publish_waiting(machine.now() - 2 * A_DAY)
    add(world_list, "now", 40, machine.now())
    assert machine.publish()
    assert not HeldChange.objects.exists()


def test_a_copy_accepted_twice_needs_two_people_though_the_clock_jumped(
    machine: Machine, world_list: BlockList
) -> None:
    fill(100, machine.now() - 9 * A_DAY)

    def accepted() -> HeldChange | None:
        served = set(published()) - {"old-1.example"}
        found = accepting.difference(served)
        steady = machine.steady
        return accepting.accept(found, by="root", reason="seen", at=machine.now(), steady=steady)

    assert accepted() is None
    machine.off = 3 * A_DAY
    machine.passed += timedelta(minutes=1)
    assert accepted()


def test_the_worker_and_every_publication_of_it_read_the_machines_own_clock(
    machine: Machine, world_list: BlockList
) -> None:
    add(world_list, "first", 1, machine.now())
    assert publish(machine.now())
    state = PublisherState.objects.get()
    assert state.boot == living.BOOT_ID.read_text().strip()
    assert Publication.objects.get().lived is not None


STEPS = st.lists(
    st.tuples(
        st.integers(0, 900),  # minutes that truly go by
        st.just(0) | st.integers(-4000, 4000),  # by how many the clock is moved
        st.just(None) | st.integers(0, 600),  # minutes that the machine is off, if it goes down
        st.integers(0, 9),  # names to add
        st.integers(0, 5),  # names to remove
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 600), STEPS)
def test_whatever_the_clock_does_no_more_than_one_allowance_passes_in_a_true_hour_or_day(
    marks: Path,
    world_list: BlockList,
    at: datetime,
    size: int,
    steps: list[tuple[int, int, int | None, int, int]],
) -> None:
    """Where the machine goes down, names that came since are not removed again: see `_starts`."""
    (marks / "published.json").unlink(missing_ok=True)
    goes_down = any(stood is not None for *_, stood, _, _ in steps)
    with transaction.atomic():
        fill(size, at - 90 * A_DAY)
        machine = Machine(at)
        zones = [(-90 * A_DAY, set(published()))]
        for number, (minutes, moved, stood, adds, removals) in enumerate(steps):
            machine.passed += timedelta(minutes=minutes)
            machine.off += timedelta(minutes=moved)
            if stood is not None:
                machine.restart(timedelta(minutes=stood))
            there = sorted(n for n in zones[-1][1] if n.startswith("old") or not goes_down)
            listed.decide(world_list, there[:removals], at=machine.now(), adds=False)
            add(world_list, f"n{number}", adds, machine.now())
            made = machine.publish()
            now = set(published())
            for window in WINDOWS:
                begun = machine.passed - window.span
                before = next(names for when, names in reversed(zones) if when <= begun)
                entered, left = len(now - before), len(before - now)
                limit = Change(0, 0, len(before), window).limit
                assert not (made and made.added) or entered + left <= limit
                assert not (made and made.removed) or left <= limit
            zones.append((machine.passed, now))
        transaction.set_rollback(True)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from("ab")), max_size=20)
)
def test_time_lived_never_goes_back_and_is_never_more_than_what_went_by(
    turns: list[tuple[float, float, str]],
) -> None:
    """Two machines, each of which counts from a moment of its own, take turns."""
    true, seconds, last = 0.0, 0.0, Reading("", 0)
    for passed, ahead, boot in turns:
        true += passed
        now = Reading(boot, true + (ahead if boot == "b" and last.boot != "b" else 0))
        if now.boot == last.boot:
            now = Reading(boot, last.seconds + passed)
        before, seconds = seconds, lived(seconds, last, now)
        last = now
        assert before <= seconds <= true + 1e-3


def test_a_day_of_time_lived_begins_after_the_last_publication_before_it(
    machine: Machine, world_list: BlockList
) -> None:
    serials = []
    for number in range(4):
        add(world_list, f"n{number}", 1, machine.now())
        made = machine.publish()
        assert made
        serials.append(made.serial)
        machine.passed += timedelta(hours=12)
    lived_now = living.live_on(machine.steady)
    spans, ago = [DAY.span, timedelta(days=9)], timedelta(days=400)
    # By a clock that stands where nothing was published, only the time lived tells.
    found = zone.window_starts(spans, machine.now() - ago, lived_now)
    assert found == [{0, serials[2]}, {0, serials[0] - 1}]
    assert zone.window_starts(spans, machine.now()) == [{serials[2]}, {0}]
