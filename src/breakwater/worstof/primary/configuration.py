"""The hidden primary's named.conf: a view for every recipient, found by its key and by nothing else."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from breakwater.worstof import tsig

STAGE = "desk-stage"  # view and key of the live check
TRIED = "try"  # its zone of names that are tried; shorter than any zone that takes the same names


class BadAddress(ValueError):
    """Expected an address with a port, such as 192.0.2.1:53 or [2001:db8::1]:53."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the primary lives and listens."""

    folder: Path
    address: str
    port: int
    control_port: int
    zone: str
    check_resolver: str = ""  # ADDR:PORT that the live check forwards to; "" switches it off

    @property
    def is_everywhere(self) -> bool:
        """Whether it listens on all addresses of its family (0.0.0.0, ::)."""
        return ipaddress.ip_address(self.address).is_unspecified

    @property
    def near(self) -> str:
        """The address at which the desk itself reaches it."""
        if not self.is_everywhere:
            return self.address
        return "::1" if ":" in self.address else "127.0.0.1"


@dataclass(frozen=True, slots=True)
class View:
    """What the configuration says of one recipient."""

    key_name: str
    notify: tuple[str, ...] = ()


def split(text: str) -> tuple[str, int]:
    """Read address and port.

    Raises:
        BadAddress: it is not both.
    """
    host, colon, port = text.strip().rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        # A scope (RFC 4007) may hold any character: it could end the line of the configuration.
        if colon and "%" not in host and 0 < int(port) < 65536:
            return str(address), int(port)
    except ValueError:
        pass  # told below
    raise BadAddress(text)


def update_key(key_name: str) -> str:
    """The name of the key by which the desk, and nobody else, changes a view."""
    return f"desk.{key_name}"


def zone_path(place: Place, key_name: str) -> Path:
    return place.folder / f"{key_name}.zone"


def tried_path(place: Place) -> Path:
    return place.folder / f"{STAGE}.{TRIED}.zone"


def written(place: Place, views: Sequence[View]) -> str:
    """The whole configuration."""
    own = ["rndc", *(update_key(view.key_name) for view in views)]
    if place.check_resolver:
        own += [STAGE, update_key(STAGE)]
    parts = [
        *(tsig.clause(name, tsig.own_secret(name)) for name in own),
        *(tsig.clause(view.key_name, tsig.secret_of(view.key_name)) for view in views),
        f"controls {{ inet 127.0.0.1 port {place.control_port} allow {{ 127.0.0.1; }} "
        'keys { "rndc"; }; };\n',
        _options(place),
        _LOGGING,
        *(_view(place, view) for view in views),
    ]
    if place.check_resolver:
        parts.append(_stage(place))
    return "".join([*parts, _NOBODY])


def _options(place: Place) -> str:
    is_six = ":" in place.address
    # BIND compares with the machine's own addresses, none of which is 0.0.0.0.
    where = "any" if place.is_everywhere else place.address
    listen = f"listen-on{'-v6' if is_six else ''} port {place.port} {{ {where}; }};"
    other = "listen-on" if is_six else "listen-on-v6"
    return f"""options {{
    directory "{place.folder}";
    {listen}
    {other} {{ none; }};
    pid-file "named.pid";
    session-keyfile none;
    lock-file none;
    recursion no;
    allow-query {{ none; }};
    allow-transfer {{ none; }};
    notify explicit;
    notify-delay 0;
    notify-rate 1000;
    startup-notify-rate 1000;
    dnssec-validation no;
    empty-zones-enable no;
    querylog no;
    version none;
    hostname none;
    max-journal-size 64m;
    max-ixfr-ratio unlimited;
    transfers-out 100;
}};
"""


# Listed names never reach a log: queries, updates and policy hits are written nowhere. Transfers
# are, because they say which serial a recipient has; they name the zone alone.
_LOGGING = """logging {
    channel ours { file "named.log" versions 2 size 2m; severity notice; print-time iso8601-utc; };
    channel transfers { file "transfers.log" versions 2 size 2m; severity info;
        print-time iso8601-utc; };
    category default { ours; };
    category xfer-out { transfers; };
    category queries { null; };
    category query-errors { null; };
    category update { null; };
    category update-security { null; };
    category rpz { null; };
    category resolver { null; };
    category lame-servers { null; };
};
"""


# Where a request without a valid key ends. It has no zone; without it BIND finds no view, answers
# BADKEY whatever is wrong with a key, and logs nothing.
_NOBODY = 'view "nobody" { match-clients { any; }; };\n'


def _view(place: Place, view: View) -> str:
    told = "".join(
        f'{address} port {port} key "{view.key_name}"; '
        for address, port in map(split, view.notify)
    )
    return f"""view "{view.key_name}" {{
    match-clients {{ key "{view.key_name}"; key "{update_key(view.key_name)}"; }};
    {_zone(place.zone, zone_path(place, view.key_name), view.key_name)}
        ixfr-from-differences yes;
        allow-transfer {{ key "{view.key_name}"; }};
        also-notify {{ {told}}};
    }};
}};
"""


def _zone(zone: str, path: Path, key_name: str) -> str:
    own = update_key(key_name)
    return f"""zone "{zone}" {{
        type primary;
        file "{path}";
        allow-query {{ key "{key_name}"; key "{own}"; }};
        allow-update {{ key "{own}"; }};"""


def _stage(place: Place) -> str:
    """A resolver in front of the next zone: names that must never be blocked are tried here.

    What is tried comes first, or a long zone published would be read before it.

    Every change of it counts its serial up, past those of publications: a whole zone with a lower
    one must be taken too, so it keeps no differences.
    """
    address, port = split(place.check_resolver)
    return f"""view "{STAGE}" {{
    match-clients {{ key "{STAGE}"; key "{update_key(STAGE)}"; }};
    recursion yes;
    allow-query {{ key "{STAGE}"; }};
    allow-recursion {{ key "{STAGE}"; }};
    forward only;
    forwarders {{ {address} port {port}; }};
    max-cache-ttl 5;
    max-ncache-ttl 1;
    response-policy {{ zone "{TRIED}" add-soa no; zone "{place.zone}" add-soa no; }}
        qname-wait-recurse no break-dnssec yes min-update-interval 0;
    {_zone(TRIED, tried_path(place), STAGE)}
        notify no;
    }};
    {_zone(place.zone, zone_path(place, STAGE), STAGE)}
        notify no;
    }};
}};
"""
