"""What a provider's engineer pastes, per resolver. Each text is run by the integration tests.

The settings that are not obvious make a block take effect on names already in a cache
(docs/worst-of-list.md says what happens without them).
"""

from collections.abc import Callable
from dataclasses import dataclass

from breakwater.worstof.tsig import ALGORITHM


@dataclass(frozen=True, slots=True)
class Wish:
    """What a snippet needs to know of the provider and its place."""

    zone: str
    primary: tuple[str, int]
    key_name: str
    secret: str
    stop_host: str  # host of the provider's own stop page
    stop_v4: str = "192.0.2.10"
    stop_v6: str = "2001:db8::10"
    folder: str = "/var/lib/breakwater"
    sidecar_port: int = 5355
    follow_port: int = 5353
    public_key: str = ""  # of the desk, hexadecimal


def _place(wish: Wish) -> str:
    address, port = wish.primary
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def bind(wish: Wish) -> str:
    """BIND 9.18 or newer takes the zone by itself."""
    address, port = wish.primary
    return f"""// BIND: into named.conf. Put the two lines of response-policy into your options {{ }}.
key "{wish.key_name}" {{ algorithm {ALGORITHM}; secret "{wish.secret}"; }};
zone "{wish.zone}" {{
    type secondary;
    primaries {{ {address} port {port} key "{wish.key_name}"; }};
    file "{wish.folder}/{wish.zone}.db";
    allow-query {{ none; }};
    allow-transfer {{ none; }};
    allow-notify {{ key "{wish.key_name}"; }};
    min-refresh-time 5; max-refresh-time 10; min-retry-time 2; max-retry-time 10;
}};
// options {{
    response-policy {{ zone "{wish.zone}" policy cname {wish.stop_host} add-soa no log no min-update-interval 0; }}
        break-dnssec yes qname-wait-recurse no min-update-interval 0;
// }};
"""


def bind_parts(wish: Wish) -> tuple[str, str]:
    """The snippet for BIND in its two places: beside the options, and inside of them."""
    outside, inside = bind(wish).split("// options {\n")
    return outside, inside.partition("// };")[0]


def sidecar(wish: Wish) -> str:
    """A small BIND on the loopback that speaks TSIG for an Unbound, which cannot."""
    address, port = wish.primary
    return f"""// The sidecar's named.conf: a BIND that only takes the zone and hands it to Unbound.
key "{wish.key_name}" {{ algorithm {ALGORITHM}; secret "{wish.secret}"; }};
options {{
    directory "{wish.folder}";
    listen-on port {wish.sidecar_port} {{ any; }};   // the desk's NOTIFY comes from outside
    listen-on-v6 port {wish.sidecar_port} {{ any; }};
    pid-file "sidecar.pid";
    lock-file none;
    session-keyfile none;
    recursion no;
    allow-query {{ none; }};
    notify explicit;
    notify-delay 0;
    dnssec-validation no;
}};
controls {{ }};
zone "{wish.zone}" {{
    type secondary;
    primaries {{ {address} port {port} key "{wish.key_name}"; }};
    file "{wish.zone}.db";
    allow-query {{ 127.0.0.1; }};
    allow-transfer {{ 127.0.0.1; }};
    allow-notify {{ key "{wish.key_name}"; }};
    min-refresh-time 5; max-refresh-time 10; min-retry-time 2; max-retry-time 10;
    also-notify {{ 127.0.0.1 port 53; }};   // where Unbound listens
}};
"""


def unbound(wish: Wish) -> str:
    """Unbound 1.17 or newer, fed by the sidecar. «respip» must stand first in module-config."""
    return f"""# Unbound: into unbound.conf
server:
    module-config: "respip validator iterator"
rpz:
    name: {wish.zone}
    primary: 127.0.0.1@{wish.sidecar_port}
    allow-notify: 127.0.0.1
    zonefile: "{wish.folder}/{wish.zone}.unbound"
    rpz-action-override: cname
    rpz-cname-override: {wish.stop_host}
    rpz-log: no
    for-downstream: no
"""


def pdns(wish: Wish) -> str:
    """PowerDNS Recursor 4.8 or newer."""
    address = wish.primary[0]
    return f"""# PowerDNS Recursor: into recursor.conf
disable-packetcache=yes
lua-config-file={wish.folder}/worst-of.lua
allow-notify-from={address}
allow-notify-for={wish.zone}
-- and into worst-of.lua
rpzPrimary({{"{_place(wish)}"}}, "{wish.zone}", {{
    tsigname="{wish.key_name}", tsigalgo="{ALGORITHM}", tsigsecret="{wish.secret}",
    refresh=1, includeSOA=false,
    seedFile="{wish.folder}/{wish.zone}.rpz", dumpFile="{wish.folder}/{wish.zone}.rpz",
    defpol=Policy.Custom, defcontent="{wish.stop_host}", defttl=60 }})
"""


def pdns_parts(wish: Wish) -> tuple[str, str]:
    """The snippet for PowerDNS in its two files."""
    settings, lua = pdns(wish).split("-- and into worst-of.lua\n")
    return settings, lua


def knot(wish: Wish) -> str:
    """Knot Resolver 5.6, which reads the file that `breakwater worstof follow` writes.

    The `true` of ANSWER keeps other types, HTTPS among them, from the real servers; the `true` of
    policy.rpz watches the file, which needs lua-cqueues. Names enter and leave through a small file,
    because Knot answers nobody while it reads the large one. An exception there ends this rule
    alone: policy.PASS would end all rules after it, such as those that forward.
    """
    return f"""-- Knot Resolver: into kresd.conf (Debian: apt install lua-cqueues)
modules = {{ 'policy' }}
local stop = policy.ANSWER({{
    [kres.type.A] = {{ rdata = kres.str2ip('{wish.stop_v4}'), ttl = 60 }},
    [kres.type.AAAA] = {{ rdata = kres.str2ip('{wish.stop_v6}'), ttl = 60 }},
}}, true)
local recent = policy.rpz(stop, '{wish.folder}/{wish.zone}.recent.rpz', true)
local whole = policy.rpz(stop, '{wish.folder}/{wish.zone}.rpz', true)
policy.add(function(req, query)
    local found = recent(req, query) or whole(req, query)
    if found ~= policy.PASS then return found end
end)
"""


def follow_command(wish: Wish) -> str:
    """The command that keeps Knot Resolver's two files."""
    everywhere = "[::]" if ":" in wish.primary[0] else "0.0.0.0"  # noqa: S104 – the desk is elsewhere
    return (
        f"breakwater worstof follow {_place(wish)} --zone {wish.zone} "
        f"--key-file {wish.folder}/{wish.key_name}.key --write {wish.folder}/{wish.zone}.rpz "
        f"--recent {wish.folder}/{wish.zone}.recent.rpz --listen {everywhere}:{wish.follow_port}"
        + (f" --public-key {wish.public_key}" if wish.public_key else "")
    )


SNIPPETS: dict[str, Callable[[Wish], str]] = {
    "bind": bind,
    "unbound": lambda wish: sidecar(wish) + "\n" + unbound(wish),
    "pdns": pdns,
    "knot": lambda wish: f"-- Run beside it: {follow_command(wish)}\n" + knot(wish),
}
