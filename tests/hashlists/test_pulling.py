"""A list pulled from a server is whole or not seen, whatever the server does meanwhile."""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest
from django.urls import reverse

from breakwater.custody.models import AuditEntry
from breakwater.formats.hash_sharing import NAMESPACE
from breakwater.hashlists import index
from breakwater.hashlists.actions import fetching, pulling, receiving
from breakwater.hashlists.actions.lists import Terms, create_list
from breakwater.hashlists.actions.pulling import Server, Step, add_source, pull_page, remove_source
from breakwater.hashlists.models import (
    Amendment,
    Entry,
    ForeignOpinion,
    HashList,
    ListChange,
    Source,
)
from breakwater.hashlists.queries.lookup import Asked, find
from breakwater.hashlists.rules.pulling import after_exhaustion, shrunk, wait_after
from breakwater.people.models import User

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)
Answer = tuple[int, dict[str, str], bytes]


def image(n: int, grade: str = "A1", deleted: bool = False) -> str:
    name = "deletedImage" if deleted else "image"
    said = "" if deleted else (
        f"<classification>{grade}</classification>"
        f"<fingerprints><md5>{n:032x}</md5></fingerprints>"
    )  # fmt: skip
    return (
        f'<{name}><member id="7">NGO Y</member><timestamp>2026-11-01T00:00:00Z</timestamp>'
        f"<id>{n}</id>{said}</{name}>"
    )


def document(*images: str, next_path: str = "") -> bytes:
    paging = f"<paging><next>{next_path}</next></paging>" if next_path else ""
    group = f'<images count="{len(images)}" maxTimestamp="2026-11-01T00:00:00Z">'
    return (
        f'<queryResult xmlns="{NAMESPACE}">{group}{"".join(images)}</images>{paging}</queryResult>'
    ).encode()


@dataclass
class Foreign:
    """A hash-sharing server of somebody else; `answer` says what it does."""

    answer: Callable[[str], Answer | None] = lambda path: (200, {}, document())
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def says(self, *pages: bytes) -> None:
        """Answer with these pages one after the other."""
        self.answer = lambda path: (200, {}, pages[int(path.partition("page=")[2] or 0)])


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    state = Foreign()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            if self.headers["Authorization"] != "Basic dXM6c2VjcmV0":
                self.send_error(401)
                return
            answer = state.answer(self.path)
            if answer is None:  # dies within its answer
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.wfile.write(document(image(1))[:-30])
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_address[1]}/base"
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def source(
    foreign: Foreign, officer: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Source:
    monkeypatch.setattr(index, "folder", lambda: tmp_path)
    monkeypatch.setattr(receiving, "folder", lambda: tmp_path)
    monkeypatch.setenv("FOREIGN_PASSWORD", "secret")
    made = create_list(Terms("Y", "NGO Y", "Agreement", scheme="industry"), by=officer, at=AT)
    server = Server(foreign.address, "us", "FOREIGN_PASSWORD")
    return add_source(made, server, by=officer, at=AT)


def pull(source: Source, at: datetime = AT) -> Step:
    source.refresh_from_db()
    step = pull_page(source, at=at)
    source.refresh_from_db()
    return step


def known() -> list[str]:
    return sorted(Entry.objects.filter(deleted_at=None).values_list("source_key", flat=True))


def test_pages_become_one_change_that_is_seen_when_all_are_there(source, foreign) -> None:
    foreign.says(
        document(image(1), image(2), next_path="/v2/entries?page=1"),
        document(image(3), image(1, deleted=True)),
    )
    assert pull(source) is Step.MORE
    assert source.next_page == "/v2/entries?page=1"
    assert (source.complete_until, HashList.objects.get().revision) == (None, 0)
    assert pull(source) is Step.DONE
    assert foreign.asked == [
        "/base/v2/entries?from=1970-01-01T00:00:00Z&to=2026-11-02T11:58:00Z",
        "/base/v2/entries?page=1",
    ]
    assert known() == ["7/2", "7/3"]
    change = ListChange.objects.get()
    assert (change.state, change.form, change.added, change.removed) == ("done", "sharing", 3, 1)
    assert HashList.objects.get().entry_count == 2
    assert source.complete_until == AT - timedelta(minutes=2)
    assert source.next_try_at == AT + HOUR


FEEDBACK = """<feedback><affirmativeFeedback type="Md5">
<members timestamp="2026-10-24T12:00:00Z"><member id="1">Unit One</member></members>
</affirmativeFeedback><negativeFeedback type="Md5"><reasons>
<reason guid="g1" name="Shows adults only" type="Md5"/>
<members timestamp="2026-10-25T12:00:00Z"><member id="2">Unit Two</member></members>
</reasons></negativeFeedback></feedback>"""


def with_feedback(n: int, feedback: str = FEEDBACK) -> str:
    return image(n).replace("</image>", f"{feedback}</image>")


def test_feedback_of_others_is_kept_with_the_entry_and_shown(
    source, foreign, client, officer
) -> None:
    foreign.says(document(with_feedback(1), image(2)))
    pull(source)
    entry = Entry.objects.get(source_key="7/1")
    said = entry.foreign_opinions.order_by("id").values_list("member", "agrees", "reason")
    assert list(said) == [("Unit One", True, ""), ("Unit Two", False, "Shows adults only")]
    client.force_login(officer)
    page = client.get(reverse("hash-entry", args=[entry.pk])).content.decode()
    for word in ("Feedback on this entry", "Unit Two", "Shows adults only", "127.0.0.1", "MD5"):
        assert word in page
    other = Entry.objects.get(source_key="7/2")
    page = client.get(reverse("hash-entry", args=[other.pk])).content.decode()
    assert "Feedback on this entry" not in page


def test_what_a_server_says_now_takes_the_place_of_what_it_said_before(source, foreign) -> None:
    foreign.says(document(with_feedback(1), with_feedback(2)))
    pull(source)
    pull(source, AT + HOUR)
    heard = AuditEntry.objects.filter(verb="hashlists.opinion.heard")
    assert [json.loads(e.detail) for e in heard] == [{"entries": 2, "opinions": 4}]
    foreign.says(document(image(1), image(2, deleted=True)))
    pull(source, AT + 2 * HOUR)
    assert not ForeignOpinion.objects.filter(entry__source_key="7/1").exists()
    assert ForeignOpinion.objects.filter(entry__source_key="7/2").count() == 2
    assert heard.all().count() == 2


HASHES = [
    "",
    '<fingerprints><md5 href="/v2/entries/7/1/md5"/></fingerprints>',
    "<fingerprints><md5>not a hash</md5></fingerprints>",
    "<fingerprints><vpdq>0b0b</vpdq></fingerprints>",
]


@pytest.mark.parametrize("without", HASHES)
def test_an_entry_told_again_without_a_hash_that_can_be_read_matches_no_more_and_has_its_new_grade(
    source, foreign, without: str
) -> None:
    foreign.says(document(image(1), image(2)))
    assert pull(source) is Step.DONE
    index.update()
    hashes = f"<fingerprints><md5>{1:032x}</md5></fingerprints>"
    foreign.says(document(image(1, grade="A2").replace(hashes, without)))
    assert pull(source, AT + 2 * HOUR) is Step.DONE
    index.update()
    [first, second] = find([Asked("md5", f"{n:032x}") for n in (1, 2)], on=AT.date())
    assert (first, len(second)) == ([], 1)
    assert Entry.objects.get(source_key="7/1").grade == "A2"


def test_the_next_pull_asks_from_where_the_last_was_complete(source, foreign) -> None:
    pull(source)
    assert not pulling.work(AT + timedelta(minutes=59))
    assert len(foreign.asked) == 1
    pulling.work(AT + HOUR)
    asked = parse_qs(urlsplit(foreign.asked[-1]).query)
    assert asked == {"from": ["2026-11-02T11:58:00Z"], "to": ["2026-11-02T12:58:00Z"]}


def test_a_pull_that_brings_nothing_new_leaves_no_change(source, foreign) -> None:
    foreign.says(document(image(1)))
    pull(source)
    pull(source, AT + HOUR)
    assert ListChange.objects.count() == 1
    assert HashList.objects.get().revision == 1


def test_a_server_that_dies_within_its_answer_is_asked_for_the_same_page_again(
    source, foreign
) -> None:
    foreign.says(document(image(1), next_path="/v2/entries?page=1"))
    pull(source)
    foreign.answer = lambda path: None
    assert pull(source) is Step.POSTPONED
    assert "broke off" in source.last_error
    assert (source.next_page, source.tries) == ("/v2/entries?page=1", 1)
    assert source.next_try_at == AT + timedelta(seconds=30)
    assert known() == ["7/1"]
    assert HashList.objects.get().revision == 0
    foreign.says(b"", document(image(2)))
    assert pull(source, AT + HOUR) is Step.DONE
    assert known() == ["7/1", "7/2"]
    assert (source.tries, source.last_error) == (0, "")
    assert ListChange.objects.get().added == 2


def test_a_server_that_is_not_there_is_left_alone_longer_and_longer(source, foreign) -> None:
    Source.objects.update(address="http://127.0.0.1:9")
    for tries in (1, 2, 3):
        assert pull(source) is Step.POSTPONED
        assert source.next_try_at == AT + wait_after(tries)
    assert "no answer" in source.last_error


def test_a_place_older_than_twelve_hours_is_given_up_for_the_range_anew(source, foreign) -> None:
    foreign.says(document(image(1), next_path="/v2/entries?page=1"), document(image(2)))
    pull(source)
    foreign.says(document(image(1), image(2)))
    assert pull(source, AT + timedelta(hours=13)) is Step.MORE
    assert "from=1970" in foreign.asked[-1]
    assert source.complete_until == AT - timedelta(minutes=2)
    assert ListChange.objects.get().state == "done"
    assert known() == ["7/1", "7/2"]


def test_a_place_that_the_server_knows_no_more_is_given_up(source, foreign) -> None:
    foreign.says(document(image(1), next_path="/v2/entries?page=1"))
    pull(source)
    foreign.answer = lambda path: (410, {}, b"")
    assert pull(source) is Step.POSTPONED
    assert source.next_page == ""
    foreign.says(document(image(1)))
    assert pull(source, AT + HOUR) is Step.DONE
    assert known() == ["7/1"]


def test_a_range_that_is_too_large_shrinks_by_four_and_grows_again(source, foreign) -> None:
    Source.objects.update(complete_until=AT - timedelta(hours=64))

    def small_ranges(path: str) -> Answer:
        asked = parse_qs(urlsplit(path).query)
        since, until = (datetime.fromisoformat(asked[n][0]) for n in ("from", "to"))
        return (200, {}, document()) if until - since < 5 * HOUR else (413, {}, b"")

    foreign.answer = small_ranges
    steps = [pull(source) for _ in range(3)]
    assert steps == [Step.MORE] * 3
    assert source.complete_until is not None
    for _ in range(200):
        if pull(source) is Step.DONE:
            break
    assert source.complete_until >= AT - HOUR - timedelta(minutes=2)
    assert len(foreign.asked) < 60


def test_only_a_range_that_could_be_smaller_is_made_smaller(source, foreign) -> None:
    foreign.answer = lambda path: (400, {}, b"")
    steps = [pull(source) for _ in range(30)]
    assert Step.MORE in steps
    assert steps[-1] is Step.POSTPONED
    assert "400" in source.last_error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><queryResult/>", "document type"),
        (b"<queryResult", "not well-formed"),
        (b"<html><body>Sign in</body></html>", "expected <queryResult>"),
        (document(image(1), next_path="https://elsewhere.example/v2/entries?"), "/v2/entries?"),
        (b"\x1f\x8b\x08\x00", "not well-formed"),
    ],
)
def test_hostile_answers_are_refused_whole(source, foreign, body: bytes, words: str) -> None:
    foreign.answer = lambda path: (200, {}, body)
    assert pull(source) is Step.POSTPONED
    assert words in source.last_error
    assert not Entry.objects.exists()
    assert source.complete_until is None


def test_a_server_that_names_the_same_page_for_ever_is_stopped(source, foreign) -> None:
    foreign.answer = lambda path: (200, {}, document(image(1), next_path="/v2/entries?page=1"))
    assert pull(source) is Step.MORE
    assert pull(source) is Step.POSTPONED
    assert "in a ring" in source.last_error


def test_an_answer_without_end_is_cut(source, foreign, monkeypatch) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 1000)
    foreign.says(document(*(image(n) for n in range(100))))
    assert pull(source) is Step.POSTPONED
    assert "larger than 1,000 bytes" in source.last_error
    monkeypatch.setattr(fetching, "MAX_BYTES", 10**9)
    monkeypatch.setattr(fetching, "LONGEST", -1.0)
    assert pull(source) is Step.POSTPONED
    assert "took longer" in source.last_error


@pytest.mark.parametrize("part", ["handshake", "status", "headers", "body"])
def test_an_answer_that_drips_is_cut_wherever_it_drips(source, monkeypatch, part: str) -> None:
    before = {
        "handshake": b"\x16\x03\x03\x40\x00",  # a record of 16 KB follows
        "status": b"",
        "headers": b"HTTP/1.1 200 OK\r\n",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    }
    gone = threading.Event()

    def drip() -> None:
        with suppress(OSError), listening.accept()[0] as connection:
            connection.sendall(before[part])
            while not gone.wait(0.02):
                connection.sendall(b"X-A: b\r\n" if part == "headers" else b"x")

    monkeypatch.setattr(fetching, "LONGEST", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        scheme = "https" if part == "handshake" else "http"
        Source.objects.update(address=f"{scheme}://127.0.0.1:{listening.getsockname()[1]}")
        assert pull(source) is Step.POSTPONED
        gone.set()
        dripping.join()
    assert "took longer" in source.last_error


def test_a_redirection_is_not_followed(source, foreign) -> None:
    foreign.answer = lambda path: (302, {"Location": "http://127.0.0.1:9/v2/entries"}, b"")
    assert pull(source) is Step.POSTPONED
    assert "not followed" in source.last_error
    assert len(foreign.asked) == 1


def test_a_busy_server_says_how_long_to_wait(source, foreign) -> None:
    foreign.answer = lambda path: (429, {"Retry-After": "7200"}, b"")
    assert pull(source) is Step.POSTPONED
    assert source.next_try_at == AT + 2 * HOUR
    foreign.answer = lambda path: (503, {"Retry-After": "soon"}, b"")
    assert pull(source) is Step.POSTPONED
    assert "503" in source.last_error


def test_a_wrong_or_missing_password_is_said(source, foreign, monkeypatch) -> None:
    monkeypatch.setenv("FOREIGN_PASSWORD", "wrong")
    assert pull(source) is Step.POSTPONED
    assert "password is wrong" in source.last_error
    monkeypatch.delenv("FOREIGN_PASSWORD")
    assert pull(source) is Step.POSTPONED
    assert source.last_error == "the environment variable FOREIGN_PASSWORD is not set"


def test_what_fails_while_a_page_is_written_leaves_nothing_of_it(
    source, foreign, monkeypatch
) -> None:
    foreign.says(document(image(1), next_path="/v2/entries?page=1"), document(image(2)))
    pull(source)

    def fail(*args: object, **named: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(pulling, "finish", fail)
        assert pull(source) is Step.POSTPONED
    assert source.last_error == "the disk is full"
    assert (source.next_page, source.complete_until) == ("/v2/entries?page=1", None)
    assert known() == ["7/1"]
    assert pull(source) is Step.DONE
    assert known() == ["7/1", "7/2"]


def test_of_two_processes_one_page_counts(source, foreign) -> None:
    foreign.says(document(image(1), next_path="/v2/entries?page=1"), document(image(2)))
    late = Source.objects.select_related("hash_list").get()
    pull(source)
    answers = foreign.answer

    def meanwhile(path: str) -> Answer | None:
        return answers("")

    foreign.answer = meanwhile
    late.range_until = source.range_until
    late.save = lambda **named: None
    assert pull_page(late, at=AT) is Step.MORE
    assert ListChange.objects.get().done == 1


def test_sources_take_turns(source, foreign, officer) -> None:
    other = create_list(Terms("Z", "NGO Z", "Agreement"), by=officer, at=AT)
    server = Server(foreign.address + "/z", "us", "FOREIGN_PASSWORD")
    add_source(other, server, by=officer, at=AT)
    foreign.answer = lambda path: (
        200, {}, document(image(1), next_path=f"/v2/entries?page={len(foreign.asked)}"),
    )  # fmt: skip
    for second in range(4):
        assert pulling.work(AT + timedelta(seconds=second))
    assert [path.startswith("/base/z") for path in foreign.asked] == [False, True, False, True]


def test_a_removed_source_leaves_what_was_pulled_whole_and_nothing_half_pulled(
    source, foreign, officer
) -> None:
    foreign.says(document(image(1)))
    pull(source)
    changed = (image(1, "B2"), with_feedback(2))
    foreign.says(document(*changed, next_path="/v2/entries?page=1"))
    pull(source, AT + HOUR)
    assert known() == ["7/1", "7/2"]
    remove_source(source, by=officer, at=AT + HOUR)
    assert known() == ["7/1"]
    assert Entry.objects.get().grade == "A1"
    assert ListChange.objects.get().state == "done"
    assert not Amendment.objects.exists()
    assert not ForeignOpinion.objects.exists()


def in_their_layout(groups: str, following: str = "") -> bytes:
    """A page laid out as the servers of a clearing house write it.

    After `ncmec/tests/data.py` of python-threatexchange, in the repository ThreatExchange: the
    declaration, indentation, the order of elements, groups of both media with counts and newest
    times, empty and full feedback, large hashes as links, escaped addresses. All values are ours.
    """
    paging = ""
    if following:
        paging = f"    <paging>\n        <next>{escape(following)}</next>\n    </paging>\n"
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<queryResult xmlns="{NAMESPACE}">\n{groups}{paging}</queryResult>'
    ).encode()


def their_place(start: int) -> str:
    return (
        "/v2/entries?from=1970-01-01T00%3A00%3A00.000Z&to=2026-11-02T11%3A58%3A00.000Z"
        f"&start={start}&size=2&max=6"
    )


FULL = """
    <images count="2" maxTimestamp="2026-10-24T15:10:00Z">
        <image>
            <member id="42">Member of Testland</member>
            <timestamp>2026-10-24T15:00:00Z</timestamp>
            <id>picture-1</id>
            <classification>A1</classification>
            <fingerprints>
                <md5>0000000000000000000000000000000a</md5>
                <sha1>000000000000000000000000000000000000000a</sha1>
                <pdna>{pdna}</pdna>
            </fingerprints>
            <feedback lastUpdateTimestamp="2026-10-25T12:48:14Z">
                <affirmativeFeedback type="Md5" lastUpdateTimestamp="2026-10-25T12:48:14Z">
                <members timestamp="2026-10-25T12:48:14Z">
                    <member id="42">Member of Testland</member>
                </members>
                </affirmativeFeedback>
                <negativeFeedback type="Sha1" lastUpdateTimestamp="2026-10-24T19:41:51Z">
                <reasons>
                    <reason guid="0f0f0f0f-0000-4000-8000-00000000000f" name="Reason of ours" type="Sha1"/>
                    <members timestamp="2026-10-25T12:48:14Z">
                        <member id="43">Member of Elsewhere</member>
                    </members>
                </reasons>
                </negativeFeedback>
            </feedback>
        </image>
        <deletedImage>
            <member id="43">Member of Elsewhere</member>
            <id>picture-4</id>
            <timestamp>2026-10-24T15:10:00Z</timestamp>
        </deletedImage>
    </images>
    <videos count="2" maxTimestamp="2026-10-24T15:20:00Z">
        <video>
            <member id="42">Member of Testland</member>
            <timestamp>2026-10-24T15:00:00Z</timestamp>
            <id>video-1</id>
            <fingerprints>
                <md5>0000000000000000000000000000000b</md5>
                <tmk-pdqf rel="self" href="/v2/entries/1/fingerprints/TMK_PDQF"/>
\t\t\t\t<videntifier rel="self" href="/v2/entries/1/fingerprints/VIDENTIFIER"/>
            </fingerprints>
            <feedback />
        </video>
        <deletedVideo>
            <member id="42">Member of Testland</member>
            <id>video-4</id>
            <timestamp>2026-10-24T15:20:00Z</timestamp>
        </deletedVideo>
    </videos>
"""
BEFORE_UPDATE = """
    <videos count="2" maxTimestamp="2026-10-25T15:10:00Z">
        <video>
            <member id="101">Member of Testland</member>
            <timestamp>2026-10-25T15:10:00Z</timestamp>
            <id>changes</id>
            <classification>A1</classification>
            <fingerprints>
                <md5>0000000000000000000000000000000c</md5>
            </fingerprints>
        </video>
        <video>
            <member id="101">Member of Testland</member>
            <timestamp>2026-10-24T15:10:00Z</timestamp>
            <id>goes</id>
            <classification>B1</classification>
            <fingerprints>
                <md5>0000000000000000000000000000000d</md5>
            </fingerprints>
        </video>
    </videos>
"""
UPDATE = """
    <videos count="2" maxTimestamp="2026-10-25T15:10:00Z">
        <video>
            <member id="101">Member of Testland</member>
            <timestamp>2026-10-24T15:10:00Z</timestamp>
            <id>changes</id>
            <classification>A2</classification>
            <fingerprints>
                <md5>0000000000000000000000000000000c</md5>
            </fingerprints>
        </video>
        <deletedVideo>
            <member id="101">Member of Testland</member>
            <timestamp>2026-10-25T15:10:00Z</timestamp>
            <id>goes</id>
        </deletedVideo>
    </videos>
"""


def test_pages_in_the_layout_of_a_clearing_house_are_pulled_with_all_that_they_say(
    source, foreign
) -> None:
    pdna = base64.b64encode(bytes(range(144))).decode()
    pages = {
        "": in_their_layout(FULL.format(pdna=pdna), their_place(3)),
        "3": in_their_layout(BEFORE_UPDATE, their_place(5)),
        "5": in_their_layout(UPDATE),
    }
    foreign.answer = lambda path: (
        200, {}, pages["".join(parse_qs(urlsplit(path).query).get("start", []))],
    )  # fmt: skip
    assert [pull(source) for _ in pages] == [Step.MORE, Step.MORE, Step.DONE]
    assert foreign.asked[1:] == [f"/base{their_place(3)}", f"/base{their_place(5)}"]
    assert known() == ["101/changes", "42/picture-1", "42/video-1"]
    grades = Entry.objects.filter(deleted_at=None).values_list("source_key", "grade", "media")
    assert set(grades) == {
        ("101/changes", "A2", 2),
        ("42/picture-1", "A1", 1),
        ("42/video-1", "", 2),
    }
    picture = Entry.objects.get(source_key="42/picture-1")
    hashes = {f.kind: bytes(f.value) for f in picture.fingerprints.all()}
    assert hashes == {1: (10).to_bytes(16), 2: (10).to_bytes(20), 5: bytes(range(144))}
    said = picture.foreign_opinions.order_by("id").values_list("member", "agrees", "reason")
    assert list(said) == [
        ("Member of Testland", True, ""), ("Member of Elsewhere", False, "Reason of ours"),
    ]  # fmt: skip
    links = json.loads(bytes(Entry.objects.get(source_key="42/video-1").facts))["extra"]
    assert "/v2/entries/1/fingerprints/TMK_PDQF" in json.dumps(links)
    change = ListChange.objects.get()
    assert (change.state, change.faulty) == ("done", 0)


@pytest.mark.parametrize(
    "address",
    ["http://lists.example/base", "https://us:secret@lists.example", "ftp://lists.example",
     "https://", "lists.example", "https://lists.example/?a=b", "https://lists.example:x"],
)  # fmt: skip
def test_addresses_that_would_show_the_password_are_refused(address: str) -> None:
    with pytest.raises(fetching.BadAddress):
        fetching.check_address(address)


def test_the_api_s_version_belongs_to_the_calls_and_not_to_the_address() -> None:
    checked = fetching.check_address(" https://lists.example/csam-hashsharing/v2/ ")
    assert checked == "https://lists.example/csam-hashsharing"


def test_a_range_shrinks_to_a_minute_and_no_further() -> None:
    assert shrunk(AT, AT + HOUR) == AT + HOUR / 4
    assert shrunk(AT, AT + timedelta(minutes=2)) == AT + timedelta(minutes=1)
    assert shrunk(AT, AT + timedelta(minutes=1)) is None
    plan = after_exhaustion(AT - 10 * HOUR, AT - 9 * HOUR, AT, HOUR)
    assert (plan.range_until, plan.next_try_at) == (AT - 5 * HOUR, None)
    assert wait_after(1000) == timedelta(hours=6)


def test_a_server_whose_pages_lead_in_a_ring_is_stopped_and_says_so(source, foreign) -> None:
    def answer(path: str) -> Answer:
        following = "/v2/entries?page=2" if "page=1" in path else "/v2/entries?page=1"
        return 200, {}, document(image(1), next_path=following)

    foreign.answer = answer
    steps = [pull(source) for _ in range(8)]
    assert Step.POSTPONED in steps
    assert "in a ring" in source.last_error
    assert source.complete_until is None


@pytest.mark.parametrize("variable", ["DATABASE_URL", "BREAKWATER_SECRET_KEY", "PGPASSWORD"])
def test_no_setting_of_the_desk_is_sent_to_a_server(variable: str, officer: User) -> None:
    made = create_list(Terms("Unit Z", "Z", "Act"), by=officer, at=AT)
    with pytest.raises(ValueError, match="none of the desk's"):
        add_source(made, Server("https://lists.example", "us", variable), by=officer, at=AT)


def test_who_read_where_a_pull_stands_before_another_went_on_puts_no_old_place_back(
    source, foreign
) -> None:
    foreign.says(document(image(1), next_path="/v2/entries?page=1"), document(image(2)))
    assert pull(source) is Step.MORE
    late = Source.objects.get()
    pull(source)
    pulled = Source.objects.values().get()
    asked = len(foreign.asked)
    assert pull_page(late, at=AT) is Step.MORE, "look again"
    assert Source.objects.values().get() == pulled
    assert len(foreign.asked) == asked
