"""What several lists say of one name adds up: it is blocked while one of them lists it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """One decided change of one list's entry; `entry` is None if it came without an entry."""

    name: str
    entry: int | None
    adds: bool
    is_national: bool


def folded(history: Iterable[Said]) -> dict[str, bool]:
    """The names that some list lists, after these changes in the order they were decided.

    The value says whether only national additions list it.
    """
    last = {(said.name, said.entry): said for said in history}
    found: dict[str, bool] = {}
    for said in last.values():
        if said.adds:
            found[said.name] = found.get(said.name, True) and said.is_national
    return found


def with_parents(names: Iterable[str]) -> set[str]:
    """These names and all above them: blocking any of these would block one of the names."""
    found: set[str] = set()
    for name in names:
        labels = name.split(".")
        found.update(".".join(labels[start:]) for start in range(len(labels)))
    return found


def appealed(name: str) -> set[str]:
    """The names whose block an appeal against this one is about; none of an empty name.

    A block covers everything below it, so those are the name and all above it; and "www." below it,
    which is the same site to whoever appeals.
    """
    return with_parents([name]) | {f"www.{name}"} if name else set()
