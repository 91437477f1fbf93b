"""Which names an appeal is about."""

from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules.folding import appealed


@given(st.lists(st.sampled_from(["a", "b", "www", "shop"]), min_size=1, max_size=5))
def test_an_appeal_is_about_exactly_what_blocks_its_site(labels: list[str]) -> None:
    name = ".".join([*labels, "example"])
    for other in (name, f"www.{name}", *(name[n + 1 :] for n, x in enumerate(name) if x == ".")):
        assert other in appealed(name)
    assert all(f".{name}".endswith(f".{x}") or x == f"www.{name}" for x in appealed(name))
    assert appealed("") == set()
