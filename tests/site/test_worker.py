"""The worker: turns are taken once, failures are kept and tried again, nothing is lost."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.reports.models import Job
from breakwater.site import worker

pytestmark = pytest.mark.django_db


def fails(at):
    raise ValueError("the disk is full")


def test_every_room_s_jobs_are_found():
    short, *long = [[name for name, _ in jobs] for jobs in worker.lanes()]
    assert {"reports.unpack", "reports.expire_filings", "hashlists.index"} <= set(short)
    assert long == [["hashlists.import"], ["hashlists.pull"]]


@pytest.mark.django_db(transaction=True)
def test_reports_are_read_and_the_worker_is_seen_alive_while_a_long_import_runs(monkeypatch):
    stop, begun, read = threading.Event(), threading.Event(), threading.Event()
    seen = []

    def read_reports(now):
        if begun.is_set():
            read.set()
        return False

    def take_in_list(now):
        begun.set()
        seen.append(read.wait(60))
        seen.append(Job.objects.filter(name=worker.HEARTBEAT).exists())
        stop.set()
        return False

    lanes = [[("test.reports", read_reports)], [("test.list", take_in_list)]]
    monkeypatch.setattr(worker, "lanes", lambda: lanes)
    worker.run(stop)
    assert seen == [True, True]


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_which_a_part_broke_ends_so_that_it_is_started_anew(monkeypatch):
    def breaks(now):
        raise SystemExit("out of memory")

    lanes = [[("test.reports", lambda now: False)], [("test.list", breaks)]]
    monkeypatch.setattr(worker, "lanes", lambda: lanes)
    with pytest.raises(SystemExit):
        worker.run(threading.Event())


def test_a_due_job_gets_its_turn_and_rests_afterwards(at):
    turns = []
    found = [("test.job", lambda now: bool(turns.append(now)))]
    worker.turn(at, found)
    worker.turn(at, found)
    worker.turn(at + timedelta(seconds=2), found)
    assert turns == [at, at + timedelta(seconds=2)]


def test_a_job_that_did_something_is_due_again_at_once(at):
    turns = []

    def works(now):
        turns.append(now)
        return True

    worker.turn(at, [("test.job", works)])
    worker.turn(at, [("test.job", works)])
    assert len(turns) == 2


def test_a_turn_that_somebody_holds_is_not_taken_twice(at):
    taken = []

    def slow(now):
        taken.append(now)
        worker.turn(now, [("test.job", slow)])
        return False

    worker.turn(at, [("test.job", slow)])
    assert len(taken) == 1


def test_a_failed_job_keeps_its_error_and_is_tried_again_later_and_later(at):
    worker.turn(at, [("test.job", fails)])
    job = Job.objects.get(name="test.job")
    assert (job.tries, job.last_error) == (1, "ValueError: the disk is full")
    first = job.next_run_at - at
    worker.turn(job.next_run_at, [("test.job", fails)])
    job.refresh_from_db()
    assert job.tries == 2
    assert job.next_run_at - job.last_run_at > first


def test_a_failing_job_does_not_stop_the_others(at):
    turns = []
    worker.turn(at, [("test.a", fails), ("test.b", lambda now: bool(turns.append(now)))])
    assert turns == [at]


def test_a_job_that_works_again_forgets_its_failures(at):
    worker.turn(at, [("test.job", fails)])
    later = at + timedelta(hours=1)
    worker.turn(later, [("test.job", lambda now: False)])
    job = Job.objects.get(name="test.job")
    assert (job.tries, job.last_error) == (0, "")


def test_the_turn_of_a_killed_worker_is_free_when_the_next_one_starts(at):
    Job.objects.create(name="test.job", next_run_at=at + worker.LEASE, last_run_at=at)
    worker.take_over(at + timedelta(seconds=1))
    turns = []
    worker.turn(at + timedelta(seconds=1), [("test.job", lambda now: bool(turns.append(now)))])
    assert len(turns) == 1


def test_a_clock_that_was_a_day_ahead_stops_no_job(at):
    turns, ahead = [], at + timedelta(days=1)
    found = [("test.job", lambda now: bool(turns.append(now))), ("test.fails", fails)]
    worker.turn(ahead, found)
    worker.turn(at, found)
    worker.turn(at, found)
    assert turns == [ahead, at]
    assert all(job.next_run_at < at + worker.NEVER_SO_LATE for job in Job.objects.all())


@pytest.mark.django_db(transaction=True)  # the loop gives connections back
def test_a_clock_that_was_a_day_ahead_stops_no_sign_of_the_worker(at, monkeypatch):
    stop, times = threading.Event(), iter([at, at + timedelta(days=1), at])

    def now():
        """The clock as the loop finds it at each look; at the last one it is told to end."""
        found = next(times, None)
        if found is None:
            stop.set()
        return found or at

    monkeypatch.setattr(worker, "lanes", lambda: [[]])
    monkeypatch.setattr(worker.timezone, "now", now)
    worker.run(stop)
    assert Job.objects.get(name=worker.HEARTBEAT).last_run_at == at


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_no_retry_waits_longer_than_twenty_minutes(tries, chance):
    assert timedelta(seconds=1) < worker.wait_after(tries, chance) < timedelta(minutes=20)


def test_the_work_page_shows_a_failed_job_and_lets_it_be_tried_now(at, supervisor, client_for):
    worker.turn(at, [("reports.unpack", fails)])
    client = client_for(supervisor)
    assert "the disk is full" in client.get("/work/").content.decode()
    client.post("/work/jobs/reports.unpack/retry/")
    assert Job.objects.get(name="reports.unpack").next_run_at > at + timedelta(days=1)


def test_the_work_page_says_when_no_worker_runs(supervisor, client_for):
    assert "The worker does not run" in client_for(supervisor).get("/work/").content.decode()
