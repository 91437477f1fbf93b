"""Tries the next zone at a real resolver before anybody gets it: do other names still resolve?

The stage has two zones. One holds what is published; BIND reads it through after each change, half
a second for 100,000 names. What is tried stands in one of its own, beside it: that takes no time,
and as no zone of ours makes exceptions, a name is blocked by both together as by the next zone.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.update

from breakwater.worstof import tsig
from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.primary import asking, configuration, zone_file
from breakwater.worstof.primary.configuration import STAGE, Place
from breakwater.worstof.queries.known_names import never_block, well_known
from breakwater.worstof.rules.turns import turn

_IN_ONE_UPDATE = 200  # names; a message has at most 64 KiB
_MOST = 500  # names asked each time; a longer file is asked from check to check
_MARKED = "192.0.2.1"
_PATIENCE = 20.0  # seconds until the stage must have taken a change; 4 at a million names
# An answer of the stage to a name below this one shows that it works with the zone just given to
# it. It is the last one in the order in which BIND takes names up: all others are in by then.
MARK = "breakwater-mark.zzzz"


class Stage:
    """The primary's view that resolves for nobody but this check."""

    def __init__(self, place: Place) -> None:
        self.place = place
        # Else whoever restarts often would never reach the end of a long file.
        self._start = secrets.randbelow(1 << 30)
        self._failed: frozenset[str] = frozenset()
        self._marks: dict[str, str] = {}  # the last one given to a zone

    def look(self) -> str:
        """Ask for names that must never be blocked, as the stage stands.

        At most `_MOST` of the operator's: those that failed last, then the next ones of the file.
        And all of the package's, which count only if they resolve without the list.
        """
        names, self._start = turn(never_block().names, self._start, _MOST, self._failed)
        asked = list(dict.fromkeys((*names, *well_known())))
        answers = dict(zip(asked, self.rcodes(asked), strict=True))
        self._failed = frozenset(n for n in names if answers[n] != dns.rcode.NOERROR)
        silent = None in answers.values()
        gone = [name for name in asked if answers[name] == dns.rcode.NXDOMAIN]
        operators = set(names)
        others = [name for name in gone if name not in operators]
        open_ones = dict(zip(others, map(self.open_rcode, others), strict=True))
        blocked = [n for n in gone if open_ones.get(n, dns.rcode.NOERROR) == dns.rcode.NOERROR]
        if blocked:
            count = f"{len(blocked)} of {len(asked)}"
            return f"Names that must never be blocked do not resolve: {count}."
        if silent:
            raise Unsure("The live check does not answer. Nothing is published.")
        if self._failed:
            raise Unsure("The resolver for the live check does not resolve. Nothing is published.")
        return ""

    def rcodes(self, names: Sequence[str]) -> list[int | None]:
        """What the stage answers to each of them, as `asking.codes`."""
        return asking.codes((self.place.near, self.place.port), tsig.own_key(STAGE), names)

    def open_rcode(self, name: str) -> int:
        """What the resolver behind the stage answers, which knows no list."""
        address, port = configuration.split(self.place.check_resolver)
        query = dns.message.make_query(f"{name}.", "A")
        try:
            return int(dns.query.udp_with_fallback(query, address, 5, port)[0].rcode())
        except (OSError, EOFError, dns.exception.DNSException):
            return int(dns.rcode.SERVFAIL)

    def rcode(self, name: str) -> int | None:
        return self.rcodes([name])[0]

    def give(self, zone: str, names: Sequence[str]) -> None:
        """Block names in one of the stage's zones.

        Raises:
            Unsure: the primary does not take it.
        """
        for piece in _pieces(names):
            message = dns.update.UpdateMessage(f"{zone}.")
            for name in piece:
                for owner in (name, f"*.{name}"):
                    message.replace(owner, zone_file.TTL, "CNAME", ".")
            self._change(message)

    def take_out(self, zone: str, names: Sequence[str]) -> None:
        """Raises Unsure like `give`."""
        for piece in _pieces(names):
            message = dns.update.UpdateMessage(f"{zone}.")
            for name in piece:
                for owner in (name, f"*.{name}"):
                    message.delete(owner)
            self._change(message)

    def _change(self, message: dns.update.UpdateMessage) -> None:
        message.use_tsig(tsig.own_key(configuration.update_key(STAGE)))
        try:
            answer = dns.query.tcp(message, self.place.near, 10, self.place.port)
        except (OSError, EOFError, dns.exception.DNSException) as problem:
            raise Unsure("The live check does not answer. Nothing is published.") from problem
        if answer.rcode() != dns.rcode.NOERROR:
            raise Unsure("The live check takes no names. Nothing is published.")

    def wait_for_mark(self, zone: str) -> None:
        """Wait until the stage resolves with what was given to this zone of it.

        Raises:
            Unsure: it does not in time.
        """
        mark = new_mark()
        message = dns.update.UpdateMessage(f"{zone}.")
        if before := self._marks.get(zone):
            message.delete(before)
        message.add(mark, zone_file.TTL, "A", _MARKED)
        self._change(message)
        self._marks[zone] = mark
        self.wait_for(mark)

    def wait_for(self, mark: str) -> None:
        """Wait until the stage answers to a mark that was given to it.

        Raises:
            Unsure: it does not in time.
        """
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            if self.rcode(mark) == dns.rcode.NOERROR:
                return
            time.sleep(0.02)
        raise Unsure("The live check did not take the names in time. Nothing is published.")


def _pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _IN_ONE_UPDATE):
        yield names[start : start + _IN_ONE_UPDATE]


def new_mark() -> str:
    return f"{secrets.token_hex(8)}.{MARK}"


def lines(zone: str, serial: int, names: Iterable[str], mark: str) -> Iterator[str]:
    """The stage's whole zone; its mark proves that this file, and no other one, is in use."""
    yield from zone_file.lines(zone, serial, ["stage"], names)
    yield f"{mark} A {_MARKED}\n"
