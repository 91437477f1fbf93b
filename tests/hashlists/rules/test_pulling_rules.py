"""A server whose pages lead in a ring is noticed; a long list of pages is none."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from breakwater.hashlists.rules.pulling import Trail


@given(st.integers(0, 40), st.integers(1, 40))
def test_a_ring_is_noticed_before_it_was_gone_round_three_times(before: int, ring: int) -> None:
    def page(number: int) -> str:
        return f"/{number if number < before else before + (number - before) % ring}"

    trail: Trail | None = Trail(page(0))
    asked = 0
    while trail is not None:
        asked += 1
        assert asked <= 3 * (before + ring) + 1
        trail = trail.to(page(asked))


@given(st.integers(1, 500))
def test_pages_that_all_differ_are_followed_to_their_end(pages: int) -> None:
    trail: Trail | None = Trail("/0")
    for _, number in pairwise(range(pages + 1)):
        assert trail is not None
        trail = trail.to(f"/{number}")
    assert trail is not None
