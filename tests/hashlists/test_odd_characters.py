"""A character that no database holds is replaced and told, and everything beside it is taken in."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.plain_text import storable, storable_values
from breakwater.hashlists.models import Entry, HashList, ListChange

Take = Callable[..., ListChange]
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"

pytestmark = pytest.mark.django_db(transaction=True)


def vics(record: str) -> str:
    good = f'{{"MediaID": 2, "MD5": "{2:032x}"}}'
    return f'{{"@odata.context": "{CONTEXT}", "value": [{record}, {good}]}}'


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ('"Category": "\\ud800"', "half_characters"),
        ('"Comments": "\\ud800x"', "half_characters"),
        ('"Odd": {"\\udfff": [1]}', "half_characters"),
        ('"Category": "A\\u0000"', "nul_bytes"),
        ('"Series": "A\\u0000"', "nul_bytes"),
        ('"MediaID": "a\\u0000b"', "nul_bytes"),
    ],
)
def test_one_bad_character_in_a_vics_file_is_told_with_its_record(
    raising: HashList, take: Take, field: str, problem: str
) -> None:
    change = take(raising, vics(f'{{{field}, "MD5": "{1:032x}"}}'), "vics")
    assert (change.state, change.added, change.faulty) == ("done", 2, 0)
    found = change.faults.filter(problem=problem).values_list("place", "advice")
    assert list(found) == [("value[0]", "check_source")]


def test_one_bad_character_in_a_table_is_told_with_its_line(raising: HashList, take: Take) -> None:
    lines = [{"md5": f"{1:032x}", "grade": "a\0b", "\0": "x"}, {"md5": f"{2:032x}", "grade": "A1"}]
    change = take(raising, "\n".join(map(json.dumps, lines)) + "\n", name="x\0\ud800.jsonl")
    assert (change.state, change.added, change.name) == ("done", 2, "x␀�.jsonl")
    assert list(change.faults.values_list("place", "problem")) == [("1", "nul_bytes")]
    assert set(Entry.objects.values_list("grade", flat=True)) == {"a␀b", "A1"}


def test_what_looks_like_an_escaped_nul_is_left_alone(raising: HashList, take: Take) -> None:
    change = take(raising, vics(f'{{"Comments": "\\\\u0000", "MD5": "{1:032x}"}}'), "vics")
    assert (change.added, change.faults.count()) == (2, 0)
    assert any(b"\\\\u0000" in bytes(e.facts) for e in Entry.objects.all())


@given(st.recursive(st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_what_is_made_storable_can_be_stored_and_stays_the_same(value: object) -> None:
    once = storable_values(value)
    assert storable_values(once) == once
    assert b"\\u0000" not in json.dumps(once, ensure_ascii=False).replace("\\\\", "").encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_good_text_is_not_touched(text: str) -> None:
    assert storable(text) == text
