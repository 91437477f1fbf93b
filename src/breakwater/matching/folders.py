"""The plain files under some paths, in an order that does not depend on the disk."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to hash, or a folder that could not be read, with its fault.

    `store` is the address of the storage that holds it; empty for a file of this machine.
    """

    path: bytes
    size: int = 0
    fault: str = ""
    store: str = ""


class Walk:
    """All files under `paths` in their order, each folder's entries by the bytes of their names.

    Symbolic links, devices and pipes are left out and counted. `skipped` is a file to leave out
    besides, as os.stat gives it.
    """

    def __init__(self, paths: Sequence[bytes], skipped: os.stat_result | None = None) -> None:
        self.links = 0
        self.special = 0
        self._paths = paths
        self._skipped = (skipped.st_dev, skipped.st_ino) if skipped else None

    def __iter__(self) -> Iterator[Entry]:
        # Folders can lie deeper in each other than Python's calls may.
        open_folders = [iter(self._paths)]
        while open_folders:
            path = next(open_folders[-1], None)
            if path is None:
                open_folders.pop()
                continue
            try:
                status = os.lstat(path)
                if stat.S_ISDIR(status.st_mode):
                    names = sorted(os.listdir(path))  # noqa: PTH208 – names as bytes
                    open_folders.append(iter([path.rstrip(b"/") + b"/" + name for name in names]))
                elif self._counts(status):
                    yield Entry(path, status.st_size)
            except OSError as problem:
                yield Entry(path, fault=f"The folder cannot be read: {problem.strerror}.")

    def _counts(self, status: os.stat_result) -> bool:
        if stat.S_ISLNK(status.st_mode):
            self.links += 1
        elif not stat.S_ISREG(status.st_mode):
            self.special += 1
        else:
            return (status.st_dev, status.st_ino) != self._skipped
        return False
