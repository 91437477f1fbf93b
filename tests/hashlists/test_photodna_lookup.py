"""A PhotoDNA value that somebody pastes is compared by distance with those of the lists."""

from collections.abc import Callable
from datetime import date

import numpy as np

from breakwater.hashlists.models import HashList
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.asking import read_lines
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
