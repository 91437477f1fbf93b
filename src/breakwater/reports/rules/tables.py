"""Reads the tables that experts own, and refuses a wrong one with file and key named."""

import tomllib
from importlib import resources
from typing import Any

DATA = resources.files("breakwater.reports") / "data"


class BadTable(Exception):
    """A data file is wrong; the message names file, key and what is expected."""

    def __init__(self, file: str, key: str, expected: str) -> None:
        super().__init__(f"reports/data/{file}: {key}: expected {expected}")


def read(file: str) -> dict[str, Any]:
    try:
        return tomllib.loads((DATA / file).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise BadTable(file, "the file", f"TOML ({problem})") from problem


def require(entry: dict[str, Any], key: str, kind: type, file: str, where: str) -> Any:
    value = entry.get(key)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadTable(file, f"{where}.{key}", f"a value of type {kind.__name__}")
    return value
