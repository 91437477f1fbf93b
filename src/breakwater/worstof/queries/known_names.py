"""What the guards know on this desk: the Public Suffix List, our tables, the operator's files."""

import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import publicsuffixlist
from django.conf import settings

from breakwater.formats.block_list.nesting import parents
from breakwater.formats.domain_name import DomainName, read_name
from breakwater.worstof.models import Recipient
from breakwater.worstof.rules.guards import (
    Guard,
    Known,
    guards_for,
    read_largest,
    read_named,
    read_suffixes,
)
from breakwater.worstof.rules.operator_names import OperatorNames, read_operator_names
from breakwater.worstof.rules.site_names import site_of
from breakwater.worstof.rules.top_sites import TopSites, read_top_sites

TOP_SITES = "top-sites.txt"
NEVER_BLOCK = "never-block.txt"
CANARY_DOMAINS = "canary-domains.txt"


def folder() -> Path:
    return Path(settings.CONFIG.data_dir) / "worstof"


def known() -> Known:
    """All of it, read again when an operator's file has changed."""
    return _read(*versions())


def versions() -> "tuple[Version, Version]":
    """What the operator's files are now; the package's tables change with the process alone."""
    return _version(folder() / TOP_SITES), _version(folder() / NEVER_BLOCK)


def never_block() -> OperatorNames:
    """Names that must always resolve; the same object until the file has changed.

    Raises:
        OSError: the file is there and cannot be read. Nobody knows then what must not be blocked.
    """
    return _read_operator(_version(folder() / NEVER_BLOCK))


def well_known() -> list[str]:
    """Names of the package's tables that everybody needs, whether they know it or not."""
    return [name for name, said in known().named.items() if said.key == "infrastructure"]


def largest_sites() -> list[str]:
    """The package's own list, by rough size."""
    return read_largest(_table())


def top_sites() -> TopSites:
    """The operator's snapshot, as far as the guards use it, and when it was written."""
    path = folder() / TOP_SITES
    version = _version(path)
    names, bad = _read_sites(version)
    is_there = bool(version[1])
    return TopSites(
        names, bad, datetime.fromtimestamp(path.stat().st_mtime, UTC) if is_there else None
    )


def canary_domains() -> OperatorNames:
    """Domains that the operator owns for canaries.

    Raises:
        OSError: the file is there and cannot be read.
    """
    return _read_operator(_version(folder() / CANARY_DOMAINS))


def own_hosts() -> dict[str, Guard]:
    """The guards that stand for the desk's own hosts and providers' stop pages, by name.

    To block one, or a name above it, would take the desk or the words for visitors away.
    """
    stops = Recipient.objects.filter(closed_at=None).exclude(stop_page="")
    # Django takes capitals there, and a dot before a domain with all its hosts.
    ours = {host.lower().removeprefix(".") for host in settings.CONFIG.hosts}
    hosts = sorted({*ours, *stops.values_list("stop_page", flat=True)})
    names = ((name, host) for host in hosts for name in (host, *parents(host)) if "." in name)
    return {name: Guard("own_host", host, True) for name, host in names}


def read_site(text: str) -> DomainName:
    """The name under which what is written here is put forward.

    Raises:
        BadName: the text has no name that a resolver could block.
    """
    return site_of(read_name(text), known().suffixes)


def guards_against(name: str) -> list[Guard]:
    """All guards that name it, those of the desk's own hosts among them."""
    own = own_hosts().get(name)
    return [*([own] if own else []), *guards_for(name, known())]


def forbidden(names: Iterable[str]) -> set[str]:
    """Those of the names that a guard refuses, in one query for all."""
    own, tables = own_hosts(), known()
    return {x for x in names if x in own or any(g.refuses for g in guards_for(x, tables))}


# The time of the last change of the inode: a copy may keep size and time of its content.
Version = tuple[Path, int, int, int]


def _version(path: Path) -> Version:
    try:
        seen = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise  # it leads to a file system that is not mounted
        return path, 0, 0, 0
    return path, seen.st_ino, seen.st_ctime_ns, seen.st_size


@lru_cache(maxsize=4)
def _read_operator(version: Version) -> OperatorNames:
    path, is_there, _, _ = version
    return read_operator_names(path.read_bytes()) if is_there else OperatorNames()


@lru_cache(maxsize=2)
def _read_sites(version: Version) -> tuple[tuple[str, ...], int]:
    return read_top_sites(_lines(version), _table()["top_site"]["read"])


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    text = (resources.files("breakwater.worstof") / "data" / "guards.toml").read_text("utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def _read(top_sites: Version, never: Version) -> Known:
    table = _table()
    suffixes = Path(publicsuffixlist.PSLFILE).read_text("utf-8").splitlines()
    ranks = {name: rank for rank, name in enumerate(_read_sites(top_sites)[0], 1)}
    for rank, name in enumerate(read_largest(table), 1):
        ranks[name] = min(rank, ranks.get(name, rank))
    return Known(
        read_suffixes(suffixes),
        read_named(table),
        ranks,
        frozenset(_read_operator(never).names),
        table["top_site"]["refuses_to_rank"],
    )


def _lines(version: Version) -> list[str]:
    path, is_there, _, _ = version
    return path.read_text("utf-8-sig", "replace").splitlines() if is_there else []
