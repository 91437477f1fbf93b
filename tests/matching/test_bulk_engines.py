"""The distributed engine gives, row by row, what the processes of one machine give."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from breakwater.matching.bulk import engines
from breakwater.matching.bulk.commands import app
from tests.matching.object_store import object_store
from tests.matching.test_hash_command import run, save_scene

# As the kernel writes 127.0.0.1, also among the addresses of IPv6, and ::1.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
DAFT = ["--engine", "daft", "--cluster", "CLUSTER", "--processes", "2"]
CLUSTER = Path(__file__).with_name("cluster_script.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("uploads")
    for number in range(40):
        save_scene(made / f"{number}.png", number)
    (made / "33.png").write_bytes(b"\x89PNG damaged")
    return made


def on_a_cluster(commands: list[list[str]]) -> dict[str, Any]:
    """What tests/matching/cluster_script.py tells."""
    command = [sys.executable, str(CLUSTER), json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_ray_cluster_of_two_nodes_gives_the_rows_of_this_machine(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    run(folder, "--out", tmp_path / "here.csv", code=1)
    objects = {f"box/in/{path.name}": path.read_bytes() for path in folder.iterdir()}
    with object_store(objects) as options:
        found = on_a_cluster(
            [
                ["hash", f"s3://box/in?{options}", "--out", str(tmp_path / "stored.csv"), *DAFT],
                ["hash", str(folder), "--out", str(tmp_path / "there.csv"), *DAFT],
                ["match", str(tmp_path / "there.csv"), "--known", str(tmp_path / "here.csv"),
                 "--index", str(tmp_path / "index"), "--shards", "3",
                 "--out", str(tmp_path / "m.csv"), *DAFT],
            ]
        )  # fmt: skip
    assert [code for code, _ in found["codes"]] == [1, 1, 0], found["codes"]
    stored = (tmp_path / "stored.csv").read_text().replace("s3://box/in/", f"{folder}/")
    assert stored == (tmp_path / "here.csv").read_text()
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    asked, index = str(tmp_path / "here.csv"), str(tmp_path / "index")
    done = CliRunner().invoke(app, ["match", asked, "--index", index, "--processes", "1"])
    assert done.stdout == (tmp_path / "m.csv").read_text()
    assert len(done.stdout.splitlines()) >= 39
    assert found["nodes"] == 2
    assert found["order"] == [n if n != 7 else -7 for n in range(64)]
    assert len(found["places"]) == 2
    assert set(found["listening"]) <= LOOPBACK


def test_daft_on_this_machine_gives_the_same_rows(folder: Path, tmp_path: Path) -> None:
    here = run(folder, "--processes", 1, code=1).stdout
    command = [sys.executable, "-m", "breakwater.matching", str(folder), "--engine", "daft", "--processes", "2"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stdout) == (1, here), done.stderr[-2000:]


def test_an_engine_that_is_not_installed_is_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "daft", None)
    told = run(folder, "--engine", "daft", code=2).output
    assert "which is not installed" in " ".join(told.replace("│", " ").split())
    assert "none of: local, daft" in run(folder, "--engine", "other", code=2).output
    assert "needs --engine daft" in " ".join(run(folder, "--cluster", "a:1", code=2).output.split())


def test_neither_daft_nor_ray_tells_its_makers_of_its_use(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in engines._SILENT:
        monkeypatch.delenv(name, raising=False)
    engines._need("daft")
    assert {name: os.environ[name] for name in engines._SILENT} == engines._SILENT
    from daft.scarf_telemetry import opted_out

    assert opted_out()
