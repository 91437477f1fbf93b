"""Receives files of hashes; a picture, a video or an archive is turned away at its first bytes.

A large upload goes to a temporary file, and media must never touch the disk: so the beginning
of a file is looked at before anything of it is written.
"""

import re
from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest

from breakwater.formats.hash_table import detect

MOST_BYTES = 2 << 30
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\x0c")
_VICS = re.compile(r'"@?odata\.(?:context|metadata)"|"(?:value|Cases)"\s*:\s*\[')


class TextOnly(TemporaryFileUploadHandler):
    """Keeps text in a temporary file; says by `is_not_text` and `is_too_large` why it refused.

    At most `most` bytes of it, and never more than those on the disk.
    """

    def __init__(self, request: HttpRequest | None = None, most: int = MOST_BYTES) -> None:
        super().__init__(request)
        self.most = most
        self.is_not_text = False
        self.is_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.is_not_text = not start and not is_text(raw_data)
        self.is_too_large = start + len(raw_data) > self.most
        if self.is_not_text or self.is_too_large:
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        return None if self.is_not_text or self.is_too_large else super().file_complete(file_size)


def is_text(head: bytes) -> bool:
    """Whether a file begins like a table or JSON: media and archives are full of control bytes."""
    encoding = detect(head).encoding
    if encoding.startswith(("utf-16", "utf-32")):
        head = head.decode(encoding, "replace").encode("utf-8", "replace")
    found = len(head) - len(head.translate(None, _CONTROLS))
    return found * 100 <= len(head)


def is_vics(head: bytes) -> bool:
    """Whether a file begins like VICS: an object with media or cases, or a context of the model."""
    shape = detect(head)
    text = head[:8192].decode(shape.encoding, "replace").lstrip("\ufeff \t\r\n")
    return text.startswith("{") and _VICS.search(text) is not None
