"""Makes the people of the synthetic world: offenders with several accounts, and children.

Every name, address and number is one that cannot belong to anybody: surnames say that
they are examples, domains end in .example, phone numbers are reserved for fiction.
"""

import socket
from dataclasses import dataclass, field
from random import Random

from breakwater.synth.file_pool import Item
from breakwater.synth.tables import Country, Provider, providers, shares

FIRST = (
    "Ada", "Alvin", "Bram", "Carla", "Dario", "Edna", "Felix", "Gail", "Hugo", "Iris", "Jaap",
    "Kira", "Leon", "Mara", "Nils", "Olga", "Pablo", "Quinn", "Rosa", "Sven", "Tara", "Uma",
    "Vito", "Wanda", "Xander", "Yara", "Zeno", "Anouk", "Basil", "Celia",
)  # fmt: skip
LAST = (
    "Exemplar", "Sampleton", "Testington", "Specimen", "Placeholder", "Mockfield", "Dummerson",
    "Fictivo", "Inventado", "Voorbeeld", "Exemple", "Ejemplo", "Fabula", "Nobodia", "Pretendo",
)  # fmt: skip
MAIL = ("postbox.example", "mailhaven.example", "letterreef.example", "quickmail.example")
DEVICES = ("IMEI", "ICCID", "Advertising ID", "Android ID")


@dataclass(slots=True)
class Account:
    provider: Provider
    identifier: str
    screen: str


@dataclass(slots=True)
class Offender:
    """Somebody who is reported, now and again. `addresses` are (ip, whether shared)."""

    country: Country
    first: str
    last: str
    age: int
    accounts: list[Account]
    emails: list[str]
    phone: str = ""
    devices: list[tuple[str, str]] = field(default_factory=list)
    addresses: list[tuple[str, bool]] = field(default_factory=list)
    files: list[Item] = field(default_factory=list)
    prior: list[str] = field(default_factory=list)
    group: str = ""
    has_access: bool = False
    convicted: bool = False


@dataclass(slots=True)
class Child:
    """A child somebody harmed. Never reported, whatever their own account did."""

    country: Country
    first: str
    age: int
    sex: str
    account: Account
    has_address: bool
    address: str


class Cast:
    """Hands out people; the same random numbers give the same people."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._made = 0
        self._phones: dict[str, int] = {}

    def account(self, provider: Provider, first: str) -> Account:
        self._made += 1
        identifier = f"{self._rng.randrange(10**14, 10**15)}"
        return Account(provider, identifier, f"{first.lower()}.{self._made:x}")

    def offender(self, country: Country, provider: Provider) -> Offender:
        rng = self._rng
        draw = rng.random
        first, last = rng.choice(FIRST), rng.choice(LAST)
        accounts = [self.account(provider, first)]
        while draw() < 0.3 and len(accounts) < 5:
            accounts.append(self.account(providers().draw(rng), first))
        emails = [self._email(first, last)] if draw() < 0.75 else []
        if emails and draw() < 0.2:
            emails.append(self._email(first, last))
        offender = Offender(country, first, last, rng.randrange(18, 71), accounts, emails)
        if draw() < 0.3:
            offender.phone = self._phone(country)
        if draw() < 0.35:
            kind = rng.choice(DEVICES)
            offender.devices.append((kind, f"SYNTHETIC-{rng.getrandbits(48):012x}"))
        offender.addresses = [self.address(country) for _ in range(rng.randrange(1, 4))]
        if draw() < 0.03:
            offender.group = f"group-{rng.randrange(1, 400)}"
        offender.has_access, offender.convicted = draw() < 0.03, draw() < 0.01
        return offender

    def bystander(self, country: Country, provider: Provider) -> Offender:
        """Make one account of a viral batch: nothing but its identifier is known."""
        account = self.account(provider, "somebody")
        return Offender(country, "", "", 0, [account], [])

    def child(self, country: Country, provider: Provider) -> Child:
        rng = self._rng
        first = rng.choice(FIRST)
        age = min(17, max(4, round(rng.gauss(13, 2.5))))
        sex = "Female" if rng.random() < 0.72 else "Male"
        account = self.account(provider, first)
        ip, _ = self.address(country)
        return Child(country, first, age, sex, account, rng.random() < 0.4, ip)

    def address(self, country: Country) -> tuple[str, bool]:
        """Give an IP address of the country, and whether many subscribers share it."""
        rng = self._rng
        kind = rng.random()
        if kind < shares()["shared_network"]:
            return _ipv4(rng.randint(*country.shared)), True
        if kind < shares()["shared_network"] + shares()["ipv6"]:
            return _ipv6(rng.randint(*country.ipv6)), False
        return _ipv4(rng.randint(*country.home)), False

    def _email(self, first: str, last: str) -> str:
        self._made += 1
        domain = MAIL[int(self._rng.random() * len(MAIL))]
        return f"{first}.{last}{self._made}@{domain}".lower()

    def _phone(self, country: Country) -> str:
        """Give the country's next number reserved for fiction, "" when all are given out.

        A number given twice would tie people together who have nothing in common.
        """
        if not country.phones:
            return ""
        digits = {"+4": 3, "+3": 4}.get(country.phones[0][:2], 2)
        used = self._phones.get(country.code, 0)
        prefix, last = divmod(used, 10**digits)
        if prefix >= len(country.phones):
            return ""
        self._phones[country.code] = used + 1
        return f"{country.phones[prefix]}{last:0{digits}d}".replace(" ", "")


def _ipv4(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _ipv6(number: int) -> str:
    return socket.inet_ntop(socket.AF_INET6, number.to_bytes(16))
