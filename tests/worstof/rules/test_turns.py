"""Every name that must never be blocked is asked in its turn, however long the file is."""

from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules.turns import turn

NAMES = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=40, unique=True)


@given(NAMES, st.integers(0, 1000), st.integers(1, 10))
def test_every_name_is_asked_within_as_many_turns_as_the_file_is_long(
    names: list[str], start: int, most: int
) -> None:
    asked: set[str] = set()
    for _ in range(-(-len(names) // most)):
        now, start = turn(names, start, most)
        assert len(now) == len(set(now)) <= most
        asked.update(now)
    assert asked == set(names)


@given(NAMES, st.integers(0, 1000), st.integers(2, 10), st.data())
def test_what_failed_is_asked_each_time_and_stops_nobody_elses_turn(
    names: list[str], start: int, most: int, data: st.DataObject
) -> None:
    failed = data.draw(st.lists(st.sampled_from([*names, "left-the-file"]), max_size=most - 1))
    asked: set[str] = set()
    for _ in names:
        now, start = turn(names, start, most, failed)
        assert set(failed) & set(names) <= set(now)
        assert len(now) <= most
        asked.update(now)
    assert asked == set(names)


def test_of_a_file_without_names_nothing_is_asked() -> None:
    assert turn((), 7, 500, ["a.example"]) == ([], 0)
