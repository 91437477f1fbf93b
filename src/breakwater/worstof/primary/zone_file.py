"""A view's whole zone as a file: two records a name, in the form that every resolver obeys.

`CNAME .` is the one action that blocks on BIND, Unbound, PowerDNS and Knot Resolver alike, and it
leaves the stop page to each provider (docs/decisions/one-neutral-zone.md).
"""

import re
from collections.abc import Iterable
from pathlib import Path

from breakwater.worstof.rules.zone_manifest import OWNER

TTL = 60
# Refresh and retry in seconds for a lost NOTIFY; a provider that is cut off keeps the zone 30 days.
EXPIRE = 2_592_000
TIMERS = f"10 5 {EXPIRE} 60"
BLOCK = "."
# Before a name between two listed ones, to tell it from those: no listed name has such a label.
BETWEEN = "-"
EXCEPTION = "rpz-passthru."


def soa(serial: int) -> str:
    return f"localhost. hostmaster.localhost. {serial} {TIMERS}"


def txt(strings: Iterable[str]) -> str:
    return " ".join(f'"{text}"' for text in strings)


def lines(zone: str, serial: int, manifest: Iterable[str], names: Iterable[str]) -> Iterable[str]:
    yield f"$ORIGIN {zone}.\n$TTL {TTL}\n@ SOA {soa(serial)}\n@ NS localhost.\n"
    yield f"{OWNER} TXT {txt(manifest)}\n"
    for name in names:
        yield records((name,))


def marked(names: Iterable[str]) -> Iterable[str]:
    """What stands in a view for names between two listed ones (`nesting`), which are not signed."""
    for name in names:
        yield records((name,)) + f"{BETWEEN}.{name} CNAME {BLOCK}\n"


def serial_in(text: str, zone: str) -> int:
    """The serial in what `lines` wrote of a zone; 0 in any other text."""
    head = rf"\$ORIGIN {re.escape(zone)}\.\n\$TTL \d+\n@ SOA \S+ \S+ (\d{{1,10}}) "
    found = re.match(head, text, re.ASCII)
    return int(found[1]) if found else 0


def serial_of(path: Path) -> int:
    """The serial in a zone's file, as `lines` or BIND wrote it; 0 in any other one.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        found = re.search(rb"\sSOA\s+\S+\s+\S+\s+\(?\s*(\d{1,10})\s", file.read(1024))
    return int(found[1]) if found else 0


def records(names: Iterable[str], target: str = BLOCK) -> str:
    """Block these names and all below them; or, with `EXCEPTION`, leave them open."""
    return "".join(f"{name} CNAME {target}\n*.{name} CNAME {target}\n" for name in names)
