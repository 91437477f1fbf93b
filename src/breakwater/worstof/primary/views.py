"""Brings one view of the primary to the state that the desk published: by RFC 2136, or whole."""

import socket
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.tsig
import dns.update

from breakwater.worstof import signing, tsig
from breakwater.worstof.models import Publication, Recipient
from breakwater.worstof.primary import configuration, zone_file
from breakwater.worstof.primary.configuration import Place
from breakwater.worstof.queries import between, zone
from breakwater.worstof.rules.zone_digest import bucket_digest, bucket_of, packed, root_of_packed
from breakwater.worstof.rules.zone_manifest import OWNER, BadManifest, ZoneManifest, read

# Octets of names in one message, which holds 65,535: a listed name stands in it five times, one
# between two listed ones six times.
_ROOM = 40_000
_SECONDS = 10.0


class PrimaryFailed(Exception):
    """The primary did not answer, or refused; what it served before stays."""


class OtherSerial(PrimaryFailed):
    """A view is not at the serial on which a change was to be built; it stays as it is."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a view says it holds; serial 0 if it has no zone."""

    serial: int
    root: str


class Published:
    """A publication and its names; what the manifests of all views tell of them is read once."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication

    @cached_property
    def digests(self) -> zone.Digests:
        return zone.bucket_digests()

    @cached_property
    def international(self) -> int:
        """How many of the names are not national."""
        return zone.names_for(Recipient(scope=Recipient.Scope.INTERNATIONAL)).count()


def wanted(recipient: Recipient, published: Published, name: str) -> ZoneManifest:
    """What a recipient's zone must be at this publication, its canaries with it."""
    is_international = recipient.scope == Recipient.Scope.INTERNATIONAL
    digests: dict[int, bytes] = {}
    extra = 0
    canaries = sorted(set(recipient.canaries))
    buckets = sorted({bucket_of(canary) for canary in canaries})
    for number, held in zone.names_in(buckets).items():
        own = {n for n, is_national in held.items() if not (is_national and is_international)}
        added = {canary for canary in canaries if bucket_of(canary) == number} - own
        digests[number] = bucket_digest(own | added)
        extra += len(added)
    publication, kept = published.publication, published.digests
    count = published.international if is_international else publication.names
    whole = packed(digests, kept.international if is_international else kept.every)
    at = publication.at.isoformat(timespec="seconds")
    return ZoneManifest(name, publication.serial, at, count + extra, root_of_packed(whole))


def held(place: Place, key_name: str) -> Held:
    """Ask a view what it has.

    Raises:
        PrimaryFailed: it does not answer.
    """
    asked = dns.message.make_query(f"{OWNER}.{place.zone}.", "TXT")
    answer = _ask(place, asked, key_name)
    apex = _ask(place, dns.message.make_query(f"{place.zone}.", "SOA"), key_name)
    if answer.rcode() != dns.rcode.NOERROR or not answer.answer or not apex.answer:
        return Held(0, "")
    strings = [text.decode("ascii", "replace") for text in answer.answer[0][0].strings]
    try:
        manifest, _ = read(place.zone, strings)
    except BadManifest:  # of an earlier version, or there is no zone yet
        return Held(apex.answer[0][0].serial, "")
    return Held(apex.answer[0][0].serial, manifest.root)


def _ask(place: Place, query: dns.message.Message, key_name: str) -> dns.message.Message:
    own = configuration.update_key(key_name)
    query.use_tsig(tsig.own_key(own))
    try:
        return dns.query.tcp(query, place.near, _SECONDS, place.port)
    except (OSError, EOFError, dns.exception.DNSException) as problem:
        raise PrimaryFailed(f"the primary does not answer: {tsig.why(problem)}") from problem


def whole(recipient: Recipient, manifest: ZoneManifest) -> Iterator[str]:
    strings = manifest.strings(signing.sign(manifest.signed))
    names = zone.names_for(recipient).values_list("name", flat=True)
    yield from zone_file.lines(
        manifest.zone, manifest.serial, strings, names.iterator(chunk_size=5000)
    )
    is_international = recipient.scope == Recipient.Scope.INTERNATIONAL
    yield from zone_file.marked(sorted(between.of_all(is_international=is_international)))
    listed = zone.kept(sorted(set(recipient.canaries)))
    for canary in sorted(set(recipient.canaries)):
        if canary not in listed or (is_international and listed[canary]):
            yield f"{canary} CNAME .\n*.{canary} CNAME .\n"


def fits(names: Sequence[str]) -> bool:
    """Whether these changes go into one message, which the primary takes whole or not at all."""
    return sum(5 * len(name) + 100 for name in names) < _ROOM


@dataclass(frozen=True, slots=True)
class Change:
    """What one message does to a view of this serial: these names become what they are here.

    Those between two listed ones are blocked like those listed, and marked; the others are open.
    """

    serial: int  # on which it is built
    names: Collection[str]
    listed: Collection[str]
    between: Collection[str]
    manifest: ZoneManifest  # of the view afterwards


def update(place: Place, key_name: str, change: Change) -> None:
    """Make a change in a view, with its new serial and the signed record, in one message.

    Raises:
        OtherSerial: the view has another serial (RFC 2136 2.4.2); nothing was changed.
        PrimaryFailed: nothing was changed.
    """
    message = dns.update.UpdateMessage(f"{place.zone}.")
    message.present("@", "SOA", zone_file.soa(change.serial))
    for name in sorted(change.names):
        for owner in (name, f"*.{name}"):
            message.delete(owner)
            if name in change.listed or name in change.between:
                message.add(owner, zone_file.TTL, "CNAME", ".")
        mark = f"{zone_file.BETWEEN}.{name}"
        message.delete(mark)
        if name in change.between:
            message.add(mark, zone_file.TTL, "CNAME", ".")
    manifest = change.manifest
    strings = manifest.strings(signing.sign(manifest.signed))
    message.replace(OWNER, zone_file.TTL, "TXT", zone_file.txt(strings))
    message.add("@", zone_file.TTL, "SOA", zone_file.soa(manifest.serial))
    answer = _ask(place, message, key_name)
    if answer.rcode() == dns.rcode.NXRRSET:
        raise OtherSerial(f"the primary does not have serial {change.serial} any more")
    if answer.rcode() != dns.rcode.NOERROR:
        raise PrimaryFailed(f"the primary answered {dns.rcode.to_text(answer.rcode())}")


def tell_at_once(place: Place, recipient: Recipient) -> None:
    """Send NOTIFY (RFC 1996) now, signed; BIND sends its own too, half a second later, and repeats.

    Nothing waits for the answer: who misses it hears BIND's.
    """
    for address, port in map(configuration.split, recipient.notify):
        message = dns.message.make_query(f"{place.zone}.", "SOA")
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags = dns.flags.AA | (message.flags & ~dns.flags.RD)
        message.use_tsig(tsig.key(recipient.key_name, tsig.secret_of(recipient.key_name)))
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as out:
            try:
                if not place.is_everywhere:
                    out.bind((place.address, 0))
                out.sendto(message.to_wire(), (address, port))
            except OSError:
                continue  # BIND's own NOTIFY is repeated
