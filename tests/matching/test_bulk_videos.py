"""Videos in tables of frames are matched as vPDQ matches two of them."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from breakwater.matching import vpdq
from breakwater.matching.bulk import video_tables
from breakwater.matching.bulk.commands import app
from tests.matching.test_hash_command import save_video


def near(code: bytes, bits: int) -> bytes:
    return (int.from_bytes(code) ^ ((1 << bits) - 1)).to_bytes(32)


@given(
    seed=st.integers(0, 2**32 - 1),
    asked=st.lists(st.integers(1, 12), max_size=4),
    known=st.lists(st.integers(1, 12), max_size=4),
)
@settings(deadline=None)
def test_every_pair_has_the_percentages_that_comparing_it_alone_gives(
    seed: int, asked: list[int], known: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    scenes = [rng.bytes(32) for _ in range(6)]

    def videos(sizes: list[int]) -> video_tables.Frames:
        made = {}
        for number, size in enumerate(sizes):
            frames = {
                near(scenes[int(rng.integers(6))], int(rng.integers(0, 45))) for _ in range(size)
            }
            codes = b"".join(sorted(frames))
            made[f"v{number}"] = np.frombuffer(codes, np.uint8).reshape(-1, 32)
        return made

    ours, theirs = videos(asked), videos(known)
    found = {(m.label, m.known): (m.asked_in_known, m.known_in_asked)
             for m in video_tables.matches(ours, theirs)}  # fmt: skip
    for label, frames in ours.items():
        for name, others in theirs.items():
            overlap = vpdq.compare(frames, others)
            assert found.get((label, name), (0.0, 0.0)) == (overlap.query, overlap.reference)


def table(path: Path, rows: list[tuple[str, str, int]]) -> Path:
    lines = [f"{name},{pdq},{quality}" for name, pdq, quality in rows]
    path.write_text("path,pdq,quality\n" + "\n".join(lines) + "\n")
    return path


def test_a_cut_of_a_known_video_is_found_and_frames_of_low_quality_do_not_count(
    tmp_path: Path,
) -> None:
    frames = [np.random.default_rng(n).bytes(32).hex() for n in range(10)]
    known = table(tmp_path / "known.csv", [("whole", f, 100) for f in frames])
    cut = [("cut", f, 100) for f in frames[:4]] + [("cut", "0" * 64, 10)]
    asked = table(
        tmp_path / "asked.csv", [*cut, ("other", "ab" * 32, 100), ("cut", "nonsense", 90)]
    )
    result = CliRunner().invoke(app, ["match-videos", str(asked), "--known", str(known)])
    assert result.exit_code == 1, result.output
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["label", "known", "asked_in_known", "known_in_asked"],
        ["cut", "whole", "100.0", "40.0"],
    ]
    assert "1 matches of 2 videos." in result.stderr
    assert "No hash could be read in 1 asked and 0 known rows." in result.stderr


def test_a_table_whose_rows_have_no_name_is_refused(tmp_path: Path) -> None:
    asked = tmp_path / "asked.csv"
    asked.write_text("pdq\n" + "ab" * 32 + "\n")
    result = CliRunner().invoke(app, ["match-videos", str(asked), "--known", str(asked)])
    assert result.exit_code == 2
    assert "«path» or «id»" in " ".join(result.output.replace("│", " ").split())


def test_what_the_hash_command_writes_of_a_video_matches_itself(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    save_video(folder / "film.mp4")
    out = tmp_path / "frames.parquet"
    command = [sys.executable, "-m", "breakwater.matching", str(folder), "--format", "parquet",
               "--out", str(out)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    result = CliRunner().invoke(
        app, ["match-videos", str(out), "--known", str(out), "--format", "jsonl"]
    )
    assert result.exit_code == 0, result.output
    assert '"asked_in_known":100.0,"known_in_asked":100.0' in result.stdout
