"""A site with and without `www.` is one; what is below a public suffix stays what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.domain_name import read_name
from breakwater.worstof.rules.guards import read_suffixes
from breakwater.worstof.rules.site_names import site_of

SUFFIXES = read_suffixes(["example", "co.uk", "github.io", "*.ck", "!www.ck"])
LABELS = st.sampled_from(["www", "wwwbad", "bad", "co", "uk", "github", "io", "ck", "test"])


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("https://WWW.Bad.example/x", "bad.example"),
        ("www.shop.bad.example", "shop.bad.example"),
        ("www.www.bad.example", "www.bad.example"),
        ("www.bad.github.io", "bad.github.io"),
        ("www.github.io", "www.github.io"),
        ("www.co.uk", "www.co.uk"),
        ("www.example", "www.example"),
        ("www.anything.ck", "www.anything.ck"),
        ("www2.bad.example", "www2.bad.example"),
        ("wwwbad.example", "wwwbad.example"),
        ("bad.www.example", "bad.www.example"),
    ],
)
def test_one_leading_www_is_left_out_unless_many_register_below_the_rest(given, name):
    assert site_of(read_name(given), SUFFIXES).name == name


def test_what_people_read_loses_its_www_as_well():
    found = site_of(read_name("www.bücher.example"), SUFFIXES)
    assert found == ("xn--bcher-kva.example", "bücher.example")


@given(st.lists(LABELS, min_size=2, max_size=5).map(".".join))
def test_no_site_is_a_suffix_that_its_text_was_not(text):
    found = site_of(read_name(text), SUFFIXES).name
    assert text in (found, f"www.{found}")
    assert found == text or not SUFFIXES.is_suffix(found)
