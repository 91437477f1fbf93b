"""Tries the next zone at a real resolver before anybody gets it: do other names still resolve?"""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.update

from breakwater.worstof import tsig
from breakwater.worstof.actions.publishing import Unsure
from breakwater.worstof.primary import configuration, zone_file
from breakwater.worstof.primary.configuration import STAGE, Place
from breakwater.worstof.queries.known_names import never_block, well_known
from breakwater.worstof.rules.turns import turn

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

    def check(self, adds: Sequence[str]) -> str:
        """Say which names no longer resolve with these names added; "" if all do.

        Raises:
            Unsure: the stage or the resolver behind it does not answer as it should.
        """
        problem = "not tried to the end"
        try:
            for start in range(0, len(adds), 200):
                self.give(adds[start : start + 200], ())
            self.wait_for_mark()
            problem = self.look()
        finally:
            if problem:
                self.take_out(adds)
        return problem

    def take_out(self, names: Sequence[str]) -> None:
        """Raises Unsure like `give`."""
        for start in range(0, len(names), 200):
            self.give((), names[start : start + 200])

    def look(self) -> str:
        """Ask for names that must never be blocked, as the stage stands.

        At most `_MOST` of the operator's: those that failed last, then the next ones of the file.
        And all of the package's, which count only if they resolve without the list.
        """
        names, self._start = turn(never_block().names, self._start, _MOST, self._failed)
        asked = list(dict.fromkeys((*names, *well_known())))
        answers = dict(zip(asked, self._several(self.rcode, asked), strict=True))
        self._failed = frozenset(n for n in names if answers[n] != dns.rcode.NOERROR)
        gone = [name for name in asked if answers[name] == dns.rcode.NXDOMAIN]
        operators = set(names)
        others = [name for name in gone if name not in operators]
        open_ones = dict(zip(others, self._several(self.open_rcode, others), strict=True))
        blocked = [n for n in gone if open_ones.get(n, dns.rcode.NOERROR) == dns.rcode.NOERROR]
        if blocked:
            return f"{len(blocked)} of {len(asked)} names that must never be blocked do not resolve"
        if self._failed:
            raise Unsure("The resolver for the live check does not resolve. Nothing is published.")
        return ""

    def _several(self, ask: Callable[[str], int], names: Sequence[str]) -> list[int]:
        with ThreadPoolExecutor(8) as several:
            return list(several.map(ask, names))

    def open_rcode(self, name: str) -> int:
        """What the resolver behind the stage answers, which knows no list."""
        address, port = configuration.split(self.place.check_resolver)
        query = dns.message.make_query(f"{name}.", "A")
        try:
            return int(dns.query.udp_with_fallback(query, address, 5, port)[0].rcode())
        except (OSError, EOFError, dns.exception.DNSException):
            return int(dns.rcode.SERVFAIL)

    def rcode(self, name: str) -> int:
        query = dns.message.make_query(f"{name}.", "A")
        query.use_tsig(tsig.own_key(STAGE))
        try:
            return int(dns.query.tcp(query, self.place.address, 5, self.place.port).rcode())
        except (OSError, EOFError, dns.exception.DNSException):
            return int(dns.rcode.SERVFAIL)

    def give(self, adds: Sequence[str], removes: Sequence[str]) -> None:
        """Change the stage's own copy of the zone.

        Raises:
            Unsure: the primary does not take it.
        """
        message = dns.update.UpdateMessage(f"{self.place.zone}.")
        for name in (*removes, *adds):
            for owner in (name, f"*.{name}"):
                message.delete(owner)
                if name in adds:
                    message.add(owner, zone_file.TTL, "CNAME", ".")
        message.use_tsig(tsig.own_key(configuration.update_key(STAGE)))
        try:
            answer = dns.query.tcp(message, self.place.address, 10, self.place.port)
        except (OSError, EOFError, dns.exception.DNSException) as problem:
            raise Unsure("The live check does not answer. Nothing is published.") from problem
        if answer.rcode() != dns.rcode.NOERROR:
            raise Unsure("The live check takes no names. Nothing is published.")

    def wait_for_mark(self) -> None:
        """Wait until the stage resolves with what was given to it.

        Raises:
            Unsure: it does not in time.
        """
        mark = new_mark()
        message = dns.update.UpdateMessage(f"{self.place.zone}.")
        message.add(mark, zone_file.TTL, "A", _MARKED)
        message.use_tsig(tsig.own_key(configuration.update_key(STAGE)))
        try:
            dns.query.tcp(message, self.place.address, 10, self.place.port)
        except (OSError, EOFError, dns.exception.DNSException) as problem:
            raise Unsure("The live check does not answer. Nothing is published.") from problem
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


def new_mark() -> str:
    return f"{secrets.token_hex(8)}.{MARK}"


def lines(zone: str, serial: int, names: Iterable[str], mark: str) -> Iterator[str]:
    """The stage's whole zone; its mark proves that this file, and no other one, is in use."""
    yield from zone_file.lines(zone, serial, ["stage"], names)
    yield f"{mark} A {_MARKED}\n"
