"""What needs no database leaves no folder and no secret behind; what needs one has both."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from breakwater.site import config


def run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """On a machine that has no desk: nothing is set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BREAKWATER_", "DATABASE"))}
    return subprocess.run(
        [sys.executable, "-m", "breakwater.cli", *words],
        cwd=folder, env=kept | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def provider(tmp_path: Path) -> Path:
    (tmp_path / "isp.key").write_text("d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXkgISE=\n")
    return tmp_path


def test_a_provider_or_checker_gets_no_secret_and_no_folder_of_a_desk(provider: Path) -> None:
    follow = ("follow", "127.0.0.1:1", "--key-file", "isp.key", "--write", "zone.rpz", "--once")
    audit = ("audit", "--head", "head.json", "--folder", "copy", "--key", "ab" * 32)
    for words in (follow, audit):
        done = run(provider, "worstof", *words)
        assert "Traceback" not in done.stderr
        assert done.returncode in (1, 2)
        assert {path.name for path in provider.iterdir()} == {"isp.key", "zone.rpz.lock"}


def test_a_desk_has_its_folder_as_soon_as_it_opens_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "desk"
    done = run(tmp_path, "serve", BREAKWATER_DATA_DIR=str(folder))
    assert done.returncode == 2
    assert "breakwater migrate" in done.stdout
    assert (folder / "desk.sqlite3").exists()
    assert not (folder / "secret_key").exists()


def test_processes_that_make_the_secret_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: config.made_secret(tmp_path / "desk"), range(64)))
    assert len(made) == 1
    kept = config.read({"BREAKWATER_DATA_DIR": str(tmp_path / "desk")}).secret_key
    assert {kept} == made
    assert (tmp_path / "desk" / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "desk").iterdir()] == ["secret_key"]


def test_a_file_that_shall_hold_the_secret_and_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="BREAKWATER_SECRET_KEY_FILE"):
        config.read({"BREAKWATER_SECRET_KEY_FILE": str(tmp_path / "none")})
