"""A PhotoDNA value that somebody pastes is compared by distance with those of the lists."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from breakwater.hashlists import index
from breakwater.hashlists.models import HashList
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.asking import MOST_PHOTODNA, TooManyPhotodna, read_lines
from breakwater.matching.photodna import MATCH_DISTANCE


def test_values_within_the_distance_are_found_and_others_are_not(
    raising: HashList, fill: Callable[[HashList, str], object]
) -> None:
    near = np.full(144, 100, np.uint8)
    fill(raising, f"photodna,grade\n{near.tobytes().hex()},A1\n")
    asked = near.copy()
    asked[:3] = 200  # 3 · 100² = 30,000
    beyond = asked.copy()
    beyond[3] = 101
    values = [Asked("photodna", v.tobytes().hex()) for v in (near, asked, beyond)]
    found = find(values, on=date(2026, 11, 25))
    distances = [[(v.grade, v.kind, v.distance) for v in voices] for voices in found]
    assert distances == [[("A1", "photodna", 0)], [("A1", "photodna", MATCH_DISTANCE)], []]


def test_a_pasted_value_is_known_by_its_length_or_its_name() -> None:
    value = "0f" * 144
    for line in (value, f"photodna: {value}", value.upper()):
        [question] = read_lines(line).questions
        assert (question.value, question.kinds) == (value, ("photodna",))


def test_more_values_than_are_compared_at_once_are_refused() -> None:
    lines = [f"{n:0288x}" for n in range(MOST_PHOTODNA + 1)]
    assert len(read_lines("\n".join(lines[1:])).questions) == MOST_PHOTODNA
    with pytest.raises(TooManyPhotodna):
        read_lines("\n".join(lines))


def test_listed_values_are_looked_up_in_their_file_and_not_in_the_database(
    raising: HashList, fill: Callable[[HashList, str], object]
) -> None:
    fill(raising, f"photodna,grade\n{'11' * 144},A1\n{'22' * 144},A1\n")

    def ask(byte: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            [voices] = find([Asked("photodna", byte * 144)], on=date(2026, 11, 25))
        assert not [q for q in asked if "fingerprint" in q["sql"] and '"value"' in q["sql"]]
        return len(voices)

    assert (ask("11"), ask("22"), ask("77")) == (1, 1, 0)
    fill(raising, f"photodna,grade\n{'77' * 144},A1\n")
    assert (ask("11"), ask("77")) == (1, 1)


def test_a_damaged_file_of_values_is_made_anew(
    raising: HashList, fill: Callable[[HashList, str], object]
) -> None:
    fill(raising, f"photodna,grade\n{'11' * 144},A1\n")
    path = index.file_path(index.Kind.PHOTODNA)
    path.write_bytes(path.read_bytes()[:-1])
    assert index.damaged() == [path.name]
    index.update()
    assert index.damaged() == []
    [voices] = find([Asked("photodna", "11" * 144)], on=date(2026, 11, 25))
    assert len(voices) == 1
