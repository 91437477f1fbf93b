"""PhotoDNA values that others supply are compared by distance."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.matching import _core, photodna
from breakwater.matching.container import Damaged, NotAnIndex
from breakwater.matching.digests import DigestTable
from breakwater.matching.photodna import LENGTH, PhotodnaTable

LARGEST = LENGTH * 255**2


def plainly(known: photodna.Values, asked: photodna.Values, limit: int) -> list[photodna.Pairs]:
    found = []
    for value in asked.astype(np.int64):
        distances = ((known.astype(np.int64) - value) ** 2).sum(axis=1)
        pairs = [(row, int(d)) for row, d in enumerate(distances) if d <= limit]
        found.append(sorted(pairs, key=lambda pair: (pair[1], pair[0])))
    return found


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 3000),
    spread=st.sampled_from([0, 1, 12, 40, 255]),
    limit=st.one_of(st.just(photodna.MATCH_DISTANCE), st.integers(0, LARGEST)),
    threads=st.integers(1, 3),
)
def test_every_value_within_the_limit_is_given_with_its_distance(
    seed: int, count: int, spread: int, limit: int, threads: int
) -> None:
    rng = np.random.default_rng(seed)
    middle = rng.integers(0, 256, LENGTH)
    known = np.clip(middle + rng.integers(-spread, spread + 1, (count, LENGTH)), 0, 255)
    asked = np.clip(middle + rng.integers(-spread, spread + 1, (3, LENGTH)), 0, 255)
    known, asked = known.astype(np.uint8), asked.astype(np.uint8)
    assert photodna.near(known, asked, limit, threads=threads) == plainly(known, asked, limit)


@pytest.mark.parametrize("kernels", _core.kernels())
def test_all_sets_of_instructions_give_the_same_distances(kernels: str) -> None:
    rng = np.random.default_rng(8)
    known, asked = (rng.integers(0, 256, (count, LENGTH), dtype=np.uint8) for count in (500, 4))
    limit = 144 * 103**2
    heads = [np.ascontiguousarray(values[:, photodna.HEAD]) for values in (known, asked)]
    splits, rows, distances = _core.near_vectors(
        known, heads[0], asked, heads[1], limit, 1, kernels
    )
    pairs = list(zip(rows.tolist(), distances.tolist(), strict=True))
    for i, expected in enumerate(plainly(known, asked, limit)):
        assert sorted(pairs[splits[i] : splits[i + 1]]) == sorted(expected)
    assert pairs


@pytest.mark.parametrize("step", [1, 57, 155])
def test_values_that_differ_where_they_are_looked_at_first_are_not_missed(step: int) -> None:
    known = np.full((9, LENGTH), 100, np.uint8)
    asked = known[:1].copy()
    asked[:, photodna.HEAD] += step
    distance = 32 * step**2
    assert photodna.near(known, asked, distance) == [[(row, distance) for row in range(9)]]
    assert photodna.near(known, asked, distance - 1) == [[]]


def test_what_is_looked_at_first_is_of_all_directions_and_all_over_the_picture() -> None:
    places = photodna.HEAD.tolist()
    assert len(set(places)) == 32
    assert {place % 4 for place in places} == {0, 1, 2, 3}
    cells = {place // 4 for place in places}
    assert {(cell // 6 // 2, cell % 6 // 2) for cell in cells} == {
        (row, column) for row in range(3) for column in range(3)
    }


def test_the_largest_distance_is_counted_without_overflow() -> None:
    assert photodna.distance(bytes(144), b"\xff" * 144) == LARGEST
    known, asked = np.zeros((1, 144), np.uint8), np.full((1, 144), 255, np.uint8)
    assert photodna.near(known, asked, LARGEST) == [[(0, LARGEST)]]
    assert photodna.near(known, asked, LARGEST - 1) == [[]]


def test_values_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="144 bytes, not 143"):
        photodna.distance(bytes(143), bytes(144))
    with pytest.raises(ValueError, match="rows of 144"):
        photodna.near(np.zeros((1, 143), np.uint8), np.zeros((1, 144), np.uint8))
    with pytest.raises(ValueError, match="2 values with 1 ids"):
        PhotodnaTable.build(np.zeros((2, 144), np.uint8), np.zeros(1, np.int64))


def test_a_table_answers_from_its_file_as_from_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(0, 256, (500, LENGTH), np.uint8)
    made = PhotodnaTable.build(values, np.arange(500) * 7)
    made.write(tmp_path / "table")
    opened = PhotodnaTable.open(tmp_path / "table")
    opened.verify()
    assert len(opened) == 500
    assert opened.near(values[3:5]) == made.near(values[3:5]) == [[(21, 0)], [(28, 0)]]
    assert all((a == b).all() for a, b in zip(opened.pairs(), made.pairs(), strict=True))


def test_a_file_of_other_content_or_with_a_changed_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table"
    DigestTable.build(np.zeros((1, 16), np.uint8), np.zeros(1, np.int64)).write(path)
    with pytest.raises(NotAnIndex, match="holds digests, not photodna"):
        PhotodnaTable.open(path)
    PhotodnaTable.build(np.zeros((9, 144), np.uint8), np.zeros(9, np.int64)).write(path)
    data = bytearray(path.read_bytes())
    data[4200] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged):
        PhotodnaTable.open(path).verify()
