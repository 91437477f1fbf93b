"""Tables of hashes: read line by line whatever tool wrote them, and written without loss."""

import codecs
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.formats import hash_table
from breakwater.formats.hash_entry import (
    HEX_LENGTHS,
    TEXT_KINDS,
    Advice,
    Fault,
    Fingerprint,
    HashEntry,
    Problem,
    SourceId,
)
from breakwater.formats.hash_table import ColumnMapping, guess_mapping, preview, read_table
from breakwater.formats.hash_table import entries as entries_room
from breakwater.matching.pdq import LEAST_QUALITY

MD5 = [f"{n:032x}" for n in range(1, 400)]
SHA1 = f"{7:040x}"
LONG = "ab" * 32


def read(data: bytes, mapping: ColumnMapping | None = None) -> tuple[list[HashEntry], list[Fault]]:
    found = list(read_table(io.BytesIO(data), mapping))
    entries = [item for item in found if isinstance(item, HashEntry)]
    return entries, [item for item in found if isinstance(item, Fault)]


def md5s(entries: list[HashEntry]) -> list[str]:
    return [value for entry in entries for value in entry.values("md5")]


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode() + b"\n"


def test_one_column_of_md5_needs_no_header() -> None:
    entries, faults = read(table(*MD5[:3]))
    assert md5s(entries) == MD5[:3]
    assert faults == []


def test_columns_are_known_by_their_names() -> None:
    entries, faults = read(
        table(
            "MediaID;MD5;SHA-1;Category;FileSize;Date Updated;Tags;Camera",
            f"501;{MD5[0].upper()};{SHA1};1;2835;2026-10-12T14:02:00Z;beach, 2 people;Synth",
        )
    )
    assert faults == []
    assert entries == [
        HashEntry(
            (Fingerprint("md5", MD5[0]), Fingerprint("sha1", SHA1)),
            grade="1",
            source_id=SourceId("501"),
            size=2835,
            changed_at=datetime(2026, 10, 12, 14, 2, tzinfo=UTC),
            tags=("beach", "2 people"),
            extra={"table": {"Camera": "Synth"}},
        )
    ]


def test_sixty_four_digits_without_a_name_are_a_question() -> None:
    entries, faults = read(table(LONG))
    assert entries == []
    assert faults[0].problem is Problem.AMBIGUOUS_KIND
    assert faults[0].advice is Advice.CHOOSE_KIND
    for name, kind in (("sha256", "sha256"), ("PDQ hash", "pdq")):
        entries, faults = read(table(name, LONG))
        assert faults == []
        assert entries[0].fingerprints == (Fingerprint(kind, LONG),)


def test_a_column_of_hashes_may_have_its_kind_beside_it() -> None:
    entries, faults = read(
        table("type,hash", f"PDQ,{LONG}", f"md5,{MD5[0]}", f"CRC,{MD5[1]}"),
        ColumnMapping({"type": "kind", "hash": "hash"}),
    )
    assert [e.fingerprints[0].kind for e in entries] == ["pdq", "md5"]
    assert [f.problem for f in faults] == [Problem.UNKNOWN_KIND, Problem.NO_FINGERPRINT]


def test_what_holds_for_the_whole_file_is_said_in_the_mapping() -> None:
    mapping = ColumnMapping(
        {"1": "md5", "2": "entry_id"}, has_header=False, media="video", scheme="COPINE",
        member_id="42", member_name="Example Unit",
    )  # fmt: skip
    (entry,), _ = read(table(f"{MD5[0]},v1"), mapping)
    assert entry.source_id == SourceId("v1", "42")
    assert (entry.media, entry.scheme, entry.member_name) == ("video", "COPINE", "Example Unit")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    rows = [delimiter.join([MD5[n], "a note"]) for n in range(5)]
    entries, faults = read(table(delimiter.join(["md5", "note"]), *rows))
    assert [e.note for e in entries] == ["a note"] * 5
    assert faults == []


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encoding_and_line_ends_are_found(encoding: str, newline: str) -> None:
    text = newline.join(["md5,note", f"{MD5[0]},Zoë", f"{MD5[1]},été", ""])
    entries, faults = read(text.encode(encoding))
    assert [e.note for e in entries] == ["Zoë", "été"]
    assert faults == []


def test_latin_1_is_read_and_said_once() -> None:
    entries, faults = read(f"md5,note\n{MD5[0]},Zoë\n{MD5[1]},été\n".encode("latin-1"))
    assert [e.note for e in entries] == ["Zoë", "été"]
    assert [(f.place, f.problem) for f in faults] == [(1, Problem.ODD_ENCODING)]


def test_a_line_in_another_encoding_is_named_by_its_number() -> None:
    good, odd = f"{MD5[0]},Zoë\n".encode(), f"{MD5[1]},été\n".encode("latin-1")
    entries, faults = read(b"md5,note\n" + good + odd + good)
    assert [e.note for e in entries] == ["Zoë", "été", "Zoë"]
    assert [(f.place, f.problem) for f in faults] == [(3, Problem.MIXED_ENCODINGS)]


def test_nul_bytes_are_left_out_and_named_by_their_line() -> None:
    entries, faults = read(f"{MD5[0]}\n{MD5[1]}\0\n{MD5[2]}\n".encode())
    assert md5s(entries) == MD5[:3]
    assert [(f.place, f.problem) for f in faults] == [(2, Problem.NUL_BYTES)]


def test_a_bad_line_is_a_fault_and_the_next_one_is_read() -> None:
    entries, faults = read(table("md5,sha1", f"{MD5[0]},{SHA1}", "xyz,", f"{MD5[1]},12", MD5[2]))
    assert md5s(entries) == MD5[:3]
    assert [(f.place, f.field, f.problem) for f in faults] == [
        (3, "md5", Problem.NOT_HEXADECIMAL),
        (3, "", Problem.NO_FINGERPRINT),
        (4, "sha1", Problem.WRONG_LENGTH),
        (5, "", Problem.ROW_WIDTH),
    ]
    assert [f.refused for f in faults] == [True, True, True, False]


def test_comments_blank_lines_and_repeated_headers_are_passed_over() -> None:
    entries, faults = read(
        table("md5,note", f"{MD5[0]},a", "", "# part 2", "md5,note", f"{MD5[1]},b")
    )
    assert md5s(entries) == MD5[:2]
    assert [(f.place, f.problem) for f in faults] == [
        (4, Problem.COMMENT),
        (5, Problem.REPEATED_HEADER),
    ]


def test_a_cell_that_begins_like_a_comment_is_no_comment() -> None:
    entries, faults = read(table("# made by a tool", "source,md5", f"#7,{MD5[0]}"))
    assert [(e.member_name, e.values("md5")) for e in entries] == [("#7", (MD5[0],))]
    assert [(f.place, f.problem) for f in faults] == [(1, Problem.COMMENT)]


def test_a_note_may_have_several_lines() -> None:
    entries, faults = read(table("md5,note", f'{MD5[0]},"one', 'two"', f"{MD5[1]},x"))
    assert [e.note for e in entries] == ["one\ntwo", "x"]
    assert faults == []


@pytest.mark.parametrize("after", [3, 350])
def test_a_quotation_mark_that_nobody_closed_costs_one_line(after: int) -> None:
    lines = [f"{MD5[0]},a", f'{MD5[1]},"b', *(f"{md5},c" for md5 in MD5[2:after])]
    entries, faults = read(table("md5,note", *lines))
    assert md5s(entries) == [MD5[0], *MD5[2:after]]
    assert [(f.place, f.problem) for f in faults] == [(3, Problem.BROKEN_QUOTES)]


def test_a_stray_quotation_mark_before_a_hash_costs_no_other_line() -> None:
    entries, faults = read(table("md5,note", f'"{MD5[0]},a', f"{MD5[1]},b", f'{MD5[2]},"c"'))
    assert md5s(entries) == MD5[1:3]
    assert [(f.place, f.problem) for f in faults] == [(2, Problem.BROKEN_QUOTES)]


def test_a_line_without_end_is_left_out() -> None:
    data = table("md5", MD5[0]) + b"x" * 3_000_000 + b"\n" + table(MD5[1])
    entries, faults = read(data)
    assert md5s(entries) == MD5[:2]
    assert [(f.place, f.problem) for f in faults] == [(3, Problem.TOO_LONG)]


def test_a_column_that_the_file_has_not_is_said() -> None:
    _, faults = read(table("md5", MD5[0]), ColumnMapping({"md5": "md5", "grade": "grade"}))
    assert [(f.field, f.problem) for f in faults] == [("grade", Problem.MISSING)]


OBJECTS = [{"md5": MD5[0], "Category": 1, "x": {"y": [1]}}, {"md5": MD5[1], "tags": ["a", "b;c"]}]


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(OBJECTS),
        json.dumps(OBJECTS, indent=2),
        "\n".join(json.dumps(o) for o in OBJECTS),
        ",\n".join(json.dumps(o) for o in OBJECTS),
        "\ufeff" + json.dumps(OBJECTS),
    ],
)
def test_json_is_read_as_a_list_or_line_by_line(data: str) -> None:
    entries, faults = read(data.encode())
    assert faults == []
    assert md5s(entries) == MD5[:2]
    assert entries[0].grade == "1"
    assert entries[0].extra == {"table": {"x": {"y": [1]}}}
    assert entries[1].tags == ("a", "b;c")


def test_a_broken_member_of_a_list_costs_only_itself() -> None:
    members = [f'{{"md5": "{md5}"}}' for md5 in MD5[:200]]
    members[50] = '{"md5": oops}'
    members[60] = "17"
    members[70] = '{"md5": ' + "[" * 100_000 + "]" * 100_000 + "}"
    entries, faults = read(("[" + ", ".join(members) + "]").encode())
    assert md5s(entries) == [md5 for n, md5 in enumerate(MD5[:200]) if n not in (50, 60, 70)]
    assert [(f.place, f.problem) for f in faults] == [
        ("[50]", Problem.NOT_JSON),
        ("[60]", Problem.NOT_AN_OBJECT),
        ("[70]", Problem.TOO_DEEP),
    ]


def test_a_broken_json_line_is_named_by_its_number() -> None:
    deep = "[" * 100_000
    entries, faults = read(
        table(json.dumps(OBJECTS[0]), "{oops", "17", deep, json.dumps(OBJECTS[1]))
    )
    assert md5s(entries) == MD5[:2]
    assert [(f.place, f.problem) for f in faults] == [
        (2, Problem.NOT_JSON),
        (3, Problem.NOT_AN_OBJECT),
        (4, Problem.TOO_DEEP),
    ]


def test_a_preview_shows_rows_and_what_the_columns_may_be() -> None:
    shown = preview(io.BytesIO(table("Hash A,Name", *(f"{md5},x" for md5 in MD5))), rows=5)
    assert shown.columns == ("Hash A", "Name")
    assert len(shown.rows) == 5
    assert shown.rows[0] == (MD5[0], "x")
    assert shown.mapping == ColumnMapping({"Hash A": "md5"})


def test_a_preview_of_json_shows_rows_too() -> None:
    shown = preview(io.BytesIO(json.dumps(OBJECTS).encode()))
    assert shown.columns == ("md5", "Category", "x", "tags")
    assert shown.mapping.columns == {"md5": "md5", "Category": "grade", "tags": "tags"}


def test_photodna_is_known_by_its_shape_and_two_columns_of_a_kind_are_not_guessed() -> None:
    assert guess_mapping([["0a" * 144]]).mapping.columns == {"1": "photodna"}
    assert guess_mapping([[MD5[0], MD5[1]]]).mapping.columns == {"1": "md5"}
    assert guess_mapping([]).mapping.columns == {}


class Trickle(io.RawIOBase):
    """A stream that gives one piece at a time, as a socket does."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1) -> bytes:
        return next(self._pieces, b"")


def test_a_stream_may_come_in_pieces() -> None:
    data = table("md5,note", *(f"{md5},é" for md5 in MD5))
    stream = Trickle(data[n : n + 7] for n in range(0, len(data), 7))
    assert len(list(read_table(stream))) == len(MD5)  # type: ignore[arg-type]


words = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ufeff�", exclude_categories=["Cs"]),
    max_size=20,
).map(str.strip)
hexadecimal = st.sampled_from(sorted(HEX_LENGTHS.items())).flatmap(
    lambda k: st.integers(0, 16 ** k[1] - 1).map(lambda n: Fingerprint(k[0], f"{n:0{k[1]}x}"))
)
other = st.tuples(st.sampled_from(TEXT_KINDS), words.filter(bool)).map(lambda t: Fingerprint(*t))
photodna = st.binary(min_size=144, max_size=144).map(lambda b: Fingerprint("photodna", b.hex()))
entries_of = st.builds(
    HashEntry,
    st.lists(hexadecimal | other | photodna, min_size=1, max_size=4).map(tuple),
    media=st.sampled_from(["image", "video", "unknown"]),
    grade=st.none() | words.filter(bool),
    scheme=st.none() | words.filter(bool),
    source_id=st.none() | st.builds(SourceId, words.filter(bool), words),
    member_name=words,
    changed_at=st.none() | st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 – hypothesis adds the zone
    size=st.none() | st.integers(0, 10**18 - 1),
    mime_type=st.just(""),
    series=words,
    tags=st.lists(words, max_size=3).map(tuple),
    note=words,
    extra=st.dictionaries(words, words | st.integers(-9, 9) | st.lists(words, max_size=2)),
    deleted=st.booleans(),
)


@given(st.lists(entries_of, max_size=5))
@settings(deadline=None)
def test_what_is_written_is_read_back_the_same(entries: list[HashEntry]) -> None:
    # Fingerprints of one kind keep their order; between kinds the columns give it.
    found, faults = read(b"".join(hash_table.write_table(entries)))
    assert faults == []
    assert [sorted(e.fingerprints) for e in found] == [sorted(e.fingerprints) for e in entries]
    names = set(HashEntry.__slots__) - {"fingerprints", "place"}
    plain = [{s: getattr(e, s) for s in names} for e in found]
    assert plain == [{s: getattr(e, s) for s in names} for e in entries]


def test_a_spreadsheet_gets_no_formulas() -> None:
    entry = HashEntry((Fingerprint("md5", MD5[0]),), note="=1+1")
    assert b"'=1+1" in b"".join(hash_table.write_table([entry], for_spreadsheet=True))


fragments = st.sampled_from(
    [b"md5", b",", b";", b'"', b"\n", b"\r", b"\0", b"#", b"{", b"}", b"[", b"]", b":", b'"md5"', b'"' + MD5[0].encode() + b'"', MD5[1].encode(), b"\xff", b"\xc3\xa9", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"1"]
)  # fmt: skip


@given(st.binary(max_size=200) | st.lists(fragments, max_size=40).map(b"".join))
@settings(deadline=None, max_examples=300)
def test_no_bytes_raise(data: bytes) -> None:
    for item in read_table(io.BytesIO(data)):
        assert isinstance(item, HashEntry | Fault)
    shown = preview(io.BytesIO(data))
    list(read_table(io.BytesIO(data), shown.mapping, shown.shape))
    for form in ("csv", "lines", "list"):
        list(read_table(io.BytesIO(data), ColumnMapping({"md5": "md5"}), hash_table.Shape(form)))  # type: ignore[arg-type]


def test_pdq_of_a_poor_picture_is_set_aside_and_its_digests_are_kept() -> None:
    text = (
        "path,md5,frame,pdq,quality\n"
        f"black.png,{'a' * 32},,{'0' * 64},0\n"
        f"grey.png,{'b' * 32},,{'1' * 64},49\n"
        f"good.png,{'c' * 32},,{'2' * 64},50\n"
        f"odd.png,{'d' * 32},,{'3' * 64},fine\n"
    )
    found, faults = read(text.encode())
    assert [[f.kind for f in e.fingerprints] for e in found] == [
        ["md5"], ["md5"], ["md5", "pdq"], ["md5", "pdq"],
    ]  # fmt: skip
    assert [(f.place, f.problem, f.advice, f.found) for f in faults] == [
        (2, Problem.LOW_QUALITY, Advice.VALUE_LEFT_OUT, "0"),
        (3, Problem.LOW_QUALITY, Advice.VALUE_LEFT_OUT, "49"),
        (5, Problem.BAD_NUMBER, Advice.KEPT_AS_WRITTEN, "fine"),
    ]
    assert found[0].extra["table"]["pdq"] == "0" * 64
    again, none = read(b"".join(hash_table.write_table(found)))
    assert (again, none) == (found, [])


def test_the_least_quality_is_that_of_the_matching_room() -> None:
    assert entries_room.LEAST_QUALITY == LEAST_QUALITY


@pytest.mark.parametrize(
    ("form", "count"), [("csv", 500), ("csv", 501), ("csv", 20_000), ("list", 500), ("list", 501)]
)
def test_a_table_of_too_many_columns_is_refused_before_anybody_is_asked(
    form: str, count: int
) -> None:
    names = [f"c{n}" for n in range(count - 1)]
    if form == "csv":
        data = ",".join(["md5", *names]).encode() + b"\n" + b"a" * 32 + b"," * (count - 1)
    else:
        data = json.dumps([{"md5": "a" * 32} | dict.fromkeys(names, "")]).encode()
    if count <= hash_table.MAX_COLUMNS:
        assert len(hash_table.preview(io.BytesIO(data)).columns) == count
        return
    with pytest.raises(hash_table.TooManyColumns, match="at most 500 are read"):
        hash_table.preview(io.BytesIO(data))
    with pytest.raises(hash_table.TooManyColumns):
        list(hash_table.read_table(io.BytesIO(data)))
