"""Files of hashes stay on the disk as long as an import needs them, and no longer."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from breakwater.hashlists import jobs
from breakwater.hashlists.models import HashList, ListChange

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
Leave = Callable[..., None]


@pytest.fixture
def leave(raising: HashList, data_dir: Path) -> Leave:
    """Put the files of an import there as a kill leaves them, with a change that names them or none."""

    def leave(name: str, state: str = "", *, written: datetime, **more: datetime) -> None:
        for path in (data_dir / f"{name}.part", data_dir / f"{name}.lock"):
            path.write_text("md5")
            os.utime(path, (written.timestamp(), written.timestamp()))
        (data_dir / f"{name}.runs").mkdir()
        (data_dir / f"{name}.runs" / "000000").write_text("x")
        if state:
            ListChange.objects.create(
                hash_list=raising, form="table", name=name, file=f"{name}.part", state=state,
                created_at=written, created_by="o", **more,
            )  # fmt: skip

    return leave


def left(data_dir: Path, at: datetime) -> set[str]:
    jobs._sweeping.done_at = None  # a worker that starts
    dict(jobs.JOBS)["hashlists.files"](at)
    found = {p for p in data_dir.iterdir() if p.suffix in (".part", ".runs", ".lock")}
    names = {p.stem for p in found}
    assert all(sum(p.stem == name for p in found) == 3 for name in names), "all of it or nothing"
    return names


def test_files_that_an_import_still_needs_stay_however_old_they_are(
    leave: Leave, data_dir: Path
) -> None:
    now = timezone.now()
    for state in ("draft", "waiting", "running"):
        leave(state, state, written=now - 90 * DAY)
    assert left(data_dir, now) == {"draft", "waiting", "running"}


def test_what_a_kill_left_behind_the_end_of_an_import_is_removed_at_once(
    leave: Leave, data_dir: Path
) -> None:
    now = timezone.now()
    leave("done", "done", written=now, finished_at=now)
    assert not left(data_dir, now)


def test_a_file_that_no_import_names_is_removed_after_a_day_and_one_that_comes_in_stays(
    leave: Leave, data_dir: Path
) -> None:
    now = timezone.now()
    leave("coming", written=now - DAY / 2)
    leave("orphan", written=now - DAY * 2)
    os.utime(data_dir / "orphan.runs", ((now - 2 * DAY).timestamp(),) * 2)
    assert left(data_dir, now) == {"coming"}


def test_the_file_of_a_failed_import_stays_a_week_for_somebody_to_look_at(
    leave: Leave, data_dir: Path
) -> None:
    now = timezone.now()
    leave("new", "failed", written=now - 90 * DAY, next_try_at=now - 6 * DAY)
    leave("old", "failed", written=now - 90 * DAY, next_try_at=now - 8 * DAY)
    assert left(data_dir, now) == {"new"}
