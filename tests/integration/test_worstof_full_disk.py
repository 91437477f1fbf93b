"""A disk that is really full: nothing wrong goes out, a page says why, and it goes on with room.

On a file system of its own, or where nothing may be mounted on the shared memory of a container. The
merge's run needs one of them; test_worstof_resolvers.py does without, with limits of the sizes of
files.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.resolvers import Desk, Resolvers, program, wait_for
from breakwater.worstof import tsig
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.following import NotTaken, Source, take
from tests.integration.desk_pages import overseer

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        program("named") is None and not os.environ.get("CI"), reason="named is not installed"
    ),
]
SHARED = Path("/dev/shm")  # noqa: S108 - a place that can be filled, not one to hide in
MOST = 2**30
SAYS = "disk is full"
ALL_IS_WELL = "Nothing that somebody has to look after."
NEW = {f"new-{n}-{'x' * 50}.example" for n in range(100)}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A place on a file system that has no more than `MOST` octets of room."""
    path = tmp_path / "small"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(path)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if not done.returncode:
        try:
            yield path
        finally:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
        return
    if SHARED.is_mount() and 2**25 < shutil.disk_usage(SHARED).free <= MOST:
        with TemporaryDirectory(dir=SHARED) as folder:
            yield Path(folder)
        return
    why = f"no place that can be filled: {done.stderr.strip()}; {SHARED} is too large or too small"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def desk_on(small: Path, folder: Path, what: str) -> Desk:
    """A desk with all that it keeps on the small disk, or with its database elsewhere."""
    if what == "everything":
        return Desk(small / "desk")
    desk = Desk(folder / "desk")
    (small / "worstof").mkdir(mode=0o700)
    (desk.folder / "worstof").symlink_to(small / "worstof")
    return desk


def stop_between_writes(desk: Desk) -> None:
    """Stopped in the middle of a write, it would keep the database's lock."""
    assert desk.serving
    for _ in range(100):
        desk.serving.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(desk.folder / "desk.sqlite3", timeout=0.5)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                desk.serving.send_signal(signal.SIGCONT)
                time.sleep(0.05)
            else:
                database.rollback()
                return
    raise TimeoutError("it never stopped between two writes")


def fill(small: Path) -> Path:
    """Write until not one more page of memory can be had."""
    path = small / "ballast"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return path


def names_of(desk: Desk) -> set[str]:
    key = tsig.key("isp", desk.key_file("isp").read_text().strip())
    try:
        return set(take(Source("127.0.0.1", desk.port, "wol.invalid", key), Copy()).every())
    except NotTaken:
        return set()


@pytest.mark.parametrize("what", ["everything", "the list's own folder"])
def test_on_a_full_disk_the_last_good_zone_stays_a_page_says_why_and_it_goes_on_with_room(
    small: Path, tmp_path: Path, what: str
) -> None:
    desk = desk_on(small, tmp_path, what)
    desk.run("migrate")
    (desk.folder / "worstof").mkdir(mode=0o700, exist_ok=True)
    (desk.folder / "worstof" / "never-block.txt").write_text("good.example\n")
    (desk.folder / "worstof" / "top-sites.txt").write_text("1,big-site.example\n")
    (desk.folder / "worstof" / "stop-page.toml").write_text(
        "law.en = 'Act'\n"
        + "".join(
            f"[[contacts]]\nkind = '{x}'\ntext.en = 'x'\n" for x in ("report", "child", "worried")
        )
    )
    desk.add_recipient("isp", [])
    desk.decide("one.example")
    upstream = Resolvers(tmp_path)
    upstream.start_upstream()
    desk.start("--check-resolver", f"127.0.0.1:{upstream.upstream_port}")
    assert desk.serving
    try:
        with overseer(desk) as somebody:
            wait_for(lambda: names_of(desk) == {"one.example"}, 60)
            desk.do("UPDATE worstof_recipient SET resolvers = '[\"192.0.2.53:53\"]'")
            wait_for(lambda: ALL_IS_WELL in somebody.reads(), 20, 0.2)
            stop_between_writes(desk)  # it would publish before the disk is full
            desk.decide(*sorted(NEW), released=True)
            ballast = fill(small)
            desk.serving.send_signal(signal.SIGCONT)
            told = somebody.reads()
            assert SAYS in told
            assert "0 MB are left" in told
            for _look in range(10):
                assert names_of(desk) == {"one.example"}
                time.sleep(0.5)  # the server tries again every two seconds
            ballast.unlink()
            wait_for(lambda: names_of(desk) == {"one.example"} | NEW, 60, 0.1)
            wait_for(lambda: ALL_IS_WELL in somebody.reads(), 60, 0.5)
    finally:
        desk.serving.send_signal(signal.SIGCONT)
        desk.stop()
        upstream.stop()
