"""What the guards know on this desk: the Public Suffix List, our tables, the operator's files."""

import tomllib
from functools import lru_cache
from importlib import resources
from itertools import islice
from pathlib import Path

import publicsuffixlist
from django.conf import settings

from breakwater.worstof.rules.guards import Known, read_named, read_names, read_suffixes

TOP_SITES = "top-sites.txt"
NEVER_BLOCK = "never-block.txt"


def folder() -> Path:
    return Path(settings.CONFIG.data_dir) / "worstof"


def known() -> Known:
    """All of it, read again when an operator's file has changed."""
    return _read(*(_version(folder() / name) for name in (TOP_SITES, NEVER_BLOCK)))


Version = tuple[Path, int, int]


def _version(path: Path) -> Version:
    if not path.exists():
        return path, 0, 0
    seen = path.stat()
    return path, seen.st_mtime_ns, seen.st_size


@lru_cache(maxsize=1)
def _read(top_sites: Version, never: Version) -> Known:
    text = (resources.files("breakwater.worstof") / "data" / "guards.toml").read_text("utf-8")
    table = tomllib.loads(text)
    suffixes = Path(publicsuffixlist.PSLFILE).read_text("utf-8").splitlines()
    top = islice(read_names(_lines(top_sites)), table["top_site"]["read"])
    return Known(
        read_suffixes(suffixes),
        read_named(table),
        {name: rank for rank, name in enumerate(dict.fromkeys(top), 1)},
        frozenset(read_names(_lines(never))),
        table["top_site"]["refuses_to_rank"],
    )


def _lines(version: Version) -> list[str]:
    path, seen, _ = version
    return path.read_text("utf-8", "replace").splitlines() if seen else []
