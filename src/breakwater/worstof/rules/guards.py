"""Which names a block would hurt others by: refused, or listed only with two more signatures.

A guard names what it matched, so that a page can show why. The incidents behind them: Denmark 2012
(thousands of legitimate sites in the feed), blocks of shared hosts and of a CDN's suffix, `www`
without a dot (see docs/worst-of-list.md).
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal, NamedTuple

from breakwater.formats.block_list import Refusals
from breakwater.formats.block_list.nesting import parents
from breakwater.formats.domain_name import BadName, read_name

GROUPS = ("shared_host", "url_shortener", "cdn", "infrastructure")
# M: a test compares it with the source; S: read in the source; K: general knowledge, unchecked.
TAGS = ("M", "S", "K")
Below = Literal["refuse", "sign", "free"]
# Written together by habit: UTS 39 section 5.2, «highly restrictive».
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)


class BadGuards(Exception):
    """A table of guards is wrong; the message names the key."""


class Guard(NamedTuple):
    """`key` says why, `match` is the name that it stands for; without `refuses` it can be signed."""

    key: str
    match: str
    refuses: bool


class Source(NamedTuple):
    """Where a name of the tables is from; `tag` says how far that was checked."""

    tag: str
    title: str
    url: str
    seen: date | None


class Named(NamedTuple):
    """What the tables say of one name and of the ones below it.

    `services`: those below it are no customers' though it is a public suffix.
    """

    key: str
    refuses: bool
    below: Below
    services: bool = False


@dataclass(frozen=True)
class Suffixes:
    """The rules of the Public Suffix List, in A-labels; `wildcards` are what stands after `*.`."""

    rules: frozenset[str]
    wildcards: frozenset[str]
    exceptions: frozenset[str]

    @cached_property
    def above(self) -> frozenset[str]:
        """Names with a public suffix below them, and with more than one label."""
        found = {x for name in self.rules for x in parents(name)}
        found |= self.wildcards | {x for name in self.wildcards for x in parents(name)}
        return frozenset(x for x in found if "." in x)

    def is_suffix(self, name: str) -> bool:
        """Whether customers register below it; a top-level domain that nobody listed counts too."""
        if name in self.exceptions:
            return False
        return name in self.rules or "." not in name or name.partition(".")[2] in self.wildcards


@dataclass(frozen=True)
class Known:
    """What guards know: `top_sites` by rank from 1, `never` as the operator wrote it.

    The largest sites of the package are refused whatever rank the operator's file gives them.
    """

    suffixes: Suffixes
    named: Mapping[str, Named]
    top_sites: Mapping[str, int] = field(default_factory=dict)
    never: frozenset[str] = frozenset()
    refused_rank: int = 10_000

    @cached_property
    def above_top(self) -> Mapping[str, int]:
        """Names above a top site, with the best rank that stands below them."""
        found: dict[str, int] = {}
        for name, rank in self.top_sites.items():
            for above in parents(name):
                found[above] = min(rank, found.get(above, rank))
        return found

    @cached_property
    def above_named(self) -> Mapping[str, str]:
        """Names above one of the tables or of the operator's, with the one below."""
        return {x: name for name in (*self.named, *self.never) for x in parents(name) if "." in x}

    def is_operators(self, guard: Guard) -> bool:
        """Whether it is for the sake of a name that the operator wrote among those never to block."""
        return guard.key == "never_block" or (
            guard.key == "above_named" and guard.match in self.never
        )


def came_since(
    now: Iterable[Guard], kept: Iterable[Sequence[str]], told: Iterable[Sequence[object]]
) -> list[Guard]:
    """Those of the guards that nobody has signed for or been told of yet.

    `kept` are key and match of those that stood when the name was verified: what then asked for
    signatures and now refuses counts as new. `told` are those that came since, as guards.
    """
    signed = {tuple(pair) for pair in kept}
    known = {tuple(row) for row in told}
    return [
        guard
        for guard in now
        if guard not in known and (guard.refuses or (guard.key, guard.match) not in signed)
    ]


def form_fault(name: str) -> str:
    """Why this is no name in its normal form: "spelling" or a problem of `domain_name`; or ""."""
    try:
        return "" if read_name(name).name == name else "spelling"
    except BadName as bad:
        return bad.problem.value


def guards_for(name: str, known: Known) -> list[Guard]:
    """Every guard that a name in its normal form meets, refusing ones first; none: free to list."""
    site = name.removeprefix("www.") if name.count(".") > 1 else name
    found = [*_suffix(site, known), *_tables(site, known), *_top(site, known), *_looks(name, known)]
    return sorted(dict.fromkeys(found), key=lambda guard: not guard.refuses)


def _suffix(name: str, known: Known) -> Iterator[Guard]:
    if known.suffixes.is_suffix(name):
        yield Guard("public_suffix", name, True)
    if name in known.suffixes.above:
        yield Guard("above_suffix", name, True)


def _own_parents(name: str, known: Known) -> Iterator[str]:
    """The names above that belong to the same owner: up to the public suffix, without it."""
    if known.suffixes.is_suffix(name):
        return
    for above in parents(name):
        if known.suffixes.is_suffix(above):
            return
        yield above


def _tables(name: str, known: Known) -> Iterator[Guard]:
    if name in known.never:
        yield Guard("never_block", name, True)
    if entry := known.named.get(name):
        yield Guard(entry.key, name, entry.refuses)
    if below := known.above_named.get(name):
        yield Guard("above_named", below, True)
    # Whoever writes a public suffix (gov.uk) means all that is below it.
    yield from (Guard("never_block", x, True) for x in parents(name) if x in known.never)
    own = set(_own_parents(name, known))
    for above in parents(name):
        entry = known.named.get(above)
        if entry and entry.below != "free" and (entry.services or above in own):
            yield Guard(f"below_{entry.key}", above, entry.below == "refuse")
    # A top-level domain of the tables (arpa) has no owner below whom everybody else is free.
    last = name.rpartition(".")[2]
    if last in known.named:
        yield Guard(known.named[last].key, last, known.named[last].refuses)


def _top(name: str, known: Known) -> Iterator[Guard]:
    if rank := known.top_sites.get(name):
        yield Guard("top_site", name, rank <= known.refused_rank)
    if rank := known.above_top.get(name):
        yield Guard("above_top_site", name, rank <= known.refused_rank)
    for above in _own_parents(name, known):
        if above in known.top_sites:
            yield Guard("below_top_site", above, False)


def _looks(name: str, known: Known) -> Iterator[Guard]:
    own = name.split(".")[-2 - _suffix_dots(name, known)] if "." in name else name
    if own.startswith("www"):
        yield Guard("www_without_dot", own, False)
    if len(own) == 1:
        yield Guard("one_letter", own, False)
    if "xn--" in name and any(map(is_mixed, map(_letters, name.split(".")))):
        yield Guard("mixed_scripts", name, False)


def _suffix_dots(name: str, known: Known) -> int:
    """How many dots the public suffix of a name has, leaving at least one label before it."""
    for above in parents(name):
        if known.suffixes.is_suffix(above):
            return above.count(".")
    return 0


def _letters(label: str) -> str:
    # The name was read before, so the label decodes; to read it again would cost three times more.
    return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label


def is_mixed(label: str) -> bool:
    """Whether a label has letters of scripts that nobody writes together (UTS 39)."""
    if label.isascii():
        return False
    scripts = set(map(_script.__getitem__, label)) - {""}
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


class _Script(dict[str, str]):
    """The script of a letter, "" for what is no letter, looked up once for each."""

    def __missing__(self, letter: str) -> str:
        is_letter = unicodedata.category(letter)[0] == "L"
        name = unicodedata.name(letter, "UNKNOWN") if is_letter else " "
        self[letter] = found = name.split(" ")[0].split("-")[0]
        return found


_script = _Script()


def refusals(known: Known) -> Refusals:
    """The guards as the compiler of lists asks them: whatever needs a signature is left out."""

    def judge(name: str) -> str:
        found = guards_for(name, known)
        return found[0].key if found else ""

    suffixes = known.suffixes
    names = {*suffixes.rules, *suffixes.above, *known.named, *known.above_named}
    names |= {*known.never, *known.top_sites, *known.above_top}
    above = {*suffixes.wildcards, *known.named, *known.never, *known.top_sites}
    return Refusals(judge, frozenset(names), frozenset(above), is_mixed)


def read_suffixes(lines: Iterable[str]) -> Suffixes:
    """Read the Public Suffix List's own file (https://publicsuffix.org/list/)."""
    rules: set[str] = set()
    wildcards: set[str] = set()
    exceptions: set[str] = set()
    for line in lines:
        rule = (line.split() or [""])[0]
        if not rule or rule.startswith("//"):
            continue
        kept = wildcards if rule.startswith("*.") else exceptions if rule[0] == "!" else rules
        kept.add(_a_labels(rule.removeprefix("*.").removeprefix("!")))
    return Suffixes(frozenset(rules), frozenset(wildcards), frozenset(exceptions))


def _a_labels(name: str) -> str:
    if name.isascii():
        return name.lower()
    return read_name(f"a.{name}").name.removeprefix("a.")


def read_named(table: Mapping[str, Any]) -> dict[str, Named]:
    """Read the groups of guards.toml, each name with the key of its source.

    Raises:
        BadGuards: a group, a source or one of its keys is missing or wrong.
    """
    found: dict[str, Named] = {}
    sources = read_sources(table)
    for key in GROUPS:
        group = table.get(key, {})
        names = group.get("names")
        if not isinstance(group.get("refuses"), bool) or not isinstance(names, dict):
            raise _bad(key, "refuses, below and names with their sources")
        if group.get("below") not in ("refuse", "sign", "free"):
            raise _bad(f"{key}.below", "refuse, sign or free")
        services = group.get("services", [])
        if not isinstance(services, list) or not names.keys() >= set(services):
            raise _bad(f"{key}.services", "names of the same group")
        for name, source in names.items():
            if source not in sources:
                raise _bad(f"{key}.names.{name}", "the key of one of the sources")
            if name in found:
                raise _bad(f"{key}.names.{name}", "a name that no other group has")
            found[name] = Named(key, group["refuses"], group["below"], name in services)
    return found


def read_sources(table: Mapping[str, Any]) -> dict[str, Source]:
    """Read where the names of guards.toml are from.

    Raises:
        BadGuards: a source lacks what its tag asks for.
    """
    found = {}
    for key, said in table.get("sources", {}).items():
        where = f"sources.{key}"
        if said.get("tag") not in TAGS:
            raise _bad(f"{where}.tag", " or ".join(TAGS))
        if not isinstance(said.get("title"), str) or not said["title"].strip():
            raise _bad(f"{where}.title", "what the source is")
        if said["tag"] != "K":
            if not str(said.get("url", "")).startswith(("https://", "http://")):
                raise _bad(f"{where}.url", "the address where it was read")
            if type(said.get("seen")) is not date:
                raise _bad(f"{where}.seen", "the day on which it was read")
        found[key] = Source(said["tag"], said["title"], said.get("url", ""), said.get("seen"))
    return found


def read_largest(table: Mapping[str, Any]) -> list[str]:
    """Read the package's own list of the largest sites.

    Raises:
        BadGuards: a name has no source.
    """
    names: dict[str, str] = table.get("top_site", {}).get("names", {})
    known = read_sources(table)
    for name, source in names.items():
        if source not in known:
            raise _bad(f"top_site.names.{name}", "the key of one of the sources")
    return list(names)


def _bad(key: str, expected: str) -> BadGuards:
    return BadGuards(f"worstof/data/guards.toml: {key}: expected {expected}")
