"""Reads the addresses of resolvers as people enter them."""

import ipaddress


class BadAddress(ValueError):
    """This is no address with a port."""


def read_address(text: str) -> str:
    """Give `192.0.2.1:53` or `[2001:db8::1]:53`; without a port it is 53.

    Raises:
        BadAddress: a host name, a port out of range, an address with a scope, or none at all.
    """
    host, port = _split(text.strip())
    try:
        address = ipaddress.ip_address(host)
    except ValueError as fault:
        raise BadAddress(text) from fault
    # A scope (RFC 4007) may hold any character, and addresses become lines of configurations.
    if "%" in host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadAddress(text)
    shown = f"[{address}]" if address.version == 6 else str(address)
    return f"{shown}:{int(port)}"


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":") or "53"
    if text.count(":") > 1:
        return text, "53"
    host, _, port = text.partition(":")
    return host, port or "53"


def read_addresses(text: str) -> list[str]:
    """Give the addresses of a text, one a line or between commas, each once.

    Raises:
        BadAddress: names the first that is none.
    """
    words = text.replace(",", " ").split()
    return list(dict.fromkeys(read_address(word) for word in words))
