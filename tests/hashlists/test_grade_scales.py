"""A grade is mapped by the scheme that its source names, and a desk can add schemes of its own."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakwater.hashlists import scales
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.forms import ListForm
from breakwater.hashlists.models import Entry, HashList, ListChange
from breakwater.hashlists.rules.grades import BadGrades, schemes

Take = Callable[..., ListChange]
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
BASE = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml"

pytestmark = pytest.mark.django_db(transaction=True)


def made(scheme: str) -> HashList:
    return create_list(Terms(f"List of {scheme}", "Synth", "Act s. 1", scheme), by="test", at=AT)


def vics(scheme: str, *grades: int) -> str:
    value = [{"MediaID": n, "Category": n, "MD5": f"{n:032x}"} for n in grades]
    return json.dumps({"@odata.context": f"{BASE}/{scheme}/$metadata#Media", "value": value})


def mapped() -> dict[str, str]:
    return dict(Entry.objects.values_list("grade", "mapped_grade"))


def faults(change: ListChange) -> list[tuple[str, str, str, int]]:
    return list(change.faults.values_list("place", "problem", "found", "count"))


@pytest.mark.parametrize("scheme", ["own", "vics_us"])
def test_a_vics_grade_is_mapped_by_the_scheme_of_its_file(take: Take, scheme: str) -> None:
    change = take(made(scheme), vics("US", 1, 2, 4), "vics")
    assert mapped() == {"1": "csam", "2": "exploitive", "4": "not_csam"}
    assert faults(change) == []


def test_the_baseline_and_what_is_outside_of_it_are_read_as_interpol_means_them(
    take: Take,
) -> None:
    words = ("Baseline", "Non-Baseline", "irrelevant", "2")
    text = "md5,grade\n" + "".join(f"{n:032x},{word}\n" for n, word in enumerate(words))
    take(made("interpol"), text)
    assert mapped() == {
        "Baseline": "baseline", "Non-Baseline": "csam", "irrelevant": "not_csam", "2": "",
    }  # fmt: skip


def test_a_file_of_another_scheme_than_its_list_is_told_and_read_by_its_own(take: Take) -> None:
    change = take(made("vics_us"), vics("UK", 2, 3), "vics")
    assert mapped() == {"2": "csam", "3": "csam"}
    assert faults(change) == [("value[0]", "scheme_differs", "VICS/UK", 2)]


def test_a_file_that_names_no_known_scheme_is_read_by_that_of_the_list(take: Take) -> None:
    change = take(made("vics_us"), vics("Default", 2), "vics")
    assert mapped() == {"2": "exploitive"}
    assert faults(change) == []


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "grades.toml"
    monkeypatch.setattr(scales, "path", lambda: path)
    return path


OURS = """
[scheme.testland]
name = "Penal code of Testland"
version = "2027"
aliases = ["TL"]
"1a" = "a1"
Rot = "not_csam"
"""


def test_a_desk_adds_a_scheme_of_its_own(own_file: Path, take: Take) -> None:
    own_file.write_text(OURS, encoding="utf-8")
    take(made("testland"), f"md5,grade\n{1:032x},1A\n{2:032x},rot\n")
    take(made("own"), f"md5,grade,scheme\n{3:032x},1a,tl\n")
    assert mapped() == {"1A": "a1", "rot": "not_csam", "1a": "a1"}
    choices = dict(ListForm().fields["scheme"].choices)  # type: ignore[attr-defined]
    assert choices["testland"] == "Penal code of Testland (2027)"


def test_a_grade_whose_meaning_was_changed_is_mapped_anew_by_the_next_import(
    own_file: Path, take: Take
) -> None:
    own_file.write_text(OURS, encoding="utf-8")
    hash_list, text = made("testland"), f"md5,grade\n{1:032x},1a\n{2:032x},rot\n"
    take(hash_list, text)
    own_file.write_text(OURS.replace('"a1"', '"b1"'), encoding="utf-8")
    scales._read.cache_clear()
    assert (take(hash_list, text).changed, mapped()) == (1, {"1a": "b1", "rot": "not_csam"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scheme.x]\nversion = '1'", "grades.toml: x.name: expected a text"),
        ("[scheme.x]\nname = 'X'", "grades.toml: x.version: expected a text"),
        ("[scheme.x]\nname = 'X'\nversion = '1'\nA = 'bad'", "grades.toml: x.A: expected one of"),
        ("[scheme.x]\nname = 'X'\nversion = '1'\naliases = 'y'", "grades.toml: x.aliases"),
        ("[scheme.X]\nname = 'X'\nversion = '1'", "grades.toml: X: expected at most 40"),
        ("[schema.x]", "grades.toml: schema: expected"),
        ("scheme = 1", "grades.toml: scheme: expected"),
        ("[scheme", "grades.toml: "),
    ],
)
def test_what_is_wrong_in_a_desks_own_file_is_named(own_file: Path, text: str, said: str) -> None:
    own_file.write_text(text, encoding="utf-8")
    with pytest.raises(BadGrades) as refused:
        scales.known()
    assert str(refused.value).startswith(said)


def test_every_scheme_that_comes_with_the_desk_has_a_version() -> None:
    assert all(scheme.version for scheme in schemes().values())


@pytest.mark.parametrize(
    ("scheme", "meanings"),
    [
        ("copine", {"1": "exploitive", "3": "exploitive", "4": "csam", "10": "csam", "11": ""}),
        ("sap", {"1": "csam", "5": "csam", "6": ""}),
    ],
)
def test_older_scales_are_mapped_beside_the_grade_as_it_was_written(
    take: Take, scheme: str, meanings: dict[str, str]
) -> None:
    lines = "".join(f"{int(grade):032x},{grade}\n" for grade in meanings)
    take(made(scheme), f"md5,grade\n{lines}")
    assert mapped() == meanings
