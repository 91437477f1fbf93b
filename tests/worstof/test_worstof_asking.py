"""Questions to the primary are signed as dnspython signs them, and only signed answers count."""

import contextlib
import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof import tsig
from breakwater.worstof.primary import asking
from breakwater.worstof.primary.asking import BadAnswer, Questions, codes

KEY = tsig.key("desk-stage", "c3ludGhldGljIHNlY3JldCBvZiBhIHRlc3QgLi4uLi4=")
OTHER = tsig.key("desk-stage", "YW5vdGhlciBzZWNyZXQgb2YgYSB0ZXN0IC4uLi4uLi4=")
LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63)
NAME = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
NUMBER = st.integers(0, 65_535)
NOW = 1_795_000_000


def answered(question: bytes, code: int = 0, key: dns.tsig.Key = KEY) -> bytes:
    """What a server answers that signs with this key, as dnspython writes it."""
    asked = dns.message.from_wire(question, keyring=KEY)
    answer = dns.message.make_response(asked)
    answer.use_tsig(key)
    answer.set_rcode(code)
    if code == dns.rcode.NOERROR:
        name = asked.question[0].name
        answer.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.1"))
    return answer.to_wire()


@given(NUMBER, NAME)
def test_dnspython_reads_the_question_and_accepts_its_signature(number: int, name: str) -> None:
    message, mac = Questions(KEY).question(number, name, time.time())
    read = dns.message.from_wire(message, keyring=KEY)
    assert (read.had_tsig, read.mac, read.id) == (True, mac, number)
    assert read.question[0].name == dns.name.from_text(name)
    assert read.question[0].rdtype == dns.rdatatype.A
    with pytest.raises(dns.tsig.BadSignature):
        dns.message.from_wire(message, keyring=OTHER)


@given(NUMBER, NAME, st.sampled_from([0, 2, 3, 5]))
def test_the_code_of_an_answer_that_dnspython_signed_is_read(
    number: int, name: str, code: int
) -> None:
    questions, now = Questions(KEY), time.time()
    message, mac = questions.question(number, name, now)
    assert questions.code(answered(message, code), mac, now) == code


@given(st.data())
def test_an_answer_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    questions, now = Questions(KEY), time.time()
    message, mac = questions.question(7, "site.example", now)
    answer = bytearray(answered(message, 3))
    answer[data.draw(st.integers(0, len(answer) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadAnswer):
        questions.code(bytes(answer), mac, now)


@given(st.binary(max_size=300))
def test_octets_of_any_kind_are_no_answer(octets: bytes) -> None:
    with pytest.raises(BadAnswer):
        Questions(KEY).code(octets, bytes(32), NOW)


def test_an_answer_to_another_question_of_another_key_or_time_is_refused() -> None:
    questions, now = Questions(KEY), time.time()
    message, mac = questions.question(7, "site.example", now)
    _, other = questions.question(7, "other.example", now)
    with pytest.raises(BadAnswer):
        questions.code(answered(message), other, now)
    with pytest.raises(BadAnswer):
        Questions(OTHER).code(answered(message), mac, now)
    with pytest.raises(BadAnswer):
        questions.code(answered(message), mac, now + 301)
    unsigned = dns.message.make_response(dns.message.make_query("site.example", "A")).to_wire()
    with pytest.raises(BadAnswer):
        questions.code(unsigned, mac, now)


Answering = Callable[[Iterator[bytes]], Iterator[bytes]]


@contextmanager
def server(answering: Answering) -> Iterator[tuple[str, int]]:
    """A server that gives what `answering` makes of the questions, and closes when that ends."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the door was shut
                while True:
                    answer_on(door.accept()[0])

        def answer_on(line: socket.socket) -> None:
            # Who asks may go at the first answer that it does not like.
            with contextlib.suppress(OSError), line, line.makefile("rb") as coming:
                for answer in answering(questions_in(coming)):
                    line.sendall(struct.pack("!H", len(answer)) + answer)

        threading.Thread(target=serve, daemon=True).start()
        yield door.getsockname()
        door.shutdown(socket.SHUT_RDWR)


def questions_in(coming: BinaryIO) -> Iterator[bytes]:
    while length := coming.read(2):
        yield coming.read(int.from_bytes(length, "big"))


NAMES = [f"n{number}.example" for number in range(300)]


def code_of(question: bytes) -> int:
    """NXDOMAIN for every third name."""
    name = str(dns.message.from_wire(question, keyring=KEY).question[0].name)
    return 0 if int(name[1:].partition(".")[0]) % 3 else 3


CODES = [3 if number % 3 == 0 else 0 for number in range(300)]


def test_answers_count_for_their_questions_in_whatever_order_they_come() -> None:
    most = 0

    def four_backwards(questions: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal most
        while some := list(itertools.islice(questions, 4)):
            most = max(most, len(some))
            yield from (answered(question, code_of(question)) for question in reversed(some))

    with server(four_backwards) as where:
        assert codes(where, KEY, NAMES) == CODES
    assert most == 4  # that many were on the way


def test_no_more_questions_are_on_the_way_than_share_few_ports() -> None:
    taken = []

    def takes_them_all(questions: Iterator[bytes]) -> Iterator[bytes]:
        taken.append(0)
        for _question in questions:
            taken[-1] += 1
        yield from ()

    with server(takes_them_all) as where:
        assert codes(where, KEY, NAMES[:20], 0.3) == [2] * 20
    assert taken[:2] == [asking.AT_ONCE] * 2


def test_names_behind_those_without_an_answer_are_asked_all_the_same() -> None:
    def silent_about_the_first_twenty(questions: Iterator[bytes]) -> Iterator[bytes]:
        for question in questions:
            if int.from_bytes(question[:2], "big") >= 20:
                yield answered(question, code_of(question))

    with server(silent_about_the_first_twenty) as where:
        assert codes(where, KEY, NAMES, 0.3) == [2] * 20 + CODES[20:]


def test_where_nobody_answers_at_all_the_rest_is_not_asked_for_ever() -> None:
    def silent(questions: Iterator[bytes]) -> Iterator[bytes]:
        for _question in questions:
            pass
        yield from ()

    with server(silent) as where:
        found = codes(where, KEY, NAMES, 0.1)
    assert found[:8] == [2] * 8
    assert found[-100:] == [None] * 100


def test_a_connection_that_was_closed_is_opened_once_more_for_the_names_left() -> None:
    connections = 0

    def ends_after_100(questions: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal connections
        connections += 1
        for question in itertools.islice(questions, 100):
            yield answered(question, code_of(question))

    with server(ends_after_100) as where:
        found = codes(where, KEY, NAMES)
    # The last answers before the end of a connection may be lost with it.
    assert all(got in (None, code) for got, code in zip(found, CODES, strict=True))
    assert 100 < sum(got is not None for got in found) <= 200
    assert found[-100:] == [None] * 100
    assert connections == 2


def test_a_name_without_an_answer_leaves_the_others_theirs() -> None:
    def silent_about_one(questions: Iterator[bytes]) -> Iterator[bytes]:
        for number, question in enumerate(questions):
            if number != 150:
                yield answered(question, code_of(question))

    with server(silent_about_one) as where:
        found = codes(where, KEY, NAMES, 0.5)
    assert found == [2 if number == 150 else code for number, code in enumerate(CODES)]


def test_answers_that_nobody_signed_count_as_none() -> None:
    def unsigned(questions: Iterator[bytes]) -> Iterator[bytes]:
        for question in questions:
            yield answered(question, 0, OTHER)

    with server(unsigned) as where:
        assert codes(where, KEY, NAMES[:5]) == [None] * 5


def test_nobody_at_the_door_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        where = door.getsockname()
    assert codes(where, KEY, NAMES[:3]) == [None] * 3
    assert codes(where, KEY, []) == []
