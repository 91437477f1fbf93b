"""`breakwater hash` writes a row for each hash, whatever lies in the folder."""

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from pyarrow import parquet
from typer.testing import CliRunner

from breakwater.matching import hash_output, kinds, pdq, pictures
from breakwater.matching.commands import app
from breakwater.matching.folders import Walk

Row = dict[str, str]


def save_scene(path: Path | str | bytes, seed: int = 1, kind: str = "PNG") -> bytes:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (7, 9, 3)).astype(np.uint8))
    file = io.BytesIO()
    coarse.resize((160, 120), Image.Resampling.BICUBIC).save(file, kind)
    with open(path, "wb") as out:  # noqa: PTH123 – a path of bytes
        out.write(file.getvalue())
    return file.getvalue()


def save_video(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        for number in range(25):
            pixels = np.full((128, 160, 3), number * 9, np.uint8)
            pixels[20:60, number : number + 50] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def run(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(app, [os.fsdecode(a) if isinstance(a, (bytes, Path)) else str(a) for a in arguments])  # fmt: skip
    assert done.exit_code == code, (done.output, done.exception)
    return done


def rows(done: Result) -> list[Row]:
    return list(csv.DictReader(io.StringIO(done.stdout, newline="")))


def test_digests_hash_and_quality_of_a_picture_are_in_its_row(tmp_path: Path) -> None:
    path = tmp_path / "scene.png"
    data = save_scene(path)
    [row] = rows(run(path))
    [(_, found)] = pictures.hash_picture(data)
    assert row == {
        "path": str(path), "size": str(len(data)), "kind": "picture",
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "frame": "0", "seconds": "", "turn": "as it is", "pdq": str(found),
        "quality": str(found.quality), "fault": "",
    }  # fmt: skip


def test_folders_are_read_deep_and_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "a.png", "c/d/e.png", "B.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        save_scene(tmp_path / name)
    found = [str(Path(row["path"]).relative_to(tmp_path)) for row in rows(run(tmp_path))]
    assert found == ["B.png", "a.png", "b/10.png", "b/2.png", "c/d/e.png"]
    assert [r["path"] for r in rows(run(tmp_path / "c", tmp_path / "a.png"))] == [
        str(tmp_path / "c/d/e.png"),
        str(tmp_path / "a.png"),
    ]


def test_several_processes_give_the_same_as_one(tmp_path: Path) -> None:
    for number in range(70):
        save_scene(tmp_path / f"{number}.png", number)
    (tmp_path / "33.png").write_bytes(b"\x89PNG damaged")
    one = run(tmp_path, "--processes", 1, code=1)
    assert run(tmp_path, "--processes", 2, code=1).stdout == one.stdout
    assert len(rows(one)) == 70


def test_a_video_has_a_row_for_each_second(tmp_path: Path) -> None:
    save_video(tmp_path / "film.mp4")
    found = rows(run(tmp_path))
    assert [(r["frame"], r["seconds"], r["kind"]) for r in found] == [
        ("0", "0.0", "video"),
        ("10", "1.0", "video"),
        ("20", "2.0", "video"),
    ]
    assert len(rows(run(tmp_path, "--seconds", 0.5))) == 5
    assert len(rows(run(tmp_path, "--frames", 2))) == 2
    [row] = rows(run(tmp_path, "--no-video"))
    assert (row["kind"], row["pdq"], row["sha256"] != "") == ("video", "", True)


def test_the_eight_turns_have_a_row_each(tmp_path: Path) -> None:
    path = tmp_path / "scene.png"
    save_scene(path)
    found = rows(run(path, "--turns"))
    assert tuple(row["turn"] for row in found) == pdq.TURNS
    with Image.open(path) as picture:
        assert [r["pdq"] for r in found] == [str(t) for t in pdq.turns(np.asarray(picture))]


def test_exif_turns_can_be_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "scene.png"
    save_scene(path)
    exif = Image.Exif()
    exif[0x0112] = 3
    with Image.open(path) as picture:
        picture.save(tmp_path / "turned.png", exif=exif)
    turned, plain = (rows(run(tmp_path / "turned.png", o))[0]["pdq"] for o in ("--upright", "--as-stored"))  # fmt: skip
    assert plain == rows(run(path))[0]["pdq"] != turned


def test_damaged_files_are_told_at_the_end_and_stop_nothing(tmp_path: Path) -> None:
    save_scene(tmp_path / "z.png")
    whole = save_scene(tmp_path / "cut.jpg", kind="JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole[:700])
    (tmp_path / "empty.gif").touch()
    (tmp_path / "empty.txt").touch()
    (tmp_path / "false.mp4").write_text("#EXTM3U\n/etc/passwd\n")
    (tmp_path / "notes.txt").write_text("a text")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    done = run(tmp_path, code=1)
    faults = {Path(row["path"]).name: row["fault"] for row in rows(done)}
    assert "The picture is damaged" in faults["cut.jpg"]
    assert faults["empty.gif"] == "The file is empty."
    assert "content is of no known kind" in faults["false.mp4"]
    assert "not a picture of a known kind" in faults["phone.heic"]
    assert faults["z.png"] == faults["notes.txt"] == faults["empty.txt"] == ""
    assert all(row["sha256"] for row in rows(done))
    assert "cut.jpg" in done.stderr
    assert "4 of 7 files could not be read" in done.stderr


def test_names_of_any_bytes_are_written_so_that_the_table_stays_whole(tmp_path: Path) -> None:
    names = [b'a\nb,c".png', b"caf\xe9.png", "käse.png".encode(), b"\r.png", b"-.png"]
    for name in names:
        save_scene(os.fsencode(tmp_path) + b"/" + name)
    expected = {'a\nb,c".png', "caf\\xe9.png", "käse.png", "\r.png", "-.png"}
    done = CliRunner().invoke(app, [str(tmp_path)])
    text = done.stdout_bytes.decode()
    found = csv.DictReader(io.StringIO(text, newline=""))
    assert {row["path"].removeprefix(f"{tmp_path}/") for row in found} == expected
    lines = run(tmp_path, "--format", "jsonl").stdout.splitlines()
    assert {json.loads(li)["path"].removeprefix(f"{tmp_path}/") for li in lines} == expected
    [row] = rows(run(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    assert row["pdq"]


def test_links_and_pipes_are_left_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        save_scene(folder / "scene.png")
    (inside / "folder").symlink_to(outside)
    (inside / "file.png").symlink_to(outside / "scene.png")
    (inside / "round").symlink_to(inside)
    os.mkfifo(inside / "pipe.png")
    done = run(inside)
    assert [row["path"] for row in rows(done)] == [str(inside / "scene.png")]
    assert "3 symbolic links, 1 devices and pipes" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_what_may_not_be_read_is_a_fault(tmp_path: Path) -> None:
    save_scene(tmp_path / "closed.png")
    (tmp_path / "closed.png").chmod(0)
    (tmp_path / "folder").mkdir(0)
    found = rows(run(tmp_path, code=1))
    assert ["cannot be read" in row["fault"] for row in found] == [True, True]


def test_folders_may_lie_deeper_than_pythons_calls_go(tmp_path: Path) -> None:
    here, depth = Path.cwd(), 1200
    try:
        os.chdir(tmp_path)
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("f").touch()
        os.chdir(tmp_path)
        assert [len(entry.path) for entry in Walk([b"d"])] == [depth * 2 + 1]
    finally:
        os.chdir(here)
        # What removes old test folders is not made for this depth.
        subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_every_format_holds_the_same_rows(tmp_path: Path, format: str) -> None:
    save_video(tmp_path / "film.mp4")
    save_scene(tmp_path / "scene.png")
    (tmp_path / "notes").write_text("a text")
    out = tmp_path / "out"
    run(tmp_path, "--format", format, "--out", out)
    if format == "csv":
        found = list(csv.DictReader(out.open(newline="")))
    elif format == "jsonl":
        found = [json.loads(line) for line in out.read_text().splitlines()]
    else:
        table = parquet.read_table(out)
        assert table.schema.equals(hash_output.SCHEMA)
        found = table.to_pylist()
    assert [Path(row["path"]).name for row in found] == ["film.mp4"] * 3 + ["notes", "scene.png"]
    assert [str(row["quality"] or "") != "" for row in found] == [True, True, True, False, True]
    assert list(found[0]) == hash_output.COLUMNS


def test_the_output_is_not_hashed_and_nothing_is_written_over(tmp_path: Path) -> None:
    save_scene(tmp_path / "scene.png")
    out = tmp_path / "hashes.csv"
    run(tmp_path, "--out", out)
    assert len(out.read_text().splitlines()) == 2
    before = out.read_bytes()
    done = run(tmp_path, "--out", out, code=2)
    assert "exists" in done.stderr
    assert out.read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [("/nowhere.png",), (), (".", "--format", "xml"), (".", "--format", "parquet"),
     (".", "--seconds", "0"), (".", "--processes", "-1")],
)  # fmt: skip
def test_wrong_use_ends_with_2(wrong: tuple[str, ...]) -> None:
    assert "Traceback" not in run(*wrong, code=2).output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("format", "after"), [("csv", 0), ("csv", 0.5), ("parquet", 0.5)])
def test_stopping_leaves_a_whole_output_of_what_was_done(
    tmp_path: Path, format: str, after: float, number: signal.Signals
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for seed in range(64):
        save_scene(folder / f"{seed}.png", seed)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "breakwater.matching", *[str(folder)] * 400, "--out", str(out)]
    # A session of its own, so that Ctrl-C reaches all its processes as in a terminal.
    work = subprocess.Popen(
        [*command, "--format", format, "--processes", "2"],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not out.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(after)  # at once the processes still load
    os.killpg(work.pid, number) if number == signal.SIGINT else work.send_signal(number)
    _, told = work.communicate(timeout=120)
    assert work.returncode == 130, told
    assert "What was written is whole" in told
    assert "Traceback" not in told
    if format == "csv":
        found = list(csv.DictReader(out.open(newline="")))
    else:
        found = parquet.read_table(out).to_pylist()
    assert all(len(row["pdq"]) == 64 for row in found)
    assert len(found) < 400 * 64


def test_a_reader_that_has_enough_is_no_accident(tmp_path: Path) -> None:
    for seed in range(40):
        save_scene(tmp_path / f"{seed}.png", seed)
    command = [sys.executable, "-m", "breakwater.matching", *[str(tmp_path)] * 20]
    work = subprocess.Popen(
        [*command, "--processes", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert work.stdout
    assert work.stderr
    work.stdout.readline()
    work.stdout.close()
    told = work.stderr.read()
    work.stderr.close()
    assert work.wait(30) == 1
    assert b"Traceback" not in told


def test_the_engine_needs_no_django(tmp_path: Path) -> None:
    code = "import sys, breakwater.matching.commands; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "AVIF", "BMP", "JPEG2000",
                                  "QOI", "ICO", "PPM"])  # fmt: skip
def test_pictures_are_known_by_their_bytes(tmp_path: Path, kind: str) -> None:
    data = save_scene(tmp_path / "nameless", kind=kind)
    assert kinds.kind_by_bytes(data[: kinds.HEAD]) == "picture"


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm", "avi", "ts", "mpg", "flv", "wmv"])
def test_videos_are_known_by_their_bytes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    codec = {"webm": "libvpx", "mpg": "mpeg1video"}.get(suffix, "mpeg4")
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec if suffix != "flv" else "flv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        for _ in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((128, 160, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert kinds.kind_by_bytes(path.read_bytes()[: kinds.HEAD]) == "video"
