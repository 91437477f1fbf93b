"""Files that another process may read, or write, at any moment."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, pieces: Iterable[str], mode: int = 0o640) -> None:
    """Write a file that is found whole or not at all, also after a full disk or a power cut.

    `mode` holds from the first octet on, less what the umask takes; without one, others than the
    owner and the group read nothing, because most of these files hold a list.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="ascii", buffering=1 << 20) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
