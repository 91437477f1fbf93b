"""Grades of many schemes, set beside each other without replacing any."""

import functools
import tomllib
from importlib import resources
from typing import Any

FILE = "grades.toml"
# Worst first: of several voices the first in this order is named first.
MAPPED = (
    "baseline",
    "a1",
    "b1",
    "a2",
    "b2",
    "csam",
    "exploitive",
    "generated",
    "ungraded",
    "not_csam",
)
OWN = "own"


class BadGrades(Exception):
    """The table of grades is wrong; the message names file and key."""


@functools.cache
def schemes() -> dict[str, dict[str, str]]:
    """Scheme key -> {original grade in lower case: mapped grade}, and its "name"."""
    text = (resources.files("breakwater.hashlists") / "data" / FILE).read_text(encoding="utf-8")
    return read_schemes(tomllib.loads(text))


def read_schemes(table: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Check the table.

    Raises:
        BadGrades: a scheme has no name, or a grade is mapped to a word that is none of `MAPPED`.
    """
    found: dict[str, dict[str, str]] = {}
    for key, scheme in table.get("scheme", {}).items():
        if not isinstance(scheme.get("name"), str):
            raise BadGrades(f"hashlists/data/{FILE}: {key}.name: expected a name")
        for grade, mapped in scheme.items():
            if grade != "name" and mapped not in MAPPED:
                raise BadGrades(
                    f"hashlists/data/{FILE}: {key}.{grade}: expected one of {', '.join(MAPPED)}"
                )
        found[key] = {g.lower() if g != "name" else g: m for g, m in scheme.items()}
    if OWN not in found:
        raise BadGrades(f"hashlists/data/{FILE}: expected a scheme «{OWN}»")
    return found


def map_grade(scheme: str, grade: str) -> str:
    """The mapped grade of an original one; "" where the scheme does not say."""
    return schemes().get(scheme, {}).get(grade.strip().lower(), "") if grade else ""


def severity(mapped: str) -> int:
    """A rank for sorting voices, 0 the worst; words that are not mapped come last."""
    return MAPPED.index(mapped) if mapped in MAPPED else len(MAPPED)
