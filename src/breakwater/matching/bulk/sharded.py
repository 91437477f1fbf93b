"""An index on disk in shards, built and asked by an engine; its answers equal those of one index.

A shard holds what begins in its range (`breakwater.matching.shards`). Near hashes may begin
differently, so every shard is asked every question. A folder holds a folder for each shard, the
labels of all rows, and `shards.json`, written last: a folder without it was not finished. On a
cluster, all machines must see the folder at the same path.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from breakwater.matching.bulk import tables
from breakwater.matching.bulk.engines import Engine
from breakwater.matching.digests import DigestTable
from breakwater.matching.radius import RadiusIndex, joined
from breakwater.matching.segment import Found
from breakwater.matching.shards import shard_of

FACTS, LABELS = "shards.json", "labels.arrow"
VERSION = 2
_QUESTIONS_AT_ONCE = 2_000


class NoIndex(ValueError):
    """The folder holds no finished index of this version; the text says so."""


class Lost(RuntimeError):
    """A process died while it asked a shard, also when it tried again."""


@dataclass(frozen=True, slots=True)
class Facts:
    kind: str
    shards: int
    entries: int
    faulty: int
    made_from: str  # `tables.mark` of the table, as it was then


class Question(NamedTuple):
    """Hashes (n, bytes) to ask one shard."""

    shard: int
    hashes: NDArray[np.uint8]


class Match(NamedTuple):
    """One entry near one asked row; rows are numbered from 1 in the tables they came from."""

    row: int
    label: str
    hash: str
    known_row: int
    known: str
    distance: int


def build(source: str, folder: Path, kind: str, shards: int, engine: Engine) -> Facts:
    """Make an index of the hashes of a table. Each shard reads the table once.

    Raises:
        FileExistsError: the folder is there already.
        BadTable: as `tables.read`.
        Lost: a process died.
    """
    made_from = tables.mark(source)
    folder.mkdir(parents=True)
    faulty = _write_labels(source, folder / LABELS, kind)
    work = partial(_build_shard, source, folder, kind, shards)
    counts = list(engine.each(work, ([shard] for shard in range(shards)), _lost_shard))
    facts = Facts(kind, shards, sum(counts), faulty, made_from)
    (folder / FACTS).write_text(json.dumps({"version": VERSION} | _plain(facts)))
    return facts


def _plain(facts: Facts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in Facts.__slots__}


def _write_labels(source: str, path: Path, kind: str) -> int:
    """A label for each row from 0 on, and an empty one where a row held no hash; the faulty."""
    schema = pa.schema([("label", pa.large_string())])
    faulty = last = 0
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as out:
        for rows in tables.read(source, kind):
            faulty += rows.faulty
            if not len(rows.numbers):
                continue
            texts = [""] * (int(rows.numbers[-1]) - last)
            for number, label in zip(rows.numbers.tolist(), rows.labels, strict=True):
                texts[number - last - 1] = label
            out.write_batch(pa.record_batch([pa.array(texts, pa.large_string())], schema=schema))
            last = int(rows.numbers[-1])
    return faulty


def _build_shard(source: str, folder: Path, kind: str, shards: int, shard: int) -> int:
    parts = [
        (rows.hashes[home], rows.numbers[home])
        for rows in tables.read(source, kind)
        if len(home := np.flatnonzero(shard_of(rows.hashes, shards) == shard))
    ]
    empty = np.empty((0, tables.WIDTHS[kind]), np.uint8)
    hashes = np.concatenate([empty, *(p[0] for p in parts)])
    ids = np.concatenate([np.empty(0, np.int64), *(p[1] for p in parts)])
    if kind == "pdq":
        RadiusIndex.build(hashes, ids).save(_place(folder, shard))
    else:
        DigestTable.build(hashes, ids).write(_place(folder, shard))
    return len(ids)


def _lost_shard(shard: int) -> int:
    raise Lost(f"A process died while it built shard {shard}; it may need more memory or shards.")


def _place(folder: Path, shard: int) -> Path:
    return folder / f"{shard:04d}"


def facts_of(folder: Path) -> Facts:
    """What the index in a folder is. Raises NoIndex."""
    try:
        found = json.loads((folder / FACTS).read_text())
        if found.pop("version") != VERSION:
            raise NoIndex(f"{folder} holds an index of another version.")
        return Facts(**found)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise NoIndex(f"{folder} holds no finished index.") from problem


def matches(
    folder: Path, asked: Iterable[tables.Rows], engine: Engine, *, radius: int = 31
) -> Iterator[Match]:
    """Every known entry near each asked row, in the order of rows and then the nearest first.

    Raises:
        NoIndex: the folder holds none.
        Lost: a process died twice over the same question.
    """
    facts = facts_of(folder)
    labels = pa.ipc.open_file(pa.memory_map(str(folder / LABELS))).read_all()["label"]
    waiting: list[tables.Rows] = []
    work = partial(_ask, folder, facts.kind, radius)
    answers = engine.each(work, _questions(asked, facts.shards, waiting), _lost_question)
    while parts := [part for _, part in zip(range(facts.shards), answers, strict=False)]:
        rows = waiting.pop(0)
        found = joined(parts, len(rows.numbers))
        for i in np.flatnonzero(found.splits[1:] > found.splits[:-1]).tolist():
            first = (int(rows.numbers[i]), rows.labels[i], rows.hashes[i].tobytes().hex())
            for known, distance in found.of(i):
                yield Match(*first, known, labels[known - 1].as_py(), distance)


def _questions(
    asked: Iterable[tables.Rows], shards: int, waiting: list[tables.Rows]
) -> Iterator[list[Question]]:
    """A set for each block and shard; what is asked waits for its answers."""
    for rows in asked:
        for first in range(0, len(rows.numbers), _QUESTIONS_AT_ONCE):
            part = slice(first, first + _QUESTIONS_AT_ONCE)
            block = tables.Rows(rows.hashes[part], rows.numbers[part], rows.labels[part])
            waiting.append(block)
            for shard in range(shards):
                yield [Question(shard, block.hashes)]


def _ask(folder: Path, kind: str, radius: int, question: Question) -> Found:
    if kind == "pdq":
        return _radius_index(_place(folder, question.shard)).search(question.hashes, radius)
    return _same(_digest_table(_place(folder, question.shard)), question.hashes)


def _same(table: DigestTable, hashes: NDArray[np.uint8]) -> Found:
    rows = table.rows(hashes)
    starts = table.arrays["starts"].astype(np.int64)
    counts = np.where(rows >= 0, starts[rows + 1] - starts[np.maximum(rows, 0)], 0)
    places = [np.arange(starts[r], starts[r + 1]) for r in rows[rows >= 0]]
    ids = table.arrays["ids"][np.concatenate([np.empty(0, np.int64), *places])]
    return Found(np.concatenate(([0], np.cumsum(counts))), ids, np.zeros(len(ids), np.uint16))


@lru_cache(maxsize=64)
def _radius_index(path: Path) -> RadiusIndex:
    return RadiusIndex.open(path)


@lru_cache(maxsize=64)
def _digest_table(path: Path) -> DigestTable:
    return DigestTable.open(path)


def _lost_question(question: Question) -> Found:
    raise Lost(f"A process died while it asked shard {question.shard}.")
