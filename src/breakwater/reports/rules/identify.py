"""Finds who and what a report names, in one normal form each.

A selector's number is derived from its kind and value, so that two desks, or two runs,
give the same selector the same number without asking each other.
"""

import functools
import hashlib
import ipaddress
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import IntEnum
from typing import NamedTuple

from breakwater import countries
from breakwater.formats.domain_name import BadName, read_name
from breakwater.formats.record import Account, Capture, File, Person, Record
from breakwater.reports.rules import perceptual, tables

MAX_VALUE = 2000
MOST_LABELS = (
    8  # of names above a host: an address with a hundred labels must not cost as many rows
)


class IpGrade(IntEnum):
    """How far an address leads to a subscriber."""

    NONE = 0  # no address
    SHARED = 1  # carrier-grade NAT without a port: not attributable
    NO_TIME = 2
    TIME = 3
    TIME_PORT = 4


class Selector(NamedTuple):
    """A normalised identifier in the role that the report gave it."""

    role: str
    kind: str
    value: str

    @property
    def id(self) -> int:
        return selector_id(self.kind, self.value)


def selector_id(kind: str, value: str, salt: int = 0) -> int:
    """Derive the 63-bit number of a selector; `salt` steps aside for a collision."""
    text = f"{kind}\0{value}\0{salt}" if salt else f"{kind}\0{value}"
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@functools.lru_cache(maxsize=4096)
def service_name(text: str) -> str:
    """Bring a service's name into the form used behind the @ of accounts."""
    return re.sub(r"[^\w.]+", "-", text.strip().lower()).strip("-")


def account_value(account: Account, provider: str) -> str:
    identifier = account.identifier.strip()
    if not identifier:
        return ""
    return f"{identifier}@{service_name(account.service or provider) or 'unknown'}"


def email_value(text: str) -> str:
    value = text.strip().strip("<>").lower()
    return value if "@" in value[1:-1] and value.split() == [value] else ""


@functools.lru_cache(maxsize=65_536)
def ip_value(text: str) -> str:
    """Normalise an address: IPv4-mapped IPv6 becomes IPv4, "" if it is none."""
    try:
        address = ipaddress.ip_address(text.strip().split("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def capture_value(capture: Capture) -> str:
    """Write address, port and time to the second, as far as they are known."""
    ip = ip_value(capture.ip)
    if not ip:
        return ""
    port = f" port {capture.port}" if capture.port else ""
    when = capture.at.utc if capture.at else None
    return f"{ip}{port} {_stamp(when)}" if when else f"{ip}{port}"


def _stamp(when: datetime) -> str:
    utc = when.astimezone(UTC)
    # strftime costs several times as much, and captures are most of what a report holds.
    return f"{utc.year}-{utc.month:02}-{utc.day:02}T{utc.hour:02}:{utc.minute:02}:{utc.second:02}Z"


@functools.lru_cache(maxsize=4096)
def url_value(text: str) -> str:
    value = text.strip()
    scheme, separator, rest = value.partition("://")
    if not separator:
        scheme, rest = "http", value
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}".rstrip("/") if host else ""


@functools.lru_cache(maxsize=4096)
def url_hosts(value: str) -> tuple[str, ...]:
    """The host of an address on the web and the names above it, of two labels or more.

    In the form in which lists of domains have them; () if no resolver would be asked for it.
    """
    try:
        host = read_name(value).name
    except BadName:
        return ()
    labels = host.split(".")
    above = [".".join(labels[-n:]) for n in range(2, min(len(labels), MOST_LABELS + 1))]
    return (host, *above)


@functools.cache
def _shared_networks(demo: bool) -> list[tuple[int, int, int]]:
    table = tables.read("identify.toml")
    names = [*table["shared_networks"], *(table["demo_shared_networks"] if demo else [])]
    networks = [ipaddress.ip_network(n) for n in names]
    return [(n.version, int(n[0]), int(n[-1])) for n in networks]


@functools.lru_cache(maxsize=65_536)
def is_shared(ip: str, demo: bool = False) -> bool:
    """Say whether the address is of a range that many subscribers share."""
    if not ip:
        return False
    address = ipaddress.ip_address(ip)
    number = int(address)
    return any(v == address.version and a <= number <= b for v, a, b in _shared_networks(demo))


def grade(capture: Capture, *, demo: bool = False) -> IpGrade:
    """Grade one capture by what an access provider needs to name the subscriber."""
    ip = ip_value(capture.ip)
    if not ip:
        return IpGrade.NONE
    if not capture.port and is_shared(ip, demo):
        return IpGrade.SHARED
    if capture.at is None or capture.at.utc is None:
        return IpGrade.NO_TIME
    return IpGrade.TIME_PORT if capture.port else IpGrade.TIME


def captures(record: Record) -> Iterator[tuple[str, Capture]]:
    """Give every capture of a report with the role of whom it belongs to."""
    for person in record.persons:
        for capture in person.captures:
            yield person.role, capture
    for incident in record.incidents:
        for capture in incident.captures:
            yield "incident", capture
    for file in record.files:
        for capture in file.captures:
            yield "file", capture


def selectors(record: Record) -> list[Selector]:
    """List a report's selectors, each once per role, in the order of the report."""
    found: dict[Selector, None] = {}
    for person in record.persons:
        for kind, value in _of_person(person, record.provider):
            _add(found, person.role, kind, value)
    for file in record.files:
        for kind, value in _of_file(file):
            _add(found, "file", kind, value)
        for capture in file.captures:
            _add(found, "file", "capture", capture_value(capture))
        for device in file.devices:
            _add(found, "file", "device", f"{device.kind}:{device.value}")
        if file.url:
            _add(found, "file", "url", url_value(file.url))
    for incident in record.incidents:
        for url in incident.urls:
            _add(found, "incident", "url", url_value(url))
        for email in incident.emails:
            _add(found, "incident", "email", email_value(email.value))
        for capture in incident.captures:
            _add(found, "incident", "capture", capture_value(capture))
        if incident.phone:
            number = countries.e164(incident.phone.value, incident.phone.calling_code)
            _add(found, "incident", "phone", number)
    return list(found)


def hash_numbers(file: File) -> list[tuple[Selector, int]]:
    """The selector and its number of each hash of a file."""
    found: dict[Selector, None] = {}
    for kind, value in _of_file(file):
        _add(found, "file", kind, value)
    return [(s, selector_id(s.kind, s.value)) for s in found]


def web_addresses(record: Record) -> list[str]:
    """A report's addresses on the web, each once, in the order of the report.

    The place in this list names an address where the address itself must not stand, as in
    the address of a page, which servers write into their logs.
    """
    return list(dict.fromkeys(s.value for s in selectors(record) if s.kind == "url"))


def _add(found: dict[Selector, None], role: str, kind: str, value: str) -> None:
    value = value.replace("\0", "").strip()
    if value:
        found[Selector(role, kind, value[:MAX_VALUE])] = None


def _of_person(person: Person, provider: str) -> Iterator[tuple[str, str]]:
    if person.account:
        yield "account", account_value(person.account, provider)
    for account in person.associated:
        yield "account", account_value(account, provider)
    service = service_name((person.account.service if person.account else "") or provider)
    for name in person.screen_names:
        yield "screen", f"{name.strip()}@{service}" if name.strip() else ""
    for email in person.emails:
        yield "email", email_value(email.value)
    for phone in person.phones:
        yield "phone", countries.e164(phone.value, phone.calling_code)
    for device in person.devices:
        yield "device", f"{device.kind}:{device.value}" if device.value else ""
    for capture in person.captures:
        yield "capture", capture_value(capture)
    for url in person.profile_urls:
        yield "url", url_value(url)
    if person.group:
        yield "group", f"{person.group.strip()}@{service}"


def _of_file(file: File) -> Iterator[tuple[str, str]]:
    if file.md5:
        yield "md5", file.md5
    if file.sha1:
        yield "sha1", file.sha1
    if file.sha256:
        yield "sha256", file.sha256
    for kind, value in file.other_hashes:
        yield "phash", perceptual.selector_value(kind, value)


def normal_forms(text: str) -> list[tuple[str, str]]:
    """Guess which selectors a searched text may mean: (kind, value) pairs to look up."""
    text = text.strip()
    forms: list[tuple[str, str]] = []
    if email_value(text):
        forms += [("email", email_value(text)), ("account", text), ("screen", text)]
    phone = countries.e164(text) if text.startswith("+") else ""
    if phone:
        forms.append(("phone", phone))
    kind = {32: "md5", 40: "sha1", 64: "sha256"}.get(len(text))
    if kind and re.fullmatch(r"[0-9a-fA-F]+", text):
        forms.append((kind, text.lower()))
    if ip_value(text):
        forms.append(("capture", ip_value(text)))
    if "://" in text or "/" in text:
        forms.append(("url", url_value(text)))
    return forms
