"""A VICS file that another tool wrote goes through a list of the desk and comes out the same."""

import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakwater.formats.hash_table import read_table
from breakwater.hashlists import index
from breakwater.hashlists.actions.exporting import export
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.models import Entry, Fingerprint, HashList, ListChange
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.frames import As, MixedSchemes

Take = Callable[..., ListChange]
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
BASE_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml"
BASE_1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml"

pytestmark = pytest.mark.django_db(transaction=True)


def md5(n: int) -> str:
    return f"{n:032x}"


HASH_SET = {
    "@odata.context": f"{BASE_2}/US/$metadata#Media",
    "value": [
        {
            "MediaID": 1, "Category": 2, "MD5": "AB" * 16, "SHA1": "0f" * 20, "MediaSize": 0,
            "DateUpdated": "2020-01-02T03:04:05.5Z", "VictimIdentified": "true", "Series": "S",
            "Tags": "beach, two people", "IsPrecategorized": False, "Odd": {"x": [1, None]},
            "AlternativeHashes": [
                {"HashName": "PDQ", "HashValue": "cd" * 32},
                {"HashName": "SHA256", "HashValue": "ef" * 32},
            ],
        },
        {"MediaID": 2, "Category": None, "IsPrecategorized": "true", "MD5": md5(2)},
    ],
}  # fmt: skip
OLD_HASH_SET = {
    "odata.metadata": f"{BASE_1}#Media",
    "value": [{"MediaID": "7", "Category": "1", "MD5": md5(7).upper(), "MediaSize": "488"}],
}
CASE = {
    "@odata.context": f"{BASE_2}/UK/$metadata#Cases",
    "value": [
        {
            "CaseID": "{5c0d}", "CaseNumber": "BE-7", "ContactName": "A. Example",
            "SourceApplicationName": "Synth", "SourceApplicationVersion": "9.1",
            "TotalMediaFiles": 9,
            "Media": [
                {
                    "MediaID": n, "Category": n, "MD5": md5(n % 2), "MimeType": "image/jpeg",
                    "DateUpdated": "/Date(1686105109000+0200)/", "RelativeFilePath": "a\\b.jpg",
                    "Exifs": [{"PropertyName": "Camera Make", "PropertyValue": "SynthCam"}],
                    "MediaFiles": [{"FileName": f"{n}.jpg", "Written": "2023-06-07T02:31:49"}],
                }
                for n in range(4)
            ],
        }
    ],
}  # fmt: skip
CASES = {
    "Cases": [
        {"Case No.": "1", "Media": [{"MediaID": 1, "md5": md5(1)}, {"MediaID": 1, "md5": md5(2)}]},
        {"Case No.": "2", "Media": [{"MediaID": 1, "md5": md5(1), "Comments": "x"}]},
        {"Case No.": "2", "Media": [{"MediaID": 9, "MediaSize": 5}, {"MediaID": 9}]},
        {"Case No.": "3", "Media": []},
        {"Case No.": "4"},
    ],
    "@odata.context": f"{BASE_2}/CUSTOM/$metadata#Cases",
    "Exported": {"by": "Synth", "at": 17},
}


def with_links(n: int, **more: Any) -> dict[str, Any]:
    """A record as tools write it whose model is that of OData 3.

    The layout is that of two open exporters: `export_hashes_as_vic` (Qt, versions 1.1 to 2.0), for
    links, hashes inside of files and other hashes, numbers as text and unusual names of a case's
    fields; and `genNewVic` (Python, 1.3), for edit links, metadata of the case and empty fields.
    All values are made up.
    """
    key, path = md5(n), f"DCIM\\{n}.jpg"
    return {
        "odata.id": f'Media("{key}")',
        "odata.editLink": f"Media('{key}')",
        "MediaID": n, "MD5": key, "SHA1": f"{n:040x}", "MediaSize": str(n * 1000),
        "Category": None, "Series": None, "Tags": "", "VictimIdentified": None,
        "FileName": f"{n}.jpg",
        "MediaFiles@odata.navigationLinkUrl": f"/Media({key})/MediaFiles",
        "MediaFiles": [
            {
                "odata.editLink": "", "MD5": key, "FileName": f"{n}.jpg", "FilePath": path,
                "Media@odata.navigationLinkUrl": f"/MediaFiles(FileName='{n}.jpg',MD5={key})",
                "Created": None, "Written": "2023-06-07T02:31:49.0000016Z", "Unallocated": "true",
            },
            {"MD5": key.upper(), "FileName": "copy.jpg", "Unallocated": True},
        ],
        "Exifs@odata.navigationLinkUrl": f"/Media({key})/Exifs",
        "Exifs": [{"MD5": key, "PropertyName": "Make", "PropertyValue": "SynthCam"}],
        "AlternativeHashes@odata.navigationLinkUrl": f"/Media({key})/AlternativeHashes",
        "AlternativeHashes": [
            {
                "Media@odata.navigationLinkUrl": f"AlternativeHashes(HashName='SHA1',MD5={key})/Media",
                "MD5": key, "HashName": "SHA1", "HashValue": f"{n:040x}",
            },
            {"MD5": key, "HashName": "SHA256", "HashValue": f"{n:064x}"},
        ],
    } | more  # fmt: skip


WITH_LINKS = {
    "odata.metadata": f"{BASE_1}#Cases",
    "value": [
        {
            "odata.id": "Cases('5c0d')", "odata.editLink": "",
            "CaseMetadata@odata.navigationLinkUrl": "/Cases(5c0d)/CaseMetadata",
            "CaseMetadata": [
                {
                    "odata.editLink": "", "Case@odata.navigationLinkUrl": "", "CaseID": "5c0d",
                    "PropertyName": "Unit", "PropertyValue": "Testland",
                }
            ],
            "Media@odata.navigationLinkUrl": "/Cases(5c0d)/Media",
            "Media": [with_links(n) for n in (1, 2)] + [with_links(1, Category=1, Comments="again")],
            "Agency": "Police of Testland", "Agency Address": "", "Examiner": "A. Example",
            "Case No.": "BE-7", "Case Notes": "", "TotalMediaFiles": "3",
            "SourceApplicationName": "Synth", "SourceApplicationVersion": "9.1",
        }
    ],
}  # fmt: skip


def written(hash_list: HashList, form: str = "vics", **wanted: str) -> bytes:
    out = io.BytesIO()
    export(hash_list, form, out, by="officer", at=AT, vics=As(**wanted))
    return out.getvalue()


def record(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def same(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its records in one order: VICS says nothing by their order."""
    key = "value" if "value" in document else "Cases"
    members = [
        m | {"Media": sorted(m["Media"], key=record)} if isinstance(m.get("Media"), list) else m
        for m in document[key]
    ]
    is_set = not any("Media" in m for m in members)
    return document | {key: sorted(members, key=record) if is_set else members}


@pytest.mark.parametrize("document", [HASH_SET, OLD_HASH_SET, CASE, CASES, WITH_LINKS])
def test_a_file_of_another_tool_comes_out_as_it_came_in(
    raising: HashList, take: Take, document: dict[str, Any]
) -> None:
    change = take(raising, json.dumps(document), "vics", "case.json")
    assert (change.state, change.faulty) == ("done", 0)
    assert same(json.loads(written(raising))) == same(document)
    before = Entry.objects.count()
    again = take(raising, json.dumps(document), "vics", "case.json")
    assert (again.added, again.changed, Entry.objects.count()) == (0, 0, before)
    assert same(json.loads(written(raising))) == same(document)


def test_a_hash_of_a_record_with_links_is_found_once_under_each_of_its_kinds(
    raising: HashList, take: Take
) -> None:
    take(raising, json.dumps(WITH_LINKS), "vics", "case.json")
    index.update()
    asked = [Asked("md5", md5(2)), Asked("sha1", f"{2:040x}"), Asked("sha256", f"{2:064x}")]
    assert [len(voices) for voices in find(asked, on=AT.date())] == [1, 1, 1]
    said = Fingerprint.objects.filter(value=bytes.fromhex(md5(2)))
    assert said.count() == 1, "the hash inside of its files is no other hash"


words = st.text(max_size=5)
fields = st.fixed_dictionaries(
    {},
    optional={
        "MediaID": st.integers(1, 3) | words,
        "Category": st.none() | st.integers(0, 5) | words,
        "MD5": st.integers(0, 3).map(md5) | st.none() | st.just("AB" * 16) | words,
        "SHA1": st.integers(0, 3).map(lambda n: f"{n:040x}"),
        "MediaSize": st.integers(-1, 2**60) | words,
        "DateUpdated": st.sampled_from(["/Date(1)/", "2023-01-01", "2023-06-07T02:31:49Z", "x"]),
        "Series": words,
        "Tags": words | st.lists(words, max_size=2),
        "VictimIdentified": st.sampled_from([True, "true", None, "maybe"]),
        "AlternativeHashes": st.lists(
            st.fixed_dictionaries({"HashName": st.sampled_from(["PDQ", "CRC"]), "HashValue": words | st.just("cd" * 32)}), max_size=2
        ),
        "Exifs": st.lists(st.dictionaries(words, words, max_size=2), max_size=2),
    },
)  # fmt: skip
hash_sets = st.lists(fields, max_size=6).map(lambda found: HASH_SET | {"value": found})
case_files = st.lists(
    st.builds(
        lambda case, media: case | {"Media": media},
        st.dictionaries(st.sampled_from(["CaseID", "CaseNumber", "Odd"]), words),
        st.lists(fields, max_size=4),
    ),
    min_size=1, max_size=3,
).map(lambda found: CASE | {"value": found})  # fmt: skip


@given(hash_sets | case_files)
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_file_comes_out_as_it_came_in(take: Take, document: dict[str, Any]) -> None:
    name = f"List {HashList.objects.count()}"
    hash_list = create_list(Terms(name, "Synth", "Act s. 1"), by="test", at=AT)
    clean = json.loads(json.dumps(document).replace("\\u0000", ""))
    assert take(hash_list, json.dumps(clean), "vics").state == "done"
    assert same(json.loads(written(hash_list))) == same(clean)


def test_a_table_keeps_the_sources_time_and_what_vics_said(raising: HashList, take: Take) -> None:
    take(raising, f"md5,changed_at,size\n{md5(1)},2020-01-02T03:04:05Z,0\n{md5(2)},,\n")
    take(raising, json.dumps(CASES), "vics")
    csv = written(raising, "csv")
    found = [e for e in read_table(io.BytesIO(csv)) if hasattr(e, "fingerprints")]
    times = {e.values("md5")[0][-1]: (e.changed_at, e.size) for e in found if not e.extra}
    assert times == {"1": (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), 0), "2": (None, None)}
    assert len(found) == Entry.objects.count() == 7
    other = create_list(Terms("Other", "Synth", "Act s. 1"), by="test", at=AT)
    take(other, csv)
    assert sorted(written(other, "csv").splitlines()) == sorted(csv.splitlines())


def test_a_list_can_be_written_in_another_version_scheme_and_case(
    raising: HashList, take: Take
) -> None:
    take(raising, json.dumps(HASH_SET), "vics")
    old = json.loads(written(raising, version="1.3"))
    assert old["odata.metadata"] == f"{BASE_1}#Media"
    case = json.loads(written(raising, scheme="UK", case="BE-8"))
    assert case["@odata.context"] == f"{BASE_2}/UK/$metadata#Cases"
    assert [(c["CaseNumber"], c["TotalMediaFiles"], len(c["Media"])) for c in case["value"]] == [
        ("BE-8", 2, 2)
    ]
    with pytest.raises(ValueError, match="version 3"):
        written(raising, version="3")


def test_grades_of_two_schemes_are_not_written_as_if_they_were_of_one(
    raising: HashList, take: Take
) -> None:
    take(raising, json.dumps(HASH_SET), "vics")
    take(raising, json.dumps(CASE), "vics")
    with pytest.raises(MixedSchemes, match="UK and US"):
        written(raising)
    mixed = json.loads(written(raising, scheme="CUSTOM"))
    assert [len(c["Media"]) for c in mixed["value"]] == [2, 4]


class Size(io.RawIOBase):
    """Keeps nothing of what is written but how much it was."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += len(data)
        return len(data)


@pytest.mark.parametrize("wanted", [As(), As(case="BE-8")])
def test_a_list_is_written_out_without_ever_being_held(
    raising: HashList, take: Take, monkeypatch: pytest.MonkeyPatch, wanted: As
) -> None:
    records = [{"MediaID": n, "MD5": md5(n), "Comments": "seen " * 200} for n in range(3_000)]
    take(raising, json.dumps(HASH_SET | {"value": records}), "vics")
    monkeypatch.setattr("breakwater.hashlists.queries.exported.AT_ONCE", 50)
    monkeypatch.setattr("breakwater.formats.vics.write._AT_ONCE", 50)
    out = Size()
    tracemalloc.start()
    export(raising, "vics", out, by="officer", at=AT, vics=wanted)  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert out.size > 3_000 * 1_000
    assert peak < out.size // 4


def test_records_of_cases_that_came_in_turns_go_back_into_their_cases(
    raising: HashList, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("breakwater.hashlists.queries.exported.AT_ONCE", 2)
    cases = [
        {"CaseID": name, "Media": [{"MediaID": n, "MD5": md5(n)} for n in range(first, first + 5)]}
        for name, first in (("a", 10), ("b", 20), ("a", 30))
    ]
    for part in ([0], [1], [0, 1, 2]):
        take(raising, json.dumps(CASE | {"value": [cases[n] for n in part]}), "vics")
    document = json.loads(written(raising))
    assert same(document)["value"] == same(CASE | {"value": cases})["value"]
