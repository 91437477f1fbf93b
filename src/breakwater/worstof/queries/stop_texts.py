"""The operator's file for the stop page, <data dir>/worstof/stop-page.toml, if there is one."""

import logging
import tomllib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from breakwater.worstof.rules.stop_texts import BadStopTexts, StopTexts, read

NOTHING = StopTexts({})
_log = logging.getLogger(__name__)


def path() -> Path:
    return Path(settings.CONFIG.data_dir) / "worstof" / "stop-page.toml"


def stop_texts() -> StopTexts:
    """What the file says.

    Raises:
        BadStopTexts: it is no TOML, or says what cannot be.
    """
    try:
        changed = path().stat().st_mtime_ns
    except FileNotFoundError:
        return NOTHING
    return _read(path(), changed)


@lru_cache(maxsize=1)
def _read(file: Path, changed: int) -> StopTexts:
    try:
        return read(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise BadStopTexts(f"{file.name}: {problem}") from problem


def texts_if_good() -> StopTexts | None:
    """The same; None if the file cannot be used."""
    try:
        return stop_texts()
    except (BadStopTexts, OSError) as problem:
        _log.warning("stop-page.toml is not used: %s", problem)
        return None


def shown_texts() -> StopTexts:
    """The same for a visitor, who sees a page without contacts rather than an error."""
    return texts_if_good() or NOTHING
