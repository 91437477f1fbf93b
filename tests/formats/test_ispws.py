"""The reporting API's documents: every rule has its answer, and old ones stay readable."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from breakwater.formats import ispws
from breakwater.formats.ispws.schema import INCIDENT_TYPES
from breakwater.formats.ispws.xsd import schema_text
from breakwater.formats.record import INCIDENT_TYPES as OUR_TYPES
from breakwater.formats.record import FormatError

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
TYPE = "Online Enticement of Children for Sexual Acts"
REPORTER = (
    "<reporter><reportingPerson><email>desk@chat.example</email></reportingPerson></reporter>"
)


def report(*, summary="", between="", after="", when="2026-10-12T14:02:00Z", batch=""):
    return (
        f"<report>{batch}<incidentSummary><incidentType>{TYPE}</incidentType>{summary}"
        f"<incidentDateTime>{when}</incidentDateTime></incidentSummary>"
        f"{between}{REPORTER}{after}</report>"
    ).encode()


def details(inner=""):
    return f"<fileDetails><reportId>1</reportId><fileId>ab</fileId>{inner}</fileDetails>".encode()


def person(inner):
    return f"<personOrUserReported>{inner}</personOrUserReported>"


def test_type_time_and_reporter_are_enough():
    record = ispws.parse_report(report(), now=NOW)
    assert record.incident_type == "enticement"
    assert record.incident_at.utc == datetime(2026, 10, 12, 14, 2, tzinfo=UTC)
    assert record.not_understood == []


def test_every_type_of_the_api_has_a_code_of_ours():
    assert set(INCIDENT_TYPES.values()) == set(OUR_TYPES)


def test_a_time_keeps_its_text_and_becomes_utc():
    record = ispws.parse_report(report(when="2026-10-12T09:02:00-05:00"), now=NOW)
    assert record.incident_at.text == "2026-10-12T09:02:00-05:00"
    assert record.incident_at.utc.hour == 14


def test_presence_is_the_flag():
    for flag in ("<viral/>", "<viral>true</viral>"):
        _, file = ispws.parse_file_details(details(f"<fileAnnotations>{flag}</fileAnnotations>"))
        assert file.annotations == ["viral"]


@pytest.mark.parametrize("value", ["false", "0", "1", "maybe"])
def test_a_flag_with_another_value_is_refused(value):
    with pytest.raises(ispws.Invalid, match="present"):
        ispws.parse_file_details(
            details(f"<fileAnnotations><infant>{value}</infant></fileAnnotations>")
        )


def test_not_said_whether_viewed_is_neither_yes_nor_no():
    assert ispws.parse_file_details(details())[1].viewed is None
    assert (
        ispws.parse_file_details(details("<fileViewedByEsp>false</fileViewedByEsp>"))[1].viewed
        is False
    )


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (report(when="2026-10-12T14:02:00"), "report/incidentSummary/incidentDateTime"),
        (report(when="2027-10-12T14:02:00Z"), "report/incidentSummary/incidentDateTime"),
        (report().replace(TYPE.encode(), b"Other"), "report/incidentSummary/incidentType"),
        (report(summary="<moon/>"), "report/incidentSummary/moon"),
        (report(summary="<escalateToHighPriority>" + "x" * 3001 + "</escalateToHighPriority>"), "report/incidentSummary/escalateToHighPriority"),
        (report(after="<victim><screenName>x</screenName></victim>"), "report/victim[1]/victimPerson"),
        (report(after=person("<ipCaptureEvent><ipAddress>300.1.1.1</ipAddress></ipCaptureEvent>")), "report/personOrUserReported[1]/ipCaptureEvent[1]/ipAddress"),
        (report(after=person("<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress><port>0</port></ipCaptureEvent>")), "report/personOrUserReported[1]/ipCaptureEvent[1]/port"),
        (report(after=person("<screenName>x</screenName><espIdentifier>1</espIdentifier>")), "report/personOrUserReported[1]/espIdentifier"),
        (report(after="<additionalInfo/><additionalInfo/>"), "report/additionalInfo"),
        (report(between="<internetDetails><webPageIncident/><emailIncident/></internetDetails>"), "report/internetDetails[1]"),
        (report(between="<internetDetails><emailIncident><emailAddress>a@b.example</emailAddress></emailIncident></internetDetails>"), "report/internetDetails[1]/emailIncident/emailAddress[1]"),
        (b"<reports/>", "reports"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_answered_with_the_element_path(document, where):
    with pytest.raises(ispws.Invalid) as refused:
        ispws.parse_report(document, now=NOW)
    assert refused.value.where == where


def test_a_missing_reporter_is_named():
    with pytest.raises(ispws.Invalid, match="report/reporter: required"):
        ispws.parse_report(report().replace(REPORTER.encode(), b""), now=NOW)


BATCH = '<batchedReport reason="VIRAL_POTENTIAL_MEME"/>'


def test_a_batch_of_bare_accounts_is_accepted():
    accounts = "".join(person(f"<espIdentifier>{n}</espIdentifier>") for n in range(3))
    record = ispws.parse_report(report(batch=BATCH, after=accounts), now=NOW)
    assert record.batch == "VIRAL_POTENTIAL_MEME"
    assert len(record.persons) == 3


@pytest.mark.parametrize(
    "extra",
    [
        {"after": person("<screenName>x</screenName>")},
        {"after": ""},
        {"summary": "<escalateToHighPriority>x</escalateToHighPriority>", "after": person("<espIdentifier>1</espIdentifier>")},
        {"after": person("<espIdentifier>1</espIdentifier>") + "<additionalInfo>x</additionalInfo>"},
    ],
)  # fmt: skip
def test_a_batch_with_anything_else_is_refused(extra):
    with pytest.raises(ispws.Invalid):
        ispws.parse_report(report(batch=BATCH, **extra), now=NOW)


def test_a_batch_has_one_file_that_is_viral_or_a_meme():
    viral = details("<fileAnnotations><viral/></fileAnnotations>")
    ispws.check_batch_files([viral])
    for files in ([], [viral, viral], [None], [details()]):
        with pytest.raises(ispws.Invalid):
            ispws.check_batch_files(files)


def test_a_supplemental_file_is_neither_meme_nor_classified():
    supplemental = "<fileRelevance>Supplemental Reported</fileRelevance>"
    for more in (
        "<fileAnnotations><potentialMeme/></fileAnnotations>",
        "<industryClassification>A1</industryClassification>",
    ):
        with pytest.raises(ispws.Invalid):
            ispws.parse_file_details(details(supplemental + more))


def test_exif_viewed_means_the_file_was_viewed():
    with pytest.raises(ispws.Invalid, match="fileViewedByEsp"):
        ispws.parse_file_details(details("<exifViewedByEsp>true</exifViewedByEsp>"))


BOMB = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><report>&b;</report>'


@pytest.mark.parametrize(
    "document",
    [BOMB, b'<!DOCTYPE report SYSTEM "file:///etc/passwd"><report/>', b"", b"\0", b"<report>", b"\xff\xfe<",
     b"<report>" * 3000, b'<?xml version="1.0" encoding="klingon"?><report/>', "<report>é</report>".encode("latin-1")],
)  # fmt: skip
def test_what_is_not_safe_xml_is_refused_as_such(document):
    with pytest.raises(ispws.NotXml):
        ispws.parse_report(document, now=NOW)


def test_tolerant_reading_lists_what_it_could_not_read():
    odd = report(summary="<moon>1</moon>", when="yesterday").replace(TYPE.encode(), b"Other")
    record = ispws.read_report(odd)
    assert len(record.not_understood) == 3
    assert record.reporter_emails == ["desk@chat.example"]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        ispws.read_report(data)
    except FormatError:
        pass


tags = st.sampled_from(
    ["report", "incidentSummary", "victim", "ipCaptureEvent", "age", "email", "x"]
)
trees = st.recursive(
    st.builds(
        lambda t, s: f"<{t}>{s}</{t}>",
        tags,
        st.sampled_from(["", "1", "true", "2026-01-01T00:00:00Z"]),
    ),
    lambda inner: st.builds(
        lambda t, c: f"<{t}>{''.join(c)}</{t}>", tags, st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


@given(trees)
def test_any_tree_in_a_report_is_read_and_judged(tree):
    document = f"<report>{tree}</report>".encode()
    ispws.read_report(document)
    with pytest.raises(FormatError):
        ispws.parse_report(document, now=NOW)


def test_the_published_schema_accepts_what_the_door_accepts():
    published = etree.XMLSchema(etree.fromstring(schema_text()))
    rich = report(
        summary="<reportAnnotations><sextortion/></reportAnnotations>",
        between="<internetDetails><webPageIncident><url>http://a.example/</url></webPageIncident></internetDetails>",
        after=person(
            "<espIdentifier>1</espIdentifier><compromisedAccount/><ipCaptureEvent><ipAddress>192.0.2.1</ipAddress></ipCaptureEvent>"
        ),
    )
    ispws.parse_report(rich, now=NOW)
    published.assertValid(etree.fromstring(rich))


def test_the_published_schema_refuses_what_the_door_refuses():
    published = etree.XMLSchema(etree.fromstring(schema_text()))
    for document in (
        report(summary="<moon/>"),
        report(when="2026-10-12T14:02:00"),
        details("<fileAnnotations><infant>0</infant></fileAnnotations>"),
    ):
        assert not published.validate(etree.fromstring(document))
