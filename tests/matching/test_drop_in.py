"""The field's library gets the same answers from our index as from its own."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from threatexchange.signal_type.pdq.pdq_index import PDQIndex

from breakwater.matching.drop_in import BreakwaterPdqIndex


def entries(count: int) -> list[tuple[str, dict[str, int]]]:
    rng = np.random.default_rng(4)
    hashes = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    return [(h.tobytes().hex(), {"entry": i}) for i, h in enumerate(hashes)]


def answers(index: object, query: str) -> list[tuple[int, int]]:
    found = index.query(query)  # type: ignore[attr-defined]
    return sorted((m.metadata["entry"], m.similarity_info.distance) for m in found)


def near(text: str, flips: int) -> str:
    return f"{int(text, 16) ^ ((1 << flips) - 1):064x}"


def test_queries_answer_like_the_index_of_the_field() -> None:
    known = entries(3000)
    ours, theirs = BreakwaterPdqIndex.build(known), PDQIndex.build(known)
    ours.add(known[5][0], {"entry": 9999})
    theirs.add(known[5][0], {"entry": 9999})
    for flips in (0, 1, 15, 31, 32):
        for text, _ in known[:20]:
            assert answers(ours, near(text, flips)) == answers(theirs, near(text, flips))


def test_an_index_survives_serialising() -> None:
    known = entries(50)
    file = BytesIO()
    BreakwaterPdqIndex(known).serialize(file)
    file.seek(0)
    again = BreakwaterPdqIndex.deserialize(file)
    assert len(again) == 50
    assert answers(again, known[7][0]) == [(7, 0)]
    again.add(known[7][0], {"entry": 50})
    assert answers(again, known[7][0]) == [(7, 0), (50, 0)]


def test_hashes_of_another_length_are_refused_one_by_one() -> None:
    index = BreakwaterPdqIndex([])
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        index.add_all([("ab" * 16, {}), ("ab" * 48, {})])
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        index.query("ab" * 16)
    assert len(index) == 0


def test_who_finds_a_hash_the_moment_it_is_added_finds_what_was_given_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = entries(5)
    ours = BreakwaterPdqIndex(known[:2])
    add, found = ours._index.add, []

    def add_and_let_another_ask(hashes: NDArray[np.uint8], ids: NDArray[np.int64]) -> None:
        add(hashes, ids)
        found.append(answers(ours, known[4][0]))

    monkeypatch.setattr(ours._index, "add", add_and_let_another_ask)
    ours.add_all(known[2:])
    assert found == [[(4, 0)]]


def test_the_threshold_is_that_of_the_field() -> None:
    assert BreakwaterPdqIndex.get_match_threshold() == PDQIndex.get_match_threshold()
