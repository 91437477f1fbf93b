"""Names below other names of a list: left out where nobody needs them, and no gap between two."""

from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.block_list.nesting import above, between, parents, topmost
from tests.policy_zone import matches, two_each

NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(
    lambda x: ".".join([*x, "test"])
)
SETS = st.sets(NAMES, max_size=8)


def test_the_wildcard_of_a_listed_name_ends_where_another_listed_name_begins() -> None:
    names = {"host.test", "bad.pages.host.test"}
    assert not matches(two_each(names), "pages.host.test")
    assert not matches(two_each(names), "good.pages.host.test")
    assert between(names) == {"pages.host.test"}


@given(SETS, NAMES)
def test_with_the_names_between_a_zone_blocks_all_below_a_listed_name_and_nothing_else(
    names: set[str], asked: str
) -> None:
    zone = two_each(names | between(names))
    assert matches(zone, asked) == (not names.isdisjoint({asked, *parents(asked)}))


@given(SETS)
def test_what_is_between_is_not_listed_and_has_a_listed_name_above_and_one_below(
    names: set[str],
) -> None:
    every = above(names)
    found = between(names)
    assert found == {
        name
        for name in every - names
        if not names.isdisjoint(parents(name)) and any(name in parents(other) for other in names)
    }


@given(SETS)
def test_names_below_others_are_left_out_and_all_stay_covered(names: set[str]) -> None:
    top = topmost(names)
    assert top <= names
    for name in names:
        covering = top & {name, *parents(name)}
        assert len(covering) == 1
        assert (name in top) == (covering == {name})
