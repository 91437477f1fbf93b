"""Partners' files: what is read, what is told of what cannot be, and that nothing else happens."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.formats.assessment_table import (
    ANSWERS,
    COLUMNS,
    CRITERIA,
    LEVELS,
    MOST_BYTES,
    MOST_LINES,
    Answers,
    BadTable,
    Expected,
    Fault,
    Line,
    Sight,
    read_moment,
    read_table,
    write_json,
    write_table,
)
from breakwater.formats.domain_name import read_name

GOOD = {
    "domain": "hxxps://Bad[.]example/x", "evidence": "E-1", "seen": "Seen on its pages",
    "seen_at": "2026-11-01T10:00Z", "real": "yes", "under_13": "Yes", "severe": "yes",
    "online": "yes", "seen_online_at": "2026-11-01 12:00 +01:00", "confidence": "high",
    "note": "", "assessor": "Ann Other", "provider": "Host", "country": "cw", "registrar": "",
    "address": "192.0.2.7",
}  # fmt: skip


def csv_of(*rows, separator=",", names=COLUMNS):
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "\n".join(separator.join(cells) for cells in lines).encode()


def faults_of(**changed):
    return [(f.field, f.expected) for f in read_table(csv_of(GOOD | changed)).faults]


def test_a_line_says_why_and_how_the_authority_judges():
    (line,) = read_table(csv_of(GOOD)).lines
    assert (line.number, line.name.name, line.assessor) == (2, "bad.example", "Ann Other")
    assert line.sight == Sight("E-1", "Seen on its pages", datetime(2026, 11, 1, 10, tzinfo=UTC))
    assert line.answers.seen_online_at == datetime(2026, 11, 1, 11, tzinfo=UTC)
    assert line.answers.under_13 == "yes"
    assert line.hosting == {"provider": "Host", "country": "CW", "address": "192.0.2.7"}


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text,
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n") + "\r\n\r\n",
        lambda text: text.replace("seen_online_at", " Seen online-at "),
    ],
)
def test_what_spreadsheets_do_to_a_table_is_read(separator, spoil):
    text = spoil(csv_of(GOOD, separator=separator).decode())
    for encoding in ("utf-8", "utf-16"):
        table = read_table(text.removeprefix("\ufeff" * (encoding == "utf-16")).encode(encoding))
        assert (len(table.lines), table.faults) == (1, ())


def test_the_line_in_which_excel_names_the_separator_is_no_header():
    table = read_table(b"sep=;\r\n" + csv_of(GOOD, separator=";"))
    assert (table.lines[0].number, table.faults) == (3, ())


def test_a_file_may_only_nominate_or_only_assess():
    only_sight = {n: v for n, v in GOOD.items() if n not in (*CRITERIA, "seen_online_at")}
    only_sight["confidence"] = ""
    only_answers = GOOD | dict.fromkeys(
        ("evidence", "seen", "seen_at", "provider", "country", "address"), ""
    )
    lines = read_table(csv_of(only_sight, only_answers)).lines
    assert [(bool(x.sight), bool(x.answers)) for x in lines] == [(True, False), (False, True)]
    bare = {"domain": "bad.example", "assessor": "A"}
    (fault,) = read_table(csv_of(bare)).faults
    assert fault == Fault(2, "evidence", Expected.SIGHT_OR_JUDGEMENT)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"domain": "192.0.2.1"}, ("domain", "ip_address")),
        ({"domain": ""}, ("domain", "something")),
        ({"seen_at": "2026-11-01 10:00"}, ("seen_at", "zone")),
        ({"seen_at": "01/11/2026"}, ("seen_at", "moment")),
        ({"seen_at": "2026-02-30T10:00Z"}, ("seen_at", "moment")),
        ({"seen_at": "0001-01-01T00:00+14:00"}, ("seen_at", "moment")),
        ({"severe": "perhaps"}, ("severe", "answer")),
        ({"severe": ""}, ("severe", "something")),
        ({"confidence": "certain"}, ("confidence", "level")),
        ({"assessor": " "}, ("assessor", "something")),
        ({"country": "Curacao"}, ("country", "country")),
        ({"address": "host"}, ("address", "address")),
        ({"evidence": "x" * 201}, ("evidence", "shorter")),
        ({"note": "a\x07b"}, ("note", "plain")),
    ],
)
def test_each_fault_is_told_with_its_field(changed, told):
    assert faults_of(**changed) == [told]


def test_a_faulty_line_leaves_its_neighbours_alone():
    table = read_table(csv_of(GOOD, GOOD | {"real": "?", "online": "?"}, GOOD))
    assert [line.number for line in table.lines] == [2, 4]
    assert [(f.line, f.field, f.text) for f in table.faults] == [
        (3, "real", "?"),
        (3, "online", "?"),
    ]


def test_columns_that_mean_nothing_and_cells_too_many_are_told():
    more = csv_of(GOOD | {"colour": "red"}, names=(*COLUMNS, "colour"))
    table = read_table(more)
    assert (len(table.lines), table.faults) == (1, (Fault(1, "colour", "known_column"),))
    assert read_table(csv_of(GOOD) + b",more").faults[0].expected == "width"
    assert read_table(csv_of(GOOD) + b'\n"open').faults[0].expected == "quotes"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"domain\nb\xe4d.example\n", "not_utf8"),
        (b"[{]", "not_json"),
        (b'{"a": 1}', "not_json"),
        (b"[" * 5000, "not_json"),
        (rb'[{"domain": "bad.example", "assessor": "\ud800"}]', "not_json"),
        (b"name,note\nbad.example,x\n", "no_domain_column"),
        (b"domain,note,Note\n", "column_twice"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
        (csv_of(*[GOOD] * (MOST_LINES + 1)), "too_many_lines"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, problem):
    with pytest.raises(BadTable) as told:
        read_table(data)
    assert told.value.problem == problem


def test_json_is_read_with_its_own_kinds_of_values():
    one = '{"domain": "bad.example", "assessor": "A", "real": true, "under_13": false, '
    one += '"severe": "unsure", "online": "no", "seen_online_at": "2026-11-01T10:00:00.5Z", '
    one += '"confidence": "low", "note": null}'
    table = read_table(f'[{one}, 7, {{"domain": 7, "evidence": []}}]'.encode())
    assert table.lines[0].answers.real == "yes"
    assert table.lines[0].answers.under_13 == "no"
    assert (table.faults[0].line, table.faults[0].expected) == (2, "object")
    assert {f.field: f.expected for f in table.faults if f.line == 3}["domain"] == "text"
    assert read_table(b'{"assessments": [' + one.encode() + b"]}").lines == table.lines


def test_the_template_is_read_as_an_empty_table():
    assert read_table(write_table([]).encode()) == read_table(
        b",".join(c.encode() for c in COLUMNS)
    )
    assert read_table(write_table([]).encode()).lines == ()


MOMENTS = st.datetimes(timezones=st.just(UTC))


def texts(most):
    plain = st.characters(exclude_categories=("Cc", "Cs"))
    some = st.text(plain | st.sampled_from("\n'=+-@,;\""), min_size=1, max_size=most)
    return some.map(str.strip).filter(bool)


SIGHTS = st.builds(Sight, texts(200), texts(300), MOMENTS)
ANSWERED = st.builds(
    Answers, *[st.sampled_from(ANSWERS)] * 4, MOMENTS, st.sampled_from(LEVELS),
    texts(300) | st.just(""),
)  # fmt: skip


@st.composite
def lines(draw):
    given_name = draw(
        st.sampled_from(("bad.example", "https://bücher.example/x", "xn--bcher-kva.test"))
    )
    sight, answers = draw(st.none() | SIGHTS), draw(st.none() | ANSWERED)
    if sight is None and answers is None:
        sight = draw(SIGHTS)
    hosting = draw(st.just({}) | st.just({"country": "CW", "address": "2001:db8::1"}))
    return Line(
        0, given_name, read_name(given_name), draw(texts(200)), sight, answers,
        hosting if sight else {},
    )  # fmt: skip


def bare(line):
    return (line.given, line.name, line.assessor, line.sight, line.answers, line.hosting)


@given(st.lists(lines(), max_size=5))
def test_what_is_written_is_read_back(some):
    for data in (write_table(some).encode(), write_json(some)):
        table = read_table(data)
        assert table.faults == ()
        assert [bare(line) for line in table.lines] == [bare(line) for line in some]


WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@given(
    st.binary()
    | st.text().map(lambda text: text.encode("utf-16", "surrogatepass"))
    | st.lists(st.dictionaries(st.sampled_from(COLUMNS), WORDS)).map(lambda x: csv_of(*x))
    | st.lists(st.dictionaries(st.sampled_from(COLUMNS), st.recursive(WORDS, st.lists))).map(
        lambda x: json.dumps(x).encode()
    )
)
def test_no_bytes_raise_anything_but_a_bad_table(data):
    with contextlib.suppress(BadTable):
        read_table(data)


@given(st.text(max_size=40))
def test_no_text_is_a_moment_by_accident(text):
    found = read_moment(text)
    assert isinstance(found, Expected) or found.tzinfo is UTC
