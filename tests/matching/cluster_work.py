"""Work that the processes of a cluster are given; they must be able to import it."""

import os


def place_of(item: int) -> tuple[int, int]:
    """The item, and the process of the engine that gave it out; item 7 ends its process."""
    if item == 7:
        os._exit(1)
    return item, os.getppid()


def lost(item: int) -> tuple[int, int]:
    return -item, 0
