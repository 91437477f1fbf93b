"""Object storage is hashed like a folder."""

from pathlib import Path

import pytest

from tests.matching.object_store import object_store
from tests.matching.test_hash_command import rows, run, save_scene, save_video


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "uploads"
    for number, name in enumerate(("b/2.png", "b/10.png", "a.png", "B.png", "with space & é.png")):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        save_scene(made / name, number)
    save_video(made / "film.mp4")
    (made / "cut.png").write_bytes((made / "a.png").read_bytes()[:500])
    return made


def without_place(found: list[dict[str, str]], place: str) -> list[dict[str, str]]:
    return [row | {"path": row["path"].removeprefix(place)} for row in found]


def test_a_storage_gives_the_rows_of_the_folder_it_was_copied_from(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    files = [p for p in folder.rglob("*") if p.is_file()]
    objects = {f"box/in/{p.relative_to(folder)}": p.read_bytes() for p in files}
    expected = without_place(rows(run(folder, code=1)), f"{folder}/")
    with object_store(objects | {"box/other.png": b"not asked"}) as options:
        found = rows(run(f"s3://box/in?{options}", code=1))
        assert without_place(found, "s3://box/in/") == expected
        [missing] = rows(run(f"s3://box/nowhere?{options}", code=1))
        assert missing["fault"] == "There is nothing at this address."


def test_an_address_of_this_machine_gives_the_same(folder: Path) -> None:
    expected = without_place(rows(run(folder, code=1)), f"{folder}/")
    found = rows(run(f"file://{folder}", code=1))
    assert without_place(found, f"file://{folder}/") == expected


def test_an_address_that_nothing_reads_is_told() -> None:
    assert "does not exist or cannot be read" in run("nowhere://box", code=2).output
    told = run("missing", code=2).output
    assert "«missing» does not exist" in " ".join(told.replace("│", " ").split())
