"""VICS files: every exporter's faults are taken and named, and nothing is lost on the way."""

import base64
import codecs
import dataclasses
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.formats import vics
from breakwater.formats.hash_entry import (
    Advice,
    Fingerprint,
    HashEntry,
    Problem,
    SourceId,
)
from breakwater.formats.vics import Case, NotVics, VicsFile, read_vics, write_vics

BASE_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml"
BASE_1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml"
PHOTODNA = bytes(range(144))


def media(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {"MediaID": number, "Category": 1, "MD5": f"{number:032x}", **fields}


def hash_set(*records: Any, scheme: str = "US") -> dict[str, Any]:
    return {"@odata.context": f"{BASE_2}/{scheme}/$metadata#Media", "value": list(records)}


def case_file(*records: Any, **fields: Any) -> dict[str, Any]:
    case = {"CaseID": "{1}", "CaseNumber": "BE-7", **fields, "Media": list(records)}
    return {"@odata.context": f"{BASE_2}/UK/$metadata#Cases", "value": [case]}


def read(document: Any) -> VicsFile:
    return read_vics(json.dumps(document).encode())


def problems(file: VicsFile) -> dict[str, Problem]:
    return {fault.field: fault.problem for fault in file.faults}


def test_a_hash_set_is_read_whole() -> None:
    file = read(
        hash_set(
            media(
                501,
                SHA1="0f" * 20,
                MediaSize=2835,
                MimeType="image/jpeg",
                DateUpdated="2023-06-07T02:31:49.8300Z",
                Series="Synthetic series",
                Tags="beach, two people",
                Comments="seen twice",
                VictimIdentified=True,
                AlternativeHashes=[
                    {"HashName": "PhotoDNA", "HashValue": base64.b64encode(PHOTODNA).decode()}
                ],
            )
        )
    )
    (entry,) = file.entries
    assert file.faults == ()
    assert (file.kind, file.version, file.scheme) == ("hash_set", "2.0", "US")
    assert entry == HashEntry(
        (
            Fingerprint("md5", f"{501:032x}"),
            Fingerprint("sha1", "0f" * 20),
            Fingerprint("photodna", PHOTODNA.hex()),
        ),
        media="image",
        grade="1",
        scheme="VICS/US",
        source_id=SourceId("501"),
        changed_at=datetime(2023, 6, 7, 2, 31, 49, 830000, UTC),
        size=2835,
        mime_type="image/jpeg",
        series="Synthetic series",
        tags=("beach", "two people"),
        note="seen twice",
        extra=entry.extra,
    )
    assert vics.flags_of(entry)["VictimIdentified"] is True
    assert vics.flags_of(entry)["IsDistributed"] is None


def test_a_case_file_is_not_a_hash_set() -> None:
    file = read(case_file(media(1), media(2), SourceApplicationName="Synth", TotalMediaFiles=2))
    assert file.faults == ()
    assert (file.kind, file.entries) == ("case", ())
    (case,) = file.cases
    assert (case.case_id, case.number, case.application) == ("{1}", "BE-7", "Synth")
    assert len(case.entries) == 2
    assert list(file.all_entries()) == list(case.entries)


@pytest.mark.parametrize("scheme", vics.SCHEMES)
def test_the_scheme_of_the_country_is_kept_with_the_grade(scheme: str) -> None:
    file = read(hash_set(media(Category=2), scheme=scheme))
    assert (file.scheme, file.entries[0].scheme) == (scheme, f"VICS/{scheme}")
    assert file.entries[0].grade == "2"
    assert scheme in json.loads(write_vics(file))["@odata.context"]


def test_the_older_model_has_no_scheme_and_another_context() -> None:
    file = read({"odata.metadata": f"{BASE_1}#Media", "value": [media()]})
    assert file.faults == ()
    assert (file.version, file.scheme, file.entries[0].scheme) == ("1.3", "", "VICS")


@pytest.mark.parametrize("category", [None, ""])
def test_no_category_is_no_grade(category: object) -> None:
    assert read(hash_set(media(Category=category))).entries[0].grade is None


@pytest.mark.parametrize(
    ("fields", "field", "problem"),
    [
        ({"VictimIdentified": "true"}, "VictimIdentified", Problem.FLAG_AS_TEXT),
        ({"IsDistributed": "maybe"}, "IsDistributed", Problem.BAD_FLAG),
        ({"MD5": "AB" * 16}, "MD5", Problem.UPPERCASE),
        ({"SHA1": "AB"}, "SHA1", Problem.WRONG_LENGTH),
        ({"DateUpdated": "/Date(1686105109000)/"}, "DateUpdated", Problem.DOTNET_TIME),
        ({"DateUpdated": "2023-06-07T02:31:49"}, "DateUpdated", Problem.TIME_WITHOUT_ZONE),
        ({"DateUpdated": "yesterday"}, "DateUpdated", Problem.BAD_TIME),
        ({"MediaSize": "488"}, "MediaSize", Problem.NUMBER_AS_TEXT),
        ({"MediaSize": "big"}, "MediaSize", Problem.BAD_NUMBER),
        ({"MediaSize": -1}, "MediaSize", Problem.BAD_NUMBER),
        ({"victimidentified": True}, "victimidentified", Problem.FIELD_SPELLING),
        ({"IsPrecategorized": True, "Category": None}, "Category", Problem.GRADED_WITHOUT_GRADE),
        ({"Exifs": [{"PropertyName": "Capture Time", "PropertyValue": "x"}]}, "Exifs", Problem.EXIF_SPELLING),
        ({"AlternativeHashes": [{"HashName": "CRC", "HashValue": "1"}]}, "AlternativeHashes", Problem.UNKNOWN_KIND),
        ({"AlternativeHashes": [{"HashName": "MD5", "HashValue": "cd" * 16}]}, "AlternativeHashes", Problem.CONTRADICTION),
        ({"MD5": None}, "MD5", Problem.NO_FINGERPRINT),
    ],
)  # fmt: skip
def test_an_exporters_fault_is_tolerated_and_named(
    fields: dict[str, Any], field: str, problem: Problem
) -> None:
    document = hash_set(media(**fields))
    file = read(document)
    assert problems(file) == {field: problem}
    assert len(file.entries) == 1
    assert not any(fault.refused for fault in file.faults)
    assert json.loads(write_vics(file)) == document


def test_what_is_tolerated_is_understood() -> None:
    file = read(
        hash_set(
            media(
                MD5="AB" * 16,
                VictimIdentified="False",
                MediaSize="488",
                DateUpdated="/Date(1686105109000+0200)/",
                Exifs=[
                    {"PropertyName": "Lat/Lon", "PropertyValue": "12.5/-45.25"},
                    {"PropertyName": "Latitude Reference", "PropertyValue": "North"},
                    {"PropertyName": "Make", "PropertyValue": "SynthCam"},
                ],
            )
        )
    )
    (entry,) = file.entries
    assert entry.values("md5") == ("ab" * 16,)
    assert entry.size == 488
    assert entry.changed_at == datetime(2023, 6, 7, 2, 31, 49, tzinfo=UTC)
    assert vics.flags_of(entry)["VictimIdentified"] is False
    assert vics.exif_of(entry) == {
        "GPSPosition": "12.5/-45.25",
        "GPSLatitudeRef": "North",
        "Make": "SynthCam",
    }


def test_one_fault_in_every_record_is_one_fault_with_a_count() -> None:
    file = read(hash_set(*(media(n, IsPrecategorized="true", Category=None) for n in range(1, 99))))
    assert {(f.problem, f.count, f.place) for f in file.faults} == {
        (Problem.FLAG_AS_TEXT, 98, "value[0]"),
        (Problem.GRADED_WITHOUT_GRADE, 98, "value[0]"),
    }


def test_a_total_that_counts_something_else_is_counted_again() -> None:
    file = read(case_file(media(1), media(2), media(2), TotalMediaFiles=2))
    assert problems(file) == {
        "TotalMediaFiles": Problem.COUNT_DIFFERS,
        "MD5": Problem.SAME_FILE,
    }
    assert file.cases[0].stated_total == "2"
    assert len(file.cases[0].entries) == 3


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"odata.metadata": f"{BASE_2}/US/$metadata#Media", "value": [media()]}, Problem.CONTEXT_SPELLING),
        ({"@odata.context": f"{BASE_1}#Media", "value": [media()]}, Problem.CONTEXT_SPELLING),
        ({"@odata.context": f"{BASE_2}/FR/$metadata#Media", "value": [media()]}, Problem.UNKNOWN_MODEL),
        ({"@odata.context": "http://example.test/", "value": [media()]}, Problem.UNKNOWN_MODEL),
        ({"value": [media()]}, Problem.UNKNOWN_MODEL),
        ({"@odata.context": f"{BASE_2}/US/$metadata#Cases", "value": [media()]}, Problem.CONTEXT_DIFFERS),
        ({"@odata.context": f"{BASE_2}/US/$metadata#Media", "value": [{"Media": [media()]}]}, Problem.CONTEXT_DIFFERS),
    ],
)  # fmt: skip
def test_a_context_that_is_not_true_is_named_and_the_media_are_read(
    document: dict[str, Any], problem: Problem
) -> None:
    file = read(document)
    assert [fault.problem for fault in file.faults] == [problem]
    assert len(list(file.all_entries())) == 1
    assert json.loads(write_vics(file)) == document


def test_a_byte_order_mark_and_other_encodings_are_read() -> None:
    text = json.dumps(hash_set(media(Series="Zoë")), ensure_ascii=False)
    for data, problem in (
        (codecs.BOM_UTF8 + text.encode(), Problem.BYTE_ORDER_MARK),
        (text.encode("utf-16"), Problem.BYTE_ORDER_MARK),
        (text.encode("cp1252"), Problem.ODD_ENCODING),
    ):
        file = read_vics(data)
        assert [fault.problem for fault in file.faults] == [problem]
        assert file.entries[0].series == "Zoë"


def test_a_member_that_is_no_record_is_refused_alone() -> None:
    file = read(hash_set(media(1), 17, media(2)))
    assert [(f.place, f.problem, f.advice) for f in file.faults] == [
        ("value[1]", Problem.NOT_AN_OBJECT, Advice.ENTRY_LEFT_OUT)
    ]
    assert len(file.entries) == 2


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"", "line 1, column 1"),
        (b"{oops", "line 1, column 2"),
        (b"17", "document"),
        (b"{}", "value"),
        (b'{"value": 1}', "value"),
        (b'{"value":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nesting"),
        (b'{"value":' + b"[1," * 50 + b"1" + b"]" * 50 + b"}", "nesting"),
        (b"\xff\xfe\x00", "document"),
        (b'{"value": [' + b"9" * 5000 + b"]}", None),
    ],
)
def test_what_is_no_vics_file_is_refused_with_the_place(data: bytes, where: str | None) -> None:
    try:
        file = read_vics(data)
    except NotVics as refused:
        assert where in (None, refused.where)  # noqa: PT017 – either answer is right for None
    else:
        assert where is None
        assert file.faults


def test_a_file_over_the_limits_is_refused_before_it_is_read() -> None:
    data = json.dumps(hash_set(media(1), media(2))).encode()
    with pytest.raises(NotVics, match="at most 50 are read at once"):
        read_vics(data, max_bytes=50)


def test_a_change_is_written_into_the_record_as_it_was() -> None:
    file = read(hash_set(media(1, VictimIdentified="true", MD5="AB" * 16, Odd={"x": [1, None]})))
    entry = dataclasses.replace(file.entries[0], grade="2", note="checked")
    written = json.loads(write_vics(dataclasses.replace(file, entries=(entry,))))
    assert written["value"] == [
        media(1, VictimIdentified="true", MD5="AB" * 16, Odd={"x": [1, None]})
        | {"Category": 2, "Comments": "checked"}
    ]


def test_changed_hashes_replace_the_ones_that_were_there() -> None:
    alternative = {"HashName": "SHA1", "HashValue": "0f" * 20}
    file = read(hash_set(media(1, AlternativeHashes=[alternative])))
    entry = dataclasses.replace(file.entries[0], fingerprints=(Fingerprint("pdq", "cd" * 32),))
    written = json.loads(write_vics(dataclasses.replace(file, entries=(entry,))))
    (record,) = written["value"]
    assert "MD5" not in record
    assert record["AlternativeHashes"] == [{"HashName": "PDQ", "HashValue": "cd" * 32}]


def test_a_file_can_be_written_in_the_other_version() -> None:
    file = dataclasses.replace(read(hash_set(media())), version="1.3", scheme="")
    written = json.loads(write_vics(file))
    assert "@odata.context" not in written
    assert written["odata.metadata"] == f"{BASE_1}#Media"
    assert read(written).version == "1.3"


def test_a_withdrawn_hash_is_not_written() -> None:
    entries = (
        HashEntry((Fingerprint("md5", "ab" * 16),)),
        HashEntry((Fingerprint("md5", "cd" * 16),), deleted=True),
    )
    case = Case(entries, case_id="{1}", number="BE-7")
    written = json.loads(write_vics(VicsFile("case", scheme="UK", cases=(case,))))
    assert written["@odata.context"] == f"{BASE_2}/UK/$metadata#Cases"
    assert written["value"] == [
        {
            "CaseID": "{1}",
            "CaseNumber": "BE-7",
            "TotalMediaFiles": 1,
            "Media": [{"MediaID": 1, "MD5": "ab" * 16}],
        }
    ]


words = st.text(st.characters(codec="utf-8"), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
field_names = st.sampled_from(
    ["MediaID", "Category", "MD5", "md5", "SHA1", "MediaSize", "MimeType", "DateUpdated", "Series", "Tags", "Comments", "Exifs", "exif", "AlternativeHashes", "MediaFiles", "IsPrecategorized", "VictimIdentified", "PhotoDNA"]
)  # fmt: skip
values = plain | st.sampled_from(
    ["true", "AB" * 16, "ab" * 16, "0f" * 20, "/Date(1)/", "2023-01-01", [{"HashName": "MD5", "HashValue": "AB" * 16}], [{"PropertyName": "Latitude", "PropertyValue": 1}]]
)  # fmt: skip
records = st.dictionaries(field_names | words.filter(lambda w: w != "Media"), values, max_size=6)
contexts = st.sampled_from(
    [("@odata.context", f"{BASE_2}/US/$metadata#Media"), ("@odata.context", f"{BASE_2}/CUSTOM/$metadata#Cases"), ("odata.metadata", f"{BASE_1}#Media"), ("odata.metadata", 17), ("x", None)]
)  # fmt: skip
case_records = st.builds(
    lambda fields, found: fields | {"Media": found}, records, st.lists(records, max_size=3)
)
documents = st.builds(
    lambda context, members, more: more | dict([context]) | {"value": members},
    contexts,
    st.lists(records, max_size=4) | st.lists(case_records, max_size=3),
    st.dictionaries(words, plain, max_size=2),
)


@given(documents)
@settings(deadline=None, max_examples=300)
def test_nothing_is_lost_between_reading_and_writing(document: dict[str, Any]) -> None:
    file = read(document)
    written = write_vics(file)
    assert json.loads(written) == document
    assert read_vics(written) == file


fingerprints = st.sampled_from([("md5", 32), ("sha1", 40), ("sha256", 64), ("pdq", 64), ("photodna", 288)]).flatmap(
    lambda k: st.integers(0, 16 ** k[1] - 1).map(lambda n: Fingerprint(k[0], f"{n:0{k[1]}x}"))
)  # fmt: skip
stripped = words.map(str.strip)
new_entries = st.builds(
    HashEntry,
    st.lists(fingerprints, min_size=1, max_size=3, unique_by=lambda f: f.kind).map(tuple),
    grade=st.none() | stripped.filter(bool),
    source_id=st.builds(SourceId, stripped.filter(bool)),
    changed_at=st.none() | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 – hypothesis adds the zone
    size=st.none() | st.integers(0, 2**60),
    series=stripped,
    note=stripped,
)


@given(st.lists(new_entries, max_size=4))
@settings(deadline=None)
def test_entries_from_elsewhere_are_written_and_read_back(entries: list[HashEntry]) -> None:
    found = read_vics(write_vics(VicsFile("hash_set", scheme="UK", entries=tuple(entries))))
    for entry, back in zip(entries, found.entries, strict=True):
        assert set(back.fingerprints) == set(entry.fingerprints)
        for name in ("grade", "source_id", "changed_at", "size", "series", "note"):
            assert getattr(back, name) == getattr(entry, name)


fragments = st.sampled_from(
    [b'{"value":', b"[", b"]", b"{", b"}", b",", b":", b'"MD5"', b'"Media"', b'"Exifs"', b'"AlternativeHashes"', b"null", b"1", b'"x"', b"\xff", b'"\\ud800"', b"1e999", codecs.BOM_UTF8]
)  # fmt: skip


@given(st.binary(max_size=200) | st.lists(fragments, max_size=30).map(b"".join))
@settings(deadline=None, max_examples=300)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        file = read_vics(data)
    except NotVics:
        return
    write_vics(file)


@given(documents, st.integers(1, 40), st.booleans(), st.integers(0, 2))
@settings(deadline=None, max_examples=200)
def test_a_file_in_pieces_says_the_same_as_in_one(
    document: dict[str, Any], piece: int, as_text: bool, indent: int
) -> None:
    data = json.dumps(document, ensure_ascii=as_text, indent=indent or None).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("breakwater.formats.vics.document.PIECE", piece)
        file = read_vics(data)
    whole = read_vics(data)
    assert file == whole
    assert {(f.field, f.problem) for f in file.faults} == {
        (f.field, f.problem) for f in whole.faults
    }
    assert write_vics(file).decode() == json.dumps(document, separators=(",", ":"))


def test_what_is_broken_behind_many_records_is_found_before_the_first_is_given() -> None:
    text = json.dumps(hash_set(*(media(n) for n in range(9_000))), indent=1)
    broken = text.replace('"MediaID": 8000', '"MediaID" 8000')
    line = broken[: broken.index('"MediaID" 8000')].count("\n") + 1
    with pytest.raises(NotVics, match="not JSON") as refused:
        vics.VicsReader(io.BytesIO(broken.encode()))
    assert refused.value.where.startswith(f"line {line}, column ")


def test_a_file_is_never_held_as_a_whole() -> None:
    data = json.dumps(case_file(*(media(n) for n in range(20_000)))).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("breakwater.formats.vics.document.PIECE", 4096)
        patch.setattr("breakwater.formats.vics.read.MAX_FILES", 100)
        tracemalloc.start()
        assert sum(1 for _ in vics.VicsReader(io.BytesIO(data)).records()) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < len(data) // 4


class Made:
    """Entries that are made anew each time they are gone through."""

    def __iter__(self) -> Iterator[HashEntry]:
        for number in range(20_000):
            yield HashEntry((Fingerprint("md5", f"{number:032x}"),), grade="1", note="seen " * 20)


def test_a_file_is_written_without_ever_being_held() -> None:
    case = Case(number="BE-7")
    tracemalloc.start()
    size = 0
    for block in vics.vics_blocks(VicsFile("case", cases=(case,)), {0: [Made(), Made()]}):
        size += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 40_000 * 150
    assert peak < size // 10
