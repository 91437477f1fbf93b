"""`breakwater synth write`: folders and archives that the desk itself can read."""

import zipfile
from pathlib import Path

from typer.testing import CliRunner

from breakwater.formats import le_delivery
from breakwater.synth.commands import app

UNTIL = ("--until", "2026-11-01")


def write(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["write", *words, *UNTIL])
    return found.exit_code, found.output


def test_a_folder_gets_one_file_for_each_report(tmp_path: Path) -> None:
    code, said = write(str(tmp_path / "out"), "--count", "20", "--country", "tt")
    assert code == 0
    assert "20 reports written" in said
    assert len(list((tmp_path / "out").iterdir())) == 20


def test_an_archive_written_twice_is_the_same_archive(tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    for path in (one, two):
        assert write(str(path), "--count", "30", "--format", "le_json")[0] == 0
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert len(archive.namelist()) == 30
        for name in archive.namelist():
            assert le_delivery.read_report(archive.read(name)).not_understood == []


def test_wrong_words_end_with_two(tmp_path: Path) -> None:
    assert write(str(tmp_path), "--country", "ZZ")[0] == 2
    assert write(str(tmp_path), "--format", "pdf")[0] == 2


def test_a_place_that_cannot_be_written_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = write(str(tmp_path / "file" / "out"), "--count", "1")
    assert code == 1
    assert "Not written" in said
