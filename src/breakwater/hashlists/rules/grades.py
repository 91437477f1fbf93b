"""Grades of many schemes, set beside each other without replacing any."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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
    """A table of grades is wrong; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One source's words for grades. `aliases` are what files call the scheme, in lower case."""

    name: str
    version: str
    aliases: frozenset[str]
    grades: Mapping[str, str]  # original grade in lower case: mapped grade


Schemes = Mapping[str, Scheme]


@functools.cache
def schemes() -> dict[str, Scheme]:
    """The schemes that come with the desk, by their keys."""
    text = (resources.files("breakwater.hashlists") / "data" / FILE).read_text(encoding="utf-8")
    found = read_schemes(tomllib.loads(text), f"hashlists/data/{FILE}")
    if OWN not in found:
        raise BadGrades(f"hashlists/data/{FILE}: expected a scheme «{OWN}»")
    return found


def read_schemes(table: Mapping[str, Any], file: str) -> dict[str, Scheme]:
    """Check the table of a file.

    Raises:
        BadGrades: a scheme has no name or version, a key that cannot be kept, or maps a grade to a
            word that is none of `MAPPED`.
    """
    if unknown := set(table) - {"scheme"}:
        raise BadGrades(f"{file}: {min(unknown)}: expected [scheme.KEY] and nothing else")
    found = table.get("scheme", {})
    if not isinstance(found, dict):
        raise BadGrades(f"{file}: scheme: expected [scheme.KEY]")
    return {key: _scheme(f"{file}: {key}", key, said) for key, said in found.items()}


def _scheme(place: str, key: str, said: Any) -> Scheme:
    if not re.fullmatch(r"[a-z0-9_]{1,40}", key):
        raise BadGrades(f"{place}: expected at most 40 of a–z, 0–9 and _ as the key")
    if not isinstance(said, dict):
        raise BadGrades(f"{place}: expected a table")
    for name in ("name", "version"):
        if not (isinstance(said.get(name), str) and said[name].strip()):
            raise BadGrades(f"{place}.{name}: expected a text in quotation marks")
    aliases = said.get("aliases", [])
    if not (isinstance(aliases, list) and all(isinstance(x, str) for x in aliases)):
        raise BadGrades(f"{place}.aliases: expected a list of texts")
    grades = {k: v for k, v in said.items() if k not in ("name", "version", "aliases")}
    for grade, mapped in grades.items():
        if mapped not in MAPPED:
            raise BadGrades(f"{place}.{grade}: expected one of {', '.join(MAPPED)}")
    return Scheme(
        said["name"], said["version"], frozenset(x.strip().lower() for x in aliases),
        {grade.lower(): mapped for grade, mapped in grades.items()},
    )  # fmt: skip


def scheme_of(of_list: str, said: str | None, known: Schemes) -> str:
    """The scheme that a grade is mapped by: what its line says, where that is known.

    A line may call it by its key or an alias; «VICS/US» is what the context of a file says.
    """
    return (said and key_of(said, known)) or of_list


def key_of(said: str, known: Schemes) -> str:
    """The key of a scheme that a file names; "" for one that is not known or says nothing."""
    word = said.strip().lower()
    found = (key for key, scheme in known.items() if word == key or word in scheme.aliases)
    return next((key for key in found if key != OWN), "")


def map_grade(scheme: str, grade: str, known: Schemes | None = None) -> str:
    """The mapped grade of an original one; "" where the scheme does not say."""
    found = (known or schemes()).get(scheme)
    return found.grades.get(grade.strip().lower(), "") if grade and found else ""


def severity(mapped: str) -> int:
    """A rank for sorting voices, 0 the worst; words that are not mapped come last."""
    return MAPPED.index(mapped) if mapped in MAPPED else len(MAPPED)
