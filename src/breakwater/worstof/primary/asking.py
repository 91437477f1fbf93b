"""Asks many names of the primary in signed questions (RFC 8945), on one connection.

dnspython needs a millisecond of processor time to sign a question and to read its answer; the live
check asks hundreds between a decision and the block. So the fixed form of a question for an address,
signed with hmac-sha256, is laid out here, some 30 µs each, and of an answer only its code is read.
"""

import hmac
import itertools
import socket
import struct
import time
from collections.abc import Sequence
from typing import BinaryIO

import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig

# Questions on the way. The primary passes each one on from a port that it draws; of two that drew the
# same one loses its answer, and is asked again after 1.2 s.
AT_ONCE = 8
PATIENCE = 5.0  # seconds without any answer
_FUDGE = 300  # seconds that the clocks of the two sides may differ by
_MAC = 32  # octets
_QUESTION = struct.pack("!HH", dns.rdatatype.A, dns.rdataclass.IN)
_NO_ERROR = struct.pack("!HH", 0, 0)  # and no other data


class BadAnswer(Exception):
    """What came is no answer that the primary signed."""


class Questions:
    """Writes questions and reads answers, both signed with one key, hmac-sha256."""

    def __init__(self, key: dns.tsig.Key) -> None:
        self._secret = key.secret
        name, algorithm = key.name.to_digestable(), key.algorithm.to_digestable()
        record = struct.pack("!HI", dns.rdataclass.ANY, 0)
        length = len(algorithm) + 16 + _MAC
        # Before the signature's time in the record, and in what is digested: RFC 8945, 4.2, 4.3.3.
        self._head = name + struct.pack("!H", dns.rdatatype.TSIG) + record
        self._head += struct.pack("!H", length) + algorithm
        self._digested = name + record + algorithm
        self._length = len(self._head) + 16 + _MAC

    def question(self, number: int, name: str, now: float) -> tuple[bytes, bytes]:
        """The message that asks for a name's address, and its signature.

        Raises:
            dns.exception.DNSException: it is no domain name.
        """
        asked = dns.name.from_text(name).to_digestable() + _QUESTION
        times = struct.pack("!HIH", int(now) >> 32, int(now) & 0xFFFFFFFF, _FUDGE)
        body = struct.pack("!HHHHH", number, dns.flags.RD, 1, 0, 0)
        mac = self._signed(body + b"\0\0" + asked, times)
        return body + b"\0\1" + asked + self._record(times, mac, number), mac

    def code(self, answer: bytes, mac: bytes, now: float) -> int:
        """The code of the answer to the question that was signed so.

        Raises:
            BadAnswer: it is not signed with the key, or for another question or time.
        """
        body, record = answer[: -self._length], answer[-self._length :]
        times, signed = record[len(self._head) :][:8], record[len(self._head) + 10 :][:_MAC]
        if len(body) < 12 or record != self._record(times, signed, _number(answer)):
            raise BadAnswer("it has no signature of the desk's key")
        others = (int.from_bytes(body[10:12], "big") - 1) % 0x10000  # without the signature's
        message = struct.pack("!H", _MAC) + mac + body[:10] + struct.pack("!H", others) + body[12:]
        if not hmac.compare_digest(signed, self._signed(message, times)):
            raise BadAnswer("its signature is not of the desk's key")
        if abs(int.from_bytes(times[:6], "big") - now) > _FUDGE:
            raise BadAnswer("it is of another time")
        return answer[3] & 0xF

    def _signed(self, message: bytes, times: bytes) -> bytes:
        return hmac.digest(self._secret, message + self._digested + times + _NO_ERROR, "sha256")

    def _record(self, times: bytes, mac: bytes, number: int) -> bytes:
        return self._head + times + struct.pack("!H", _MAC) + mac + _original(number)


def _original(number: int) -> bytes:
    return struct.pack("!H", number) + _NO_ERROR


def _number(message: bytes) -> int:
    return int.from_bytes(message[:2], "big")


def codes(
    where: tuple[str, int], key: dns.tsig.Key, names: Sequence[str], patience: float = PATIENCE
) -> list[int | None]:
    """The code with which each of these names, at most 65,536, is answered.

    SERVFAIL for those that wait for one when none came for `patience` seconds; the others are asked
    all the same, until four times as long has passed. Who closes the connection is asked for what is
    left on a new one, once. None for what nobody answered then.

    Raises:
        dns.exception.DNSException: one of them is no domain name.
    """
    found: dict[int, int] = {}
    closed, until = 0, time.monotonic() + 4 * patience
    while (
        closed < 2
        and time.monotonic() < until
        and (left := [n for n in range(len(names)) if n not in found])
    ):
        try:
            with socket.create_connection(where, patience) as line:
                # Else the kernel keeps the next questions back until the first are acknowledged.
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                _ask(line, Questions(key), [(number, names[number]) for number in left], found)
        except (OSError, EOFError, BadAnswer):
            closed += 1
    return [found.get(number) for number in range(len(names))]


def _ask(
    line: socket.socket,
    questions: Questions,
    names: Sequence[tuple[int, str]],
    found: dict[int, int],
) -> None:
    """Put the code of each answer into `found`, by the number of its question, until none comes."""
    left, waiting = iter(names), dict[int, bytes]()
    with line.makefile("rb") as answers:
        while True:
            more = list(itertools.islice(left, AT_ONCE - len(waiting)))
            line.sendall(b"".join(_written(questions, more, waiting)))
            if not waiting:
                return
            _acknowledge_at_once(line)
            try:
                answer = _read(answers)
            except TimeoutError:
                found.update(dict.fromkeys(waiting, int(dns.rcode.SERVFAIL)))
                return
            number = _number(answer)
            if number not in waiting:
                raise BadAnswer("nobody asked for it")
            found[number] = questions.code(answer, waiting[number], time.time())
            del waiting[number]


def _acknowledge_at_once(line: socket.socket) -> None:
    """Else BIND keeps the last answers back until 40 ms have passed. Holds for one answer."""
    if hasattr(socket, "TCP_QUICKACK"):  # Linux alone has it
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _written(
    questions: Questions, names: Sequence[tuple[int, str]], waiting: dict[int, bytes]
) -> list[bytes]:
    now, written = time.time(), []
    for number, name in names:
        message, waiting[number] = questions.question(number, name, now)
        written.append(struct.pack("!H", len(message)) + message)
    return written


def _read(answers: BinaryIO) -> bytes:
    """One message of a connection: RFC 1035, 4.2.2."""
    length = answers.read(2)
    answer = answers.read(int.from_bytes(length, "big"))
    if len(length) < 2 or len(answer) < int.from_bytes(length, "big"):
        raise EOFError
    return answer
