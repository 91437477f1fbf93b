"""How much room is left where the desk keeps its files."""

import shutil
from pathlib import Path

from django.conf import settings

from breakwater.worstof.queries.known_names import folder

ENOUGH = 16 * 2**20
"""Octets with which a day's changes surely go out: what the database and BIND write beside them."""


def room_left() -> int:
    """Octets that the desk's user may still write in the data folder and in the list's own.

    Asked when a page is shown: a disk that is full takes no row that could say so.
    """
    places = (Path(settings.CONFIG.data_dir), folder())
    return min(shutil.disk_usage(place).free for place in places if place.exists())
