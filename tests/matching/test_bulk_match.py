"""Tables of hashes meet an index in shards, and the answers equal those of one index."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyarrow import parquet
from typer.testing import CliRunner

from breakwater.matching.bulk import sharded, tables
from breakwater.matching.bulk.commands import app
from breakwater.matching.bulk.engines import LocalEngine
from breakwater.matching.radius import RadiusIndex
from breakwater.matching.shards import ShardedIndex, shard_of
from tests.matching.object_store import object_store

Hashes = NDArray[np.uint8]


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["match", *map(str, arguments)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def flipped(value: Hashes, bits: list[int]) -> Hashes:
    changed = value.copy()
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
    return changed


def write_csv(path: Path, hashes: Hashes, label: str = "path") -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([label, "pdq", "quality"])
        writer.writerows([f"{i}.png", h.tobytes().hex(), 100] for i, h in enumerate(hashes))


@settings(max_examples=40, deadline=None)
@given(
    shards=st.integers(2, 64),
    border=st.integers(1, 63),
    bits=st.lists(st.integers(0, 255), max_size=32, unique=True),
    step=st.sampled_from([-1, 0, 1]),
    seed=st.integers(0, 99),
)
def test_neighbours_beyond_the_border_of_a_shard_are_found(
    shards: int, border: int, bits: list[int], step: int, seed: int
) -> None:
    """The first two bytes stand on, or one beside, a border; the flips lie anywhere, also there."""
    rng = np.random.default_rng(seed)
    prefix = (-(-(border % shards) * 65536 // shards) + step) % 65536
    centre = rng.integers(0, 256, 32, dtype=np.uint8)
    centre[:2] = prefix >> 8, prefix & 255
    hashes = np.stack([centre, flipped(centre, bits), flipped(centre, [*range(16)])])
    ids = np.arange(3)
    whole, cut = RadiusIndex.build(hashes, ids), ShardedIndex.build(hashes, ids, shards)
    found, expected = cut.search(hashes), whole.search(hashes)
    assert [found.of(i) for i in range(3)] == [expected.of(i) for i in range(3)]
    assert (1 in [pk for pk, _ in found.of(0)]) == (len(bits) <= 31)


def test_near_hashes_can_lie_in_the_first_and_the_last_shard() -> None:
    hashes = np.zeros((2, 32), np.uint8)
    hashes[1, 0] = 0x80 | 0x7F
    assert shard_of(hashes, 16).tolist() == [0, 15]
    assert ShardedIndex.build(hashes, np.arange(2), 16).search(hashes).of(0) == [(0, 0), (1, 8)]


@pytest.fixture
def hashes() -> tuple[Hashes, Hashes]:
    """Known ones, and asked ones of which each third is near a known one."""
    rng = np.random.default_rng(3)
    known = rng.integers(0, 256, (900, 32), dtype=np.uint8)
    asked = rng.integers(0, 256, (300, 32), dtype=np.uint8)
    for i in range(0, 300, 3):
        asked[i] = flipped(known[i], list(rng.choice(256, i % 40, replace=False)))
    return known, asked


def test_the_command_gives_the_same_rows_for_any_number_of_shards_and_processes(
    hashes: tuple[Hashes, Hashes], tmp_path: Path
) -> None:
    known, asked = hashes
    write_csv(tmp_path / "known.csv", known, "id")
    write_csv(tmp_path / "asked.csv", asked)
    index = RadiusIndex.build(known, np.arange(len(known)))
    expected = [
        [str(i + 1), f"{i}.png", a.tobytes().hex(), str(k + 1), f"{k}.png", str(d)]
        for i, a in enumerate(asked)
        for k, d in index.near(a.tobytes())
    ]
    assert len(expected) > 70
    for shards, processes in ((1, 1), (5, 1), (3, 2)):
        text = run(
            tmp_path / "asked.csv", "--known", tmp_path / "known.csv",
            "--shards", shards, "--processes", processes,
        )  # fmt: skip
        assert list(csv.reader(io.StringIO(text)))[1:] == expected


@pytest.mark.parametrize("form", ["one table", "a folder of tables"])
def test_tables_in_an_object_storage_give_the_rows_of_tables_here(
    hashes: tuple[Hashes, Hashes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    known, asked = hashes
    write_csv(tmp_path / "known.csv", known, "id")
    objects = {"box/known.csv": (tmp_path / "known.csv").read_bytes()}
    if form == "one table":
        here, there = tmp_path / "asked.csv", "box/asked.csv"
        write_csv(here, asked)
        objects[there] = here.read_bytes()
    else:
        here, there = tmp_path / "asked", "box/asked"
        here.mkdir()
        for number, rows in enumerate(np.array_split(asked, 8)):
            table = {"path": [f"{number}-{i}.png" for i in range(len(rows))],
                     "pdq": [r.tobytes().hex() for r in rows]}  # fmt: skip
            parquet.write_table(pa.table(table), here / f"part-{number}.parquet")
            objects[f"{there}/part-{number}.parquet"] = (
                here / f"part-{number}.parquet"
            ).read_bytes()
    expected = run(here, "--known", tmp_path / "known.csv")
    assert len(expected.splitlines()) > 70
    with object_store(objects) as options:
        place = [f"s3://{path}?{options}" for path in (there, "box/known.csv")]
        assert run(place[0], "--known", place[1]) == expected


def test_an_index_is_kept_and_used_again_in_every_format(
    hashes: tuple[Hashes, Hashes], tmp_path: Path
) -> None:
    known, asked = hashes
    columns = {"id": [str(i) for i in range(900)], "pdq": [h.tobytes().hex() for h in known]}
    parquet.write_table(pa.table(columns), tmp_path / "known.parquet")
    lines = [json.dumps({"pdq": a.tobytes().hex()}) for a in asked]
    (tmp_path / "asked.jsonl").write_text("\n".join(lines))
    index = tmp_path / "index"
    made = run(tmp_path / "asked.jsonl", "--known", tmp_path / "known.parquet", "--index", index, "--shards", 4, "--processes", 1)  # fmt: skip
    made_from = tables.mark(str(tmp_path / "known.parquet"))
    assert sharded.facts_of(index) == sharded.Facts("pdq", 4, 900, 0, made_from)
    again = run(tmp_path / "asked.jsonl", "--index", index, "--format", "jsonl", "--processes", 1)
    run(tmp_path / "asked.jsonl", "--index", index, "--format", "parquet", "--out", tmp_path / "m.parquet", "--processes", 1)  # fmt: skip
    rows = [dict(row, row=str(row["row"])) for row in map(json.loads, again.splitlines())]
    assert [(r["row"], r["known"]) for r in rows] == [
        (r["row"], r["known"]) for r in csv.DictReader(io.StringIO(made))
    ]
    assert parquet.read_table(tmp_path / "m.parquet").num_rows == len(rows)
    run(tmp_path / "asked.jsonl", "--index", index, "--kind", "md5", code=2)


def test_an_index_does_not_answer_for_a_table_that_changed_since(tmp_path: Path) -> None:
    known, asked = tmp_path / "known.csv", tmp_path / "asked.csv"
    known.write_text(f"id,md5\na,{'0' * 32}\n")
    asked.write_text(f"path,md5\nx,{'f' * 32}\n")
    words = (asked, "--known", known, "--index", tmp_path / "index", "--kind", "md5")
    assert len(run(*words).splitlines()) == 1
    assert len(run(*words).splitlines()) == 1
    known.write_text(f"id,md5\na,{'0' * 32}\nb,{'f' * 32}\n")
    done = CliRunner().invoke(app, ["match", *map(str, words)])
    assert done.exit_code == 2
    assert "has changed" in " ".join(done.output.replace("│", "").split())


def test_json_lines_are_read_each_by_itself_whatever_the_first_ones_lack(tmp_path: Path) -> None:
    """What `breakwater hash` writes of a folder that begins with documents."""
    good = "0f" * 32
    lines = [json.dumps({"path": f"{n}.pdf", "pdq": None, "quality": None}) for n in range(60_000)]
    lines += [json.dumps({"path": "a.png", "pdq": good, "quality": 90}), "", "[1]", "{broken"]
    lines += [json.dumps({"id": 7, "pdq": good, "quality": "12"}), json.dumps({"pdq": good})]
    place = tmp_path / "asked.jsonl"
    place.write_text("\n".join(lines))
    *_, last = tables.read(str(place), "pdq", least_quality=50)
    assert last.numbers.tolist() == [60_001, 60_005]
    assert last.faulty == 2
    place.write_text('{"path": "a"}\n{"path": "b", "md5": "c"}\n')
    with pytest.raises(tables.BadTable, match="no column «pdq»; it has: path, md5"):
        list(tables.read(str(place), "pdq"))


def test_digests_are_matched_exactly_with_all_rows_that_hold_them(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text(f"id,md5\na,{'0' * 32}\nb,{'f' * 32}\nc,{'F' * 32}\n")
    (tmp_path / "asked.csv").write_text(f"path,md5\nx,{'f' * 32}\ny,{'1' * 32}\nz,{'0' * 32}\n")
    text = run(tmp_path / "asked.csv", "--known", tmp_path / "known.csv", "--kind", "md5", "--shards", 3)  # fmt: skip
    found = [(r["label"], r["known"]) for r in csv.DictReader(io.StringIO(text))]
    assert found == [("x", "b"), ("x", "c"), ("z", "a")]


def test_rows_without_a_hash_are_passed_over_and_rubbish_is_counted(tmp_path: Path) -> None:
    good = "0f" * 32
    (tmp_path / "asked.csv").write_text(
        f"path,pdq,quality\nzero,one,two,three,four\na,{good},100\nb,,\nc,xyz,100\nd,{good},20\ne,{good[:-2]},99\nf,{good},\n"
    )
    rows, broken = tables.read(str(tmp_path / "asked.csv"), "pdq", least_quality=50)
    assert (rows.labels, rows.numbers.tolist(), rows.faulty) == (["a", "f"], [1, 6], 2)
    assert broken.faulty == 1
    (tmp_path / "known.csv").write_text(f"id,pdq\nk,{good}\n")
    run(tmp_path / "asked.csv", "--known", tmp_path / "known.csv", code=1)


def test_what_is_no_table_or_no_index_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "known.csv").write_text("name,value\na,b\n")
    with pytest.raises(tables.BadTable, match="no column «pdq»"):
        list(tables.read(str(tmp_path / "known.csv"), "pdq"))
    (tmp_path / "half").mkdir()
    with pytest.raises(sharded.NoIndex, match="no finished index"):
        list(sharded.matches(tmp_path / "half", [], LocalEngine(1)))
    run(tmp_path / "missing.csv", "--known", tmp_path / "missing.csv", code=2)
    run(tmp_path / "known.csv", code=2)
