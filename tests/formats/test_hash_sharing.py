"""The Hash Sharing API's documents: read from any server, written for any client."""

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from breakwater.formats import hash_sharing
from breakwater.formats.hash_entry import Advice, Fingerprint, HashEntry, Problem, SourceId
from breakwater.formats.hash_sharing import (
    EntryFeedback,
    Member,
    Opinion,
    QueryResult,
    Reason,
    SharedEntry,
    SharingError,
    Status,
    Submission,
    read_members,
    read_query_result,
    read_reasons,
    read_status,
    read_submission,
    write_members,
    write_query_result,
    write_reasons,
    write_status,
    write_submission,
)

XMLNS = f'xmlns="{hash_sharing.NAMESPACE}"'
NEXT = "/v2/entries?from=2026-10-20T00%3A00%3A00Z&to=2026-10-30T00%3A00%3A00Z&start=2001&size=1000&max=3000"
NOON = datetime(2026, 10, 24, 12, tzinfo=UTC)
READERS = (read_status, read_members, read_query_result, read_reasons, read_submission)


def page(inner: str) -> bytes:
    return f'<?xml version="1.0"?><queryResult {XMLNS}>{inner}</queryResult>'.encode()


def image(inner: str = "", *, fingerprints: str = f"<md5>{'a1' * 16}</md5>") -> str:
    return (
        '<image><member id="42">Example Member</member><timestamp>2026-10-24T12:00:00Z</timestamp>'
        f"<id>image1</id><fingerprints>{fingerprints}</fingerprints>{inner}</image>"
    )


def images(*found: str) -> str:
    newest = "2026-10-24T12:00:00Z"
    return f'<images count="{len(found)}" maxTimestamp="{newest}">{"".join(found)}</images>'


def faults(result: QueryResult) -> list[tuple[str, Problem]]:
    return [(fault.field, fault.problem) for fault in result.faults]


def test_a_page_is_read_with_its_withdrawn_entries_and_its_next() -> None:
    deleted = (
        '<deletedVideo><member id="43">Other</member><id>video4</id>'
        "<timestamp>2026-10-24T15:20:00Z</timestamp></deletedVideo>"
    )
    result = read_query_result(
        page(
            images(image("<classification>A1</classification>"))
            + f'<videos count="1" maxTimestamp="2026-10-24T15:20:00Z">{deleted}</videos>'
            + f"<paging><next>{NEXT.replace('&', '&amp;')}</next></paging>"
        )
    )
    assert result.faults == ()
    assert result.next_path == NEXT
    assert result.images_until == NOON
    assert result.until == datetime(2026, 10, 24, 15, 20, tzinfo=UTC)
    assert [shared.entry for shared in result.entries] == [
        HashEntry(
            (Fingerprint("md5", "a1" * 16),),
            media="image",
            grade="A1",
            scheme="industry",
            source_id=SourceId("image1", "42"),
            member_name="Example Member",
            changed_at=NOON,
        ),
        HashEntry(
            (),
            media="video",
            source_id=SourceId("video4", "43"),
            member_name="Other",
            changed_at=datetime(2026, 10, 24, 15, 20, tzinfo=UTC),
            deleted=True,
        ),
    ]


def test_every_kind_of_fingerprint_is_taken() -> None:
    kinds = (
        f"<sha1>{'A1' * 20}</sha1><pdq>{'a1' * 32}</pdq><pdna>{'a1' * 144}</pdna>"
        "<netclean>Nc+/=</netclean><videntifier>V</videntifier><tmk_pdqf>T</tmk_pdqf>"
        "<ssvh_pdna>S</ssvh_pdna><ssvh-safer-hash>H</ssvh-safer-hash>"
    )
    result = read_query_result(page(images(image(fingerprints=kinds))))
    assert result.faults == ()
    assert dict(result.entries[0].entry.fingerprints) == {
        "sha1": "a1" * 20,
        "pdq": "a1" * 32,
        "photodna": "a1" * 144,
        "netclean": "Nc+/=",
        "videntifier": "V",
        "tmk_pdqf": "T",
        "ssvh_pdna": "S",
        "ssvh_safer_hash": "H",
    }


def test_a_large_fingerprint_is_a_link_and_an_unreadable_one_is_kept() -> None:
    inner = (
        '<tmk-pdqf rel="self" href="/v2/entries/1/fingerprints/TMK_PDQF"/>'
        "<pdna>a1a1...</pdna><crc>12</crc>"
    )
    data = page(images(image(fingerprints=inner)))
    result = read_query_result(data)
    assert faults(result) == [
        ("pdna", Problem.NOT_HEXADECIMAL),
        ("crc", Problem.UNKNOWN_KIND),
    ]
    (shared,) = result.entries
    assert shared.entry.extra["hash_sharing"] == {
        "links": {"tmk-pdqf": "/v2/entries/1/fingerprints/TMK_PDQF"},
        "unread": [["pdna", "a1a1..."], ["crc", "12"]],
    }
    assert read_query_result(write_query_result(result)) == result


FEEDBACK = """<feedback lastUpdateTimestamp="2026-10-24T12:00:00Z">
<affirmativeFeedback type="Md5" lastUpdateTimestamp="2026-10-24T11:00:00Z">
  <members timestamp="2026-10-24T12:00:00Z"><member id="1">One</member><member id="2">Two</member></members>
</affirmativeFeedback>
<negativeFeedback type="Sha1" lastUpdateTimestamp="2026-10-24T12:00:00Z"><reasons>
  {reasons}
</reasons></negativeFeedback></feedback>"""
REASON = '<reason guid="g1" name="Not illegal" type="Sha1"'
MEMBERS = '<members timestamp="2026-10-24T12:00:00Z"><member id="3">Three</member></members>'


@pytest.mark.parametrize("reasons", [f"{REASON}/>{MEMBERS}", f"{REASON}>{MEMBERS}</reason>"])
def test_feedback_says_who_agrees_and_who_does_not_and_why(reasons: str) -> None:
    result = read_query_result(page(images(image(FEEDBACK.format(reasons=reasons)))))
    assert result.faults == ()
    assert result.entries[0].feedback == EntryFeedback(
        (
            Opinion("Md5", True, (Member("1", "One"), Member("2", "Two")), None, NOON),
            Opinion(
                "Sha1", False, (Member("3", "Three"),), Reason("g1", "Not illegal", "Sha1"), NOON
            ),
        ),
        NOON,
    )


def test_a_reason_without_members_is_an_opinion_of_nobody() -> None:
    inner = FEEDBACK.format(reasons=f'{REASON}/><reason guid="g2" name="x"/>{MEMBERS}')
    result = read_query_result(page(images(image(inner))))
    opinions = result.entries[0].feedback.opinions[1:]
    assert [(o.reason.guid, len(o.members)) for o in opinions if o.reason] == [("g1", 0), ("g2", 1)]


def test_unknown_elements_are_faults_and_the_rest_is_read() -> None:
    inner = image("<moon>1</moon><feedback><stars/></feedback>")
    result = read_query_result(page(images(inner, "<sound/>") + "<sun/>"))
    assert [(f.place, f.problem, f.advice) for f in result.faults if f.field != "count"] == [
        (place, Problem.UNKNOWN_ELEMENT, Advice.VALUE_LEFT_OUT)
        for place in (
            "queryResult/images/image[1]/moon",
            "queryResult/images/image[1]/feedback/stars",
            "queryResult/images/sound",
            "queryResult/sun",
        )
    ]
    assert len(result.entries) == 1


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (f"<images>{image()}</images>", [("maxTimestamp", Problem.MISSING)]),
        (images(image()).replace('count="1"', 'count="2"'), [("count", Problem.COUNT_DIFFERS)]),
        (images(image()).replace("T12:00:00Z<", "T12:00:00<"), [("timestamp", Problem.TIME_WITHOUT_ZONE)]),
        (images(image()).replace("<id>image1</id>", ""), [("id", Problem.MISSING)]),
        (images(image()).replace('id="42"', ""), [("id", Problem.MISSING), ("member", Problem.MISSING)]),
        (images(image(fingerprints="")), [("", Problem.NO_FINGERPRINT)]),
    ],
)  # fmt: skip
def test_what_is_odd_in_a_page_is_named(document: str, expected: list[tuple[str, Problem]]) -> None:
    assert faults(read_query_result(page(document))) == expected


def test_a_missing_namespace_is_tolerated() -> None:
    data = page(images(image())).replace(XMLNS.encode(), b"")
    result = read_query_result(data)
    assert faults(result) == [("xmlns", Problem.WRONG_NAMESPACE)]
    assert len(result.entries) == 1


@pytest.mark.parametrize(
    "path", ["https://other.example/v2/entries?x=1", "//x", ".example/v2", "/v2/entries?\n1"]
)
def test_a_next_page_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(SharingError, match="/v2/entries"):
        read_query_result(page(f"<paging><next>{path}</next></paging>"))


BOMB = (
    '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9)).replace("&a0;", "&a;")
    + f"]><queryResult {XMLNS}><sun>&a8;</sun></queryResult>"
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><queryResult/>',
        f"<queryResult {XMLNS}>{'<a>' * 3000}{'</a>' * 3000}</queryResult>".encode(),
        f"<queryResult {XMLNS}><sun>{'x' * 11_000_000}</sun></queryResult>".encode(),
        b"<queryResult>",
        b"<other/>",
        b"",
    ],
    ids=["bomb", "bomb in utf-16", "outside", "deep", "long", "open", "other", "empty"],
)
def test_a_document_that_is_none_or_not_safe_is_refused(data: bytes) -> None:
    for reader in READERS:
        with pytest.raises(SharingError):
            reader(data)


def test_a_document_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(SharingError, match="at most"):
        read_members(b"<members>" + b" " * hash_sharing.MAX_BYTES)


def test_status_says_who_we_are() -> None:
    status = Status(Member("1", "Sample Desk"), "desk", "192.0.2.1")
    written = write_status(status)
    assert read_status(written) == status
    root = etree.fromstring(written)
    assert root.tag == f"{{{hash_sharing.NAMESPACE}}}status"
    with pytest.raises(SharingError, match="status/member"):
        read_status(f"<status {XMLNS}/>".encode())


def test_feedback_agrees_or_gives_reasons() -> None:
    for submission in (Submission(True), Submission(False, ("g1", "g2"))):
        assert read_submission(write_submission(submission)) == submission


@pytest.mark.parametrize(
    ("inner", "where"),
    [
        ("", "feedbackSubmission"),
        ("<affirmative/><negative/>", "feedbackSubmission"),
        ("<negative/>", "feedbackSubmission/negative/reasonIds"),
        ("<negative><reasonIds><guid> </guid></reasonIds></negative>", "feedbackSubmission/negative/reasonIds"),
    ],
)  # fmt: skip
def test_feedback_that_says_nothing_is_refused(inner: str, where: str) -> None:
    with pytest.raises(SharingError) as refused:
        read_submission(f"<feedbackSubmission {XMLNS}>{inner}</feedbackSubmission>".encode())
    assert refused.value.where == where


def test_reasons_are_read_as_the_root_and_inside_of_one() -> None:
    reasons = (Reason("g1", "Not illegal", "Sha1"), Reason("g2", "Adult", "Sha1"))
    written = write_reasons(reasons)
    assert read_reasons(written) == reasons
    inside = b"<feedback>" + written.partition(b"?>")[2] + b"</feedback>"
    assert read_reasons(inside) == reasons


@pytest.mark.parametrize("kind", ["md5", "photodna", "tmk_pdqf", "ssvh_safer_hash"])
def test_the_word_for_a_kind_in_addresses_leads_back_to_the_kind(kind: str) -> None:
    assert hash_sharing.kind_of_feedback_type(hash_sharing.feedback_type(kind)) == kind


def test_the_newest_time_is_written_to_the_second_for_the_open_client() -> None:
    entry = HashEntry(
        (Fingerprint("md5", "a1" * 16),), source_id=SourceId("1", "2"),
        changed_at=NOON.replace(microsecond=999_999),
    )  # fmt: skip
    root = etree.fromstring(write_query_result(QueryResult((SharedEntry(entry),))))
    group = root.find("{*}images")
    assert group is not None
    assert group.get("maxTimestamp") == "2026-10-24T12:00:00Z"
    assert group.get("count") == "1"


def test_an_entry_that_cannot_be_named_again_is_not_shared() -> None:
    with pytest.raises(ValueError, match="without source id"):
        write_query_result(QueryResult((SharedEntry(HashEntry(())),)))


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zs", "Zl", "Zp"]), max_size=12
)  # fmt: skip
some = words.filter(bool)
times = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 – hypothesis adds the zone
seconds = times.map(lambda t: t.replace(microsecond=0))
members = st.builds(Member, some, words)
hashes = st.sampled_from([("md5", 32), ("sha1", 40), ("pdq", 64), ("photodna", 288), ("sha256", 64)]).flatmap(
    lambda k: st.integers(0, 16 ** k[1] - 1).map(lambda n: Fingerprint(k[0], f"{n:0{k[1]}x}"))
) | st.builds(Fingerprint, st.sampled_from(["netclean", "tmk_pdqf", "vpdq", "ssvh_pdna"]), some)  # fmt: skip
opinions = st.builds(
    Opinion,
    st.sampled_from(["Md5", "Sha1", "PDNA"]),
    st.booleans(),
    st.lists(members, max_size=2).map(tuple),
    st.none() | st.builds(Reason, some, words, words),
    st.none() | times,
)
feedback = st.builds(EntryFeedback, st.lists(opinions, max_size=2).map(tuple), st.none() | times)


@st.composite
def shared_entries(draw: st.DrawFn) -> SharedEntry:
    deleted = draw(st.booleans())
    grade = None if deleted else draw(st.none() | some)
    entry = HashEntry(
        () if deleted else tuple(draw(st.lists(hashes, min_size=1, max_size=3))),
        media=draw(st.sampled_from(["image", "video"])),
        grade=grade,
        scheme=hash_sharing.SCHEME if grade else None,
        source_id=SourceId(draw(some), draw(some)),
        member_name=draw(words),
        changed_at=draw(st.none() | times),
        deleted=deleted,
    )
    return SharedEntry(entry, draw(feedback))


@given(st.lists(shared_entries(), max_size=4), st.sampled_from(["", NEXT]), seconds, seconds)
@settings(deadline=None)
def test_what_is_written_is_read_back_the_same(
    entries: list[SharedEntry], next_path: str, images_until: datetime, videos_until: datetime
) -> None:
    entries.sort(key=lambda shared: shared.entry.media)
    result = QueryResult(tuple(entries), next_path, images_until, videos_until)
    back = read_query_result(write_query_result(result))
    assert back == result
    assert back.faults == ()


@given(st.lists(members, max_size=5).map(tuple), st.lists(some, min_size=1, max_size=3).map(tuple))
@settings(deadline=None)
def test_members_and_submissions_are_read_back_the_same(
    found: tuple[Member, ...], guids: tuple[str, ...]
) -> None:
    assert read_members(write_members(found)) == found
    assert read_submission(write_submission(Submission(False, guids))).reason_guids == guids


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_can_be_written(name: str, note: str) -> None:
    read_status(write_status(Status(Member("1", name), note)))
    entry = HashEntry((Fingerprint("netclean", name or "x"),), source_id=SourceId(note or "1", "2"))
    read_query_result(write_query_result(QueryResult((SharedEntry(entry),))))


fragments = st.sampled_from(
    ["queryResult", "images", "image", "deletedImage", "videos", "member", "members", "id", "timestamp", "fingerprints", "md5", "pdna", "feedback", "negativeFeedback", "reasons", "reason", "paging", "next", "status", "availableFeedbackReasons", "feedbackSubmission", "negative", "x"]
)  # fmt: skip
attributes = st.dictionaries(
    st.sampled_from(["id", "count", "maxTimestamp", "timestamp", "type", "guid", "href"]),
    st.sampled_from(["", "1", "x", "2026-10-24T12:00:00Z", "0001-01-01T00:00:00+10:00"]),
    max_size=2,
)
trees = st.recursive(
    st.tuples(fragments, attributes, st.just([])),
    lambda inner: st.tuples(fragments, attributes, st.lists(inner, max_size=4)),
    max_leaves=12,
)


def markup(tree: tuple[str, dict[str, str], list[object]]) -> str:
    name, said, children = tree
    text = "".join(f' {key}="{value}"' for key, value in said.items())
    return f"<{name}{text}>{'1' * len(said)}{''.join(map(markup, children))}</{name}>"  # type: ignore[arg-type]


@given(trees.map(lambda t: markup(t).encode()) | st.binary(max_size=100))
@settings(deadline=None, max_examples=300)
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for reader in READERS:
        try:
            result = reader(data)
        except SharingError:
            continue
        if isinstance(result, QueryResult):
            write_query_result(dataclasses.replace(result))
