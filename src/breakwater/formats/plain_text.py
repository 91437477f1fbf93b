"""Text as every database and every page can hold it: without NUL and without half characters."""

import re
from typing import Any

# Half of a pair of UTF-16, which JSON can write as «\ud800» and UTF-8 cannot.
_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """Put the sign for NUL, or the one for a character that cannot be read, in its place."""
    return _NOT_STORABLE.sub(lambda found: "␀" if found[0] == "\0" else "�", text)


def storable_values(value: Any) -> Any:
    """`storable` for every text in a JSON value, names included."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): storable_values(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [storable_values(inner) for inner in value]
    return value
