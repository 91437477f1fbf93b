"""Countries: codes, names, and which one an IP address or a phone number points to.

Knows no Django and no room. The IP source is a file of this package with its date; a
demo overlay places the documentation ranges in countries, so that synthetic reports
have somewhere to be from.
"""

import functools
import ipaddress
import tomllib
from datetime import date
from importlib import resources

import babel
import maxminddb
import phonenumbers
import pycountry

DATA = resources.files("breakwater.countries") / "data"
PSEUDO = {"A1", "A2", "O1", "AP", "EU", "AN", "FX"}
"""Codes that the reporting API allows beside ISO 3166: proxies, satellites, old countries."""


@functools.cache
def all_codes() -> frozenset[str]:
    return frozenset(c.alpha_2 for c in pycountry.countries) | {"XK"}


@functools.cache
def iso2(iso3: str) -> str:
    """Give alpha-2 for alpha-3, "" if there is none."""
    if iso3 in ("XKX", "XXK"):
        return "XK"
    found = pycountry.countries.get(alpha_3=iso3) if iso3 else None
    return found.alpha_2 if found else ""


@functools.cache
def iso3(iso2: str) -> str:
    """Give alpha-3 for alpha-2, "" if there is none."""
    if iso2 == "XK":
        return "XKX"
    found = pycountry.countries.get(alpha_2=iso2) if iso2 else None
    return found.alpha_3 if found else ""


@functools.cache
def name(code: str, language: str = "en") -> str:
    """Name a country in a language (CLDR); the code itself where CLDR has no name."""
    territories = babel.Locale.parse(language.replace("-", "_")).territories
    return territories.get(code) or code


@functools.cache
def _database() -> maxminddb.Reader:
    with resources.as_file(DATA / "ip_to_country.mmdb") as path:
        return maxminddb.open_database(path, maxminddb.MODE_MEMORY)


def database_date() -> date:
    """When the IP source was built."""
    return date.fromtimestamp(_database().metadata().build_epoch)  # noqa: DTZ012 - a day is enough


@functools.cache
def _overlay(which: str) -> list[tuple[int, int, int, str]]:
    """Networks of an overlay as (version, first, last, country), most specific first."""
    if not which:
        return []
    text = (DATA / "demo_overlay.toml").read_text() if which == "demo" else open(which).read()  # noqa: SIM115, PTH123
    found = []
    for network, country in tomllib.loads(text).get("networks", {}).items():
        net = ipaddress.ip_network(network)
        found.append((net.version, int(net[0]), int(net[-1]), country))
    return sorted(found, key=lambda n: n[2] - n[1])


@functools.lru_cache(maxsize=65_536)
def of_ip(ip: str, overlay: str = "") -> str:
    """Say which country an address is registered in, "" if unknown or not an address."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    number = int(address)
    for version, first, last, country in _overlay(overlay):
        if version == address.version and first <= number <= last:
            return country
    found = _database().get(ip)
    return str(found.get("country_code", "")) if isinstance(found, dict) else ""


@functools.lru_cache(maxsize=65_536)
def e164(text: str, calling_code: str = "", home: str = "") -> str:
    """Bring a phone number into E.164, "" if it cannot be one.

    `calling_code` are the digits the report gave; `home` is the country to assume for a
    number without any. Numbers reserved for fiction are well-formed and pass.
    """
    written = text.strip()
    if calling_code and not written.startswith("+"):
        written = f"+{calling_code.lstrip('+')}{written.lstrip('0')}"
    try:
        number = phonenumbers.parse(written, home or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@functools.lru_cache(maxsize=65_536)
def of_phone(number: str) -> str:
    """Say which country an E.164 number belongs to, "" if its code has several or none."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region is None and parsed.country_code == 1:
        # Fiction numbers (555-01xx) are not "valid", so the area code has to decide.
        region = _area_code_region(str(parsed.national_number)[:3])
    if region is None:
        regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
        region = regions[0] if len(regions) == 1 else None
    return region if region and region != "001" else ""


@functools.cache
def _area_code_region(area: str) -> str | None:
    for last in ("2345678", "5551234", "9261234"):
        region = phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{area}{last}"))
        if region:
            return str(region)
    return None
