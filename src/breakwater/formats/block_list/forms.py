"""A list of names in each form that somebody's resolver, proxy or desk can read.

All are written from the same sorted names and stream in pieces. The hosts form can name no
subdomains; all others block a name with everything below it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from breakwater.formats.block_list import misp, stix
from breakwater.formats.block_list.header import Header
from breakwater.formats.block_list.nesting import between, topmost
from breakwater.formats.domain_name import ZONE_ROOM, read_name

_BATCH = 10_000
_SERIALS = 2**32


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a list; `write` takes names in their normal form, sorted, each once."""

    key: str
    suffix: str
    media_type: str
    write: Callable[[Iterable[str], Header], Iterator[bytes]]
    tells_past: bool = False  # of names that left or came again, by `Header.gone` and `again`


def batches(names: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _lines(names: Iterable[str], line: str) -> Iterator[bytes]:
    """Each name in a line's place of «{0}»; joined at once, since a million calls take a second."""
    before, *rest = line.split("{0}")
    for batch in batches(names):
        if len(rest) == 1:
            after = rest[0]
            yield (before + (after + before).join(batch) + after).encode("ascii")
        else:
            yield "".join([line.format(name) for name in batch]).encode("ascii")


def _remark(header: Header, sign: str = "#") -> bytes:
    title = " ".join(header.title.split())
    return f"{sign} {title}\n{sign} serial {header.serial}, {stamp(header.at)}\n".encode()


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def write_rpz(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """A neutral policy zone: NXDOMAIN for a name and for all below it, two records a name.

    Names between two listed ones stand at the end, see `nesting`.

    `CNAME .` is the one action that BIND, Unbound, PowerDNS and Knot Resolver all follow; a
    provider puts its own stop page into its resolver's settings.

    Raises:
        ValueError: the zone's name leaves no room for the longest listed name, or the serial is
            none of a zone (RFC 1035 3.3.13).
    Source: draft-vixie-dnsop-dns-rpz-00.
    """
    zone = header.zone.removesuffix(".")
    if not 0 < len(zone) <= ZONE_ROOM:
        raise ValueError(f"A policy zone's name has 1 to {ZONE_ROOM} letters")
    if not 0 <= header.serial < _SERIALS:
        raise ValueError("A zone's serial has 32 bits")
    yield _remark(header, ";")
    yield (
        f"$ORIGIN {zone}.\n$TTL 60\n"
        f"@ SOA localhost. hostmaster.{zone}. {header.serial} 60 30 2419200 60\n"
        "@ NS localhost.\n"
    ).encode("ascii")
    listed = list(names)
    yield from _lines(listed, "{0} CNAME .\n*.{0} CNAME .\n")
    yield from _lines(sorted(between(listed)), "{0} CNAME .\n*.{0} CNAME .\n")


def write_hosts(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """A hosts file; with the second line a question for an IPv6 address ends here as well."""
    yield _remark(header)
    yield from _lines(names, "0.0.0.0 {0}\n:: {0}\n")


def write_unbound(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """To be included in unbound.conf."""
    yield _remark(header) + b"server:\n"
    yield from _lines(names, 'local-zone: "{0}." always_nxdomain\n')


def write_dnsmasq(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """For --conf-file: a domain without a server is answered from local data only."""
    yield _remark(header)
    yield from _lines(names, "local=/{0}/\n")


def write_squid(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """For `acl … dstdomain "file"`. Names below another one are left out: Squid takes both for an
    error, and the upper one covers them."""
    yield _remark(header)
    yield from _lines(sorted(topmost(list(names))), ".{0}\n")


def write_csv(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """Two columns: the name as the DNS has it, and as people read it (RFC 4180)."""
    yield b"domain,shown\r\n"
    for batch in batches(names):
        rows = [f"{x},{read_name(x).shown if 'xn--' in x else x}\r\n" for x in batch]
        yield "".join(rows).encode()


FORMS: dict[str, Form] = {
    form.key: form
    for form in (
        Form("rpz", ".zone", "text/dns", write_rpz),
        Form("hosts", ".hosts", "text/plain", write_hosts),
        Form("unbound", ".conf", "text/plain", write_unbound),
        Form("dnsmasq", ".conf", "text/plain", write_dnsmasq),
        Form("squid", ".acl", "text/plain", write_squid),
        Form("csv", ".csv", "text/csv", write_csv),
        Form("stix", ".json", stix.MEDIA_TYPE, stix.write_stix, tells_past=True),
        Form("misp", ".zip", "application/zip", misp.write_misp, tells_past=True),
    )
}
