"""Counts senders so that none uses up what is meant for all, without keeping who they are.

A sender is a network: an IPv4 address and its /24, an IPv6 /64 and its /48, since one connection
is given a /64 at least and often a /48 (RFC 6177). Of a network a hash is kept in memory, keyed
with random bytes that are thrown away with all counts when the window ends: nobody can tell
afterwards, nor from another window, who sent something.
"""

import hashlib
import ipaddress
import math
import secrets
import threading
from dataclasses import dataclass

_PREFIXES = {4: (32, 24), 6: (64, 48)}  # narrow and wide


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls in a window of so many seconds: of a narrow network, of a wide one, of everybody."""

    narrow: int
    wide: int
    everybody: int
    window: float


class Fairness:
    """Each server process counts its own; the caller brings the clock."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._begin(-math.inf)

    def _begin(self, now: float) -> None:
        self._key = secrets.token_bytes(32)
        self._since = now
        self._all = 0
        self._counts: dict[bytes, int] = {}  # bounded: only what is let through is counted

    def let_through(self, address: str, now: float) -> bool:
        """Count one call, unless its networks or everybody together have had theirs."""
        with self._lock:
            if now - self._since >= self.limits.window:
                self._begin(now)
            keys = [self._hashed(network) for network in networks(address)]
            most = (self.limits.narrow, self.limits.wide)
            is_full = any(
                self._counts.get(key, 0) >= limit for key, limit in zip(keys, most, strict=True)
            )
            if is_full or self._all >= self.limits.everybody:
                return False
            self._all += 1
            for key in keys:
                self._counts[key] = self._counts.get(key, 0) + 1
            return True

    def _hashed(self, network: str) -> bytes:
        return hashlib.blake2b(network.encode(), key=self._key, digest_size=16).digest()


def networks(address: str) -> tuple[str, str]:
    """The narrow and the wide network of an address; all that is no address is one sender."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown narrow", "unknown wide"
    found = getattr(found, "ipv4_mapped", None) or found
    narrow, wide = (
        ipaddress.ip_network((found, n), strict=False) for n in _PREFIXES[found.version]
    )
    return f"narrow {narrow}", f"wide {wide}"
