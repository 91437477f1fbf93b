"""`breakwater worstof follow`: a provider's copy of the zone as a file, for resolvers without TSIG.

It transfers with the provider's key (AXFR RFC 5936, IXFR RFC 1995), keeps the last good zone,
refuses an older serial, checks the signed record when the desk's public key is given, and writes
an RPZ file that is found whole or not at all. It needs no database.
"""

import logging
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rdatatype
import dns.rrset
import dns.tsig

from breakwater.formats.block_list.nesting import parents
from breakwater.worstof import tsig
from breakwater.worstof.primary import zone_file
from breakwater.worstof.primary.copy import Copy
from breakwater.worstof.primary.two_files import Files
from breakwater.worstof.rules import signatures
from breakwater.worstof.rules.zone_digest import EMPTY, root_of
from breakwater.worstof.rules.zone_manifest import OWNER, BadManifest, read

log = logging.getLogger(__name__)
_SECONDS = 300.0  # a whole zone of a million names takes minutes to read
_SILENT = 30.0  # a primary that says nothing for so long is gone


class NotTaken(Exception):
    """A transfer failed or was refused; the last good zone stays."""


class CannotHear(OSError):
    """Nothing can be heard where NOTIFY is to come."""


@dataclass(frozen=True, slots=True)
class Source:
    address: str
    port: int
    zone: str
    key: dns.tsig.Key
    public_key: bytes = b""  # of the desk; without it nothing but TSIG vouches for the zone


def take(source: Source, held: Copy, least: int = 0) -> Copy:
    """Transfer what is newer; gives `held` itself if nothing is. No serial below `least` is taken.

    Raises:
        NotTaken: no answer, a wrong key, an older serial, or not what the desk signed.
    """
    query = dns.message.make_query(f"{source.zone}.", "IXFR" if held.serial else "AXFR")
    rrs = _transfer(source, held.serial, query)
    try:
        found = _read(source, held, rrs)
    except (dns.exception.DNSException, OSError, EOFError, ValueError) as problem:
        raise NotTaken(f"transfer failed: {tsig.why(problem)}") from problem
    least = max(least, held.serial)
    if found.serial < least:
        raise NotTaken(f"serial {found.serial} is older than {least}; it is refused")
    if found is held or not source.public_key:
        return found
    try:
        check(source, found)
    except NotTaken:
        if not held.serial:
            raise
        # Differences on a zone that lacked something stay wrong for ever; the whole one need not.
        return take(source, Copy(), least)
    return found


def _transfer(
    source: Source, serial: int, query: dns.message.Message
) -> Iterator[tuple[dns.name.Name, dns.rdatatype.RdataType, object]]:
    kind = query.question[0].rdtype
    messages = dns.query.xfr(
        source.address, f"{source.zone}.", kind, port=source.port, timeout=_SILENT,
        lifetime=_SECONDS, serial=serial, relativize=True,
        keyring={source.key.name: source.key}, keyname=source.key.name,
        keyalgorithm=source.key.algorithm,
    )  # fmt: skip
    for message in messages:
        for rrset in message.answer:
            for rdata in rrset:
                yield rrset.name, rrset.rdtype, rdata


def _read(source: Source, held: Copy, rrs: Iterator[tuple[dns.name.Name, object, object]]) -> Copy:
    """Read a transfer, whole or as differences."""
    serial, soas = 0, 0
    adds: set[str] = set()
    removes: set[str] = set()
    record = held.record
    whole, adding = True, True
    for place, (owner, kind, rdata) in enumerate(rrs):
        if kind == dns.rdatatype.SOA:
            soas += 1
            number = int(rdata.serial)  # type: ignore[attr-defined]
            if place == 0:
                serial = number
                continue
            if place == 1:
                whole = False
            # In differences every SOA turns from names that leave to names that enter.
            adding = whole or not adding if place > 1 else False
            continue
        text = owner.to_text()
        if text == OWNER and kind == dns.rdatatype.TXT:
            if adding:
                record = tuple(s.decode("ascii", "replace") for s in rdata.strings)  # type: ignore[attr-defined]
        elif kind == dns.rdatatype.CNAME and not text.startswith("*."):
            (adds if adding else removes).add(text)
            (removes if adding else adds).discard(text)
    if soas == 1 or (held.serial and serial <= held.serial):
        return held if serial >= held.serial else Copy(serial)
    base = Copy() if whole else held
    came, left, between = _apart(adds, removes, base.between)
    found = base.changed(came, left)
    found.serial, found.record, found.between = serial, record, between
    return found


def _apart(
    adds: set[str], removes: set[str], held: frozenset[str]
) -> tuple[set[str], set[str], frozenset[str]]:
    """Listed names that came and that left, and all that stand between two (`zone_file.marked`).

    A name that begins or ceases to stand between two, and is listed before or after, keeps its
    records: only its mark comes or goes.
    """
    mark = f"{zone_file.BETWEEN}."
    marked = {text.removeprefix(mark) for text in adds if text.startswith(mark)}
    freed = {text.removeprefix(mark) for text in removes if text.startswith(mark)}
    between = (held | marked) - freed
    left = {text for text in removes if not text.startswith(mark)}
    came = {text for text in adds if not text.startswith(mark)} | freed
    return came - between - left, left | marked, between


def check(source: Source, found: Copy) -> None:
    """Whether this is what the desk signed.

    Raises:
        NotTaken: it is not.
    """
    try:
        manifest, signature = read(source.zone, found.record)
    except BadManifest as problem:
        raise NotTaken(str(problem)) from problem
    if not signatures.verify(manifest.signed, signature, source.public_key):
        raise NotTaken("the signature is not the desk's")
    count = sum(map(len, found.names.values()))
    digests = {n: d for n, d in found.digests.items() if d != EMPTY}
    if (manifest.serial, manifest.names, manifest.root) != (found.serial, count, root_of(digests)):
        raise NotTaken("the names are not those that the desk signed")
    if not all(any(map(found.lists, parents(name))) for name in found.between):
        raise NotTaken("a name that is not signed stands below no listed one")


class Following:
    """The loop: wait for NOTIFY or the next poll, take, check, write."""

    def __init__(
        self,
        source: Source,
        path: Path,
        *,
        recent: Path | None = None,
        listen: tuple[str, int] | None,
        poll: float,
        run: str,
    ) -> None:
        self.source, self.listen = source, listen
        self.files = Files(source.zone, path, recent)
        self.poll, self.command = poll, run
        self.held = Copy()
        self.is_expired = False

    def run(self, stop: threading.Event) -> None:
        """Follow until `stop` is set.

        Raises:
            CannotHear: `listen` cannot be listened on.
        """
        told = threading.Event()
        if self.listen:
            door = _door(self.listen)
            hearing = threading.Thread(target=self._hear, args=(door, told, stop), daemon=True)
            hearing.start()
        while not stop.is_set():
            told.clear()
            self.turn()
            told.wait(self.poll)

    def turn(self) -> bool:
        """Take what is newer; says whether it was written."""
        try:
            found = take(self.source, self.held, self.held.serial or self.files.serial())
            if found is not self.held:
                self.files.write(found, time.monotonic())
            self.files.see()
        except (NotTaken, OSError) as problem:
            self._keep(problem)
            return False
        self.is_expired = False
        if found is self.held:
            return False
        self.held = found
        self._tell_resolver()
        log.info("serial %d written", found.serial)
        return True

    def _keep(self, problem: Exception) -> None:
        """The last good zone stays, for as long as the SOA lets any secondary keep it."""
        if self.is_expired:
            log.error("nothing is blocked, the zone has expired: %s", problem)
            return
        try:
            seen_at = self.files.seen_at()
            if not seen_at or time.time() - seen_at <= zone_file.EXPIRE:
                log.warning("the last good zone stays: %s", problem)
                return
            self.held = Copy()
            self.files.expire()
        except OSError as other:
            log.warning("the last good zone stays: %s; %s", problem, other)
            return
        self.is_expired = True
        self._tell_resolver()
        days = zone_file.EXPIRE // 86_400
        log.error(
            "the zone has expired: for %d days the primary gave none that is good (%s). "
            "Nothing is blocked until it does.", days, problem,
        )  # fmt: skip

    def _tell_resolver(self) -> None:
        if self.command:
            subprocess.run(self.command, shell=True, check=False)  # noqa: S602 – the operator's own words

    def _hear(self, door: socket.socket, told: threading.Event, stop: threading.Event) -> None:
        with door:
            while not stop.is_set():
                try:
                    wire, sender = door.recvfrom(65535)
                    answer = heard(self.source, wire, sender[0])
                    if answer:
                        told.set()
                        door.sendto(answer, sender)
                except TimeoutError:
                    continue
                except OSError as problem:
                    log.warning("a NOTIFY was not answered: %s", problem)
                    stop.wait(0.1)


def _door(place: tuple[str, int]) -> socket.socket:
    door = socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        door.bind(place)
    except OSError as problem:
        door.close()
        raise CannotHear(*problem.args) from problem
    door.settimeout(1)
    return door


def heard(source: Source, wire: bytes, sender: str) -> bytes | None:
    """The answer to a NOTIFY (RFC 1996) that is signed with our key or comes from the primary.

    None for anything else, whatever its octets are.
    """
    try:
        message = dns.message.from_wire(wire, keyring={source.key.name: source.key})
        if message.opcode() != dns.opcode.NOTIFY or message.flags & dns.flags.QR:
            return None
        if not message.had_tsig and sender != source.address:
            return None
        answer = dns.message.make_response(message)
        answer.flags |= dns.flags.AA
        return answer.to_wire()
    except (dns.exception.DNSException, ValueError):
        return None
