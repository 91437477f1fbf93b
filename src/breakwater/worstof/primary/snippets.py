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
    stop_v4: str = ""  # its addresses: Knot answers with them itself
    stop_v6: str = ""
    folder: str = ""  # "" takes the one in FOLDERS
    sidecar_port: int = 5310  # 5353 and 5355 belong to mDNS and LLMNR
    follow_port: int = 5311
    public_key: str = ""  # of the desk, hexadecimal


# Debian's AppArmor profiles let named and unbound write nowhere else, whoever starts them.
FOLDERS = {
    "bind": "/var/cache/bind",
    "sidecar": "/var/cache/bind/breakwater",
    "unbound": "/var/lib/unbound",
    "pdns": "/var/lib/breakwater",
    "knot": "/var/lib/breakwater",
}
_LUA = "-- and into the Lua file that lua-config-file= of recursor.conf names already\n"


def _folder(wish: Wish, program: str) -> str:
    return wish.folder or FOLDERS[program]


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
    file "{_folder(wish, "bind")}/{wish.zone}.db";
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
    folder = _folder(wish, "sidecar")
    return f"""// {folder}/sidecar.conf: a BIND that only takes the zone and hands it to Unbound.
// Debian: install -d -o bind -g bind -m 0750 {folder}
key "{wish.key_name}" {{ algorithm {ALGORITHM}; secret "{wish.secret}"; }};
options {{
    directory "{folder}";
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
    zonefile: "{_folder(wish, "unbound")}/{wish.zone}.unbound"
    rpz-action-override: cname
    rpz-cname-override: {wish.stop_host}
    rpz-log: no
    for-downstream: no
"""


def pdns(wish: Wish) -> str:
    """PowerDNS Recursor 4.8 or newer.

    Of two lua-config-file only the last is read, and Debian's names a file that loads the root's
    DNSSEC keys: what is ours goes into the file that is there.
    """
    address, folder = wish.primary[0], _folder(wish, "pdns")
    return f"""# PowerDNS Recursor: into recursor.conf
# Debian: its local-address=127.0.0.1 hears no NOTIFY; name the address that the desk tells as well
disable-packetcache=yes
allow-notify-from={address}
allow-notify-for={wish.zone}
{_LUA}-- (Debian: /etc/powerdns/recursor.lua). Leave what stands there, and let only its user read it.
-- Debian: install -d -o pdns -g pdns -m 0750 {folder}
rpzPrimary({{"{_place(wish)}"}}, "{wish.zone}", {{
    tsigname="{wish.key_name}", tsigalgo="{ALGORITHM}", tsigsecret="{wish.secret}",
    refresh=1, includeSOA=false, axfrTimeout=300,
    seedFile="{folder}/{wish.zone}.rpz", dumpFile="{folder}/{wish.zone}.rpz",
    defpol=Policy.Custom, defcontent="{wish.stop_host}", defttl=60 }})
"""


def pdns_parts(wish: Wish) -> tuple[str, str]:
    """The snippet for PowerDNS in its two files."""
    settings, lua = pdns(wish).split(_LUA)
    return settings, lua


def knot(wish: Wish) -> str:
    """Knot Resolver 5.6, which reads the file that `breakwater worstof follow` writes.

    The `true` of ANSWER keeps other types, HTTPS among them, from the real servers. policy.rpz would
    watch a file by itself, but only after it has read it, so that a change between the two is missed,
    and for good once it cannot read it: the snippet watches (which needs lua-cqueues) before it reads,
    and goes on. Names enter and leave through a small file, because Knot answers nobody while it reads
    the large one. An exception there ends this rule alone: policy.PASS would end all rules after it,
    such as those that forward. Without an IPv6 address of the stop page there is no AAAA, and browsers
    take the A.
    """
    folder = _folder(wish, "knot")
    answers = "".join(
        f"    [kres.type.{kind}] = {{ rdata = kres.str2ip('{address}'), ttl = 60 }},\n"
        for kind, address in (("A", wish.stop_v4), ("AAAA", wish.stop_v6))
        if address
    )
    return f"""-- Knot Resolver: into kresd.conf (Debian: apt install lua-cqueues)
modules = {{ 'policy' }}
local stop = policy.ANSWER({{
{answers}}}, true)
local notify = require('cqueues.notify')
local function watched(file)
    local path, watcher = '{folder}/' .. file, notify.opendir('{folder}')
    watcher:add(file, notify.CREATE + notify.MODIFY)
    local rules = policy.rpz(stop, path, false)
    worker.coroutine(function()
        for _, name in watcher:changes() do
            if name == file then
                local is_read, found = pcall(policy.rpz, stop, path, false)
                if is_read then rules = found else print(found) end
            end
        end
    end)
    return function(req, query) return rules(req, query) end
end
local recent = watched('{wish.zone}.recent.rpz')
local whole = watched('{wish.zone}.rpz')
policy.add(function(req, query)
    local found = recent(req, query) or whole(req, query)
    if found ~= policy.PASS then return found end
end)
"""


def follow_command(wish: Wish) -> str:
    """The command that keeps Knot Resolver's two files."""
    folder = _folder(wish, "knot")
    everywhere = "[::]" if ":" in wish.primary[0] else "0.0.0.0"  # noqa: S104 – the desk is elsewhere
    return (
        f"breakwater worstof follow {_place(wish)} --zone {wish.zone} "
        f"--key-file {folder}/{wish.key_name}.key --write {folder}/{wish.zone}.rpz "
        f"--recent {folder}/{wish.zone}.recent.rpz --listen {everywhere}:{wish.follow_port}"
        + (f" --public-key {wish.public_key}" if wish.public_key else "")
    )


SNIPPETS: dict[str, Callable[[Wish], str]] = {
    "bind": bind,
    "unbound": lambda wish: sidecar(wish) + "\n" + unbound(wish),
    "pdns": pdns,
    "knot": lambda wish: f"-- Run beside it: {follow_command(wish)}\n" + knot(wish),
}
