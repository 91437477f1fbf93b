"""The reasons for which a recipient may disagree with an entry."""

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from breakwater.formats.hash_entry import KINDS

FILE = "feedback.toml"


class BadFeedback(Exception):
    """The table of reasons is wrong; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Ground:
    key: str
    guid: str
    name: str
    kinds: tuple[str, ...] = KINDS


@functools.cache
def grounds() -> tuple[Ground, ...]:
    text = (resources.files("breakwater.hashlists") / "data" / FILE).read_text(encoding="utf-8")
    return read_grounds(tomllib.loads(text))


def read_grounds(table: dict[str, Any]) -> tuple[Ground, ...]:
    """Check the table.

    Raises:
        BadFeedback: a reason without guid or name, a guid twice, or an unknown kind of hash.
    """
    found: dict[str, Ground] = {}
    for key, said in table.get("reason", {}).items():
        guid, name, kinds = said.get("guid"), said.get("name"), said.get("kinds", list(KINDS))
        place = f"hashlists/data/{FILE}: {key}"
        if not (isinstance(guid, str) and guid and isinstance(name, str) and name):
            raise BadFeedback(f"{place}: expected a guid and a name")
        if guid in found:
            raise BadFeedback(f"{place}.guid: {found[guid].key} has it already")
        if not set(kinds) <= set(KINDS):
            raise BadFeedback(f"{place}.kinds: expected some of {', '.join(KINDS)}")
        found[guid] = Ground(key, guid, name, tuple(kinds))
    return tuple(found.values())


def grounds_for(kind: str) -> tuple[Ground, ...]:
    return tuple(ground for ground in grounds() if kind in ground.kinds)
