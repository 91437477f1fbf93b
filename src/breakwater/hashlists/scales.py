"""The grading schemes of this desk: those that come with it, and its own, <data dir>/grades.toml."""

import tomllib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from breakwater.hashlists.rules.grades import FILE, BadGrades, Schemes, read_schemes, schemes


def path() -> Path:
    """The desk's own file; it may add schemes and replace those that come with the desk."""
    return Path(settings.CONFIG.data_dir) / FILE


def known() -> Schemes:
    """All schemes by their keys, as of the start of this process.

    Raises:
        BadGrades: the desk's own file is wrong; the message names file and key.
    """
    return _read(path())


@lru_cache(maxsize=4)
def _read(file: Path) -> Schemes:
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return schemes()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadGrades(f"{file.name}: {problem}") from problem
    return schemes() | read_schemes(table, file.name)
