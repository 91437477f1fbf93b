"""Receives a file that was found somewhere: text, packed text or a zone as BIND keeps it, in memory,
up to a limit.

It comes from an adversary, and a zip can hold media: nothing of it may touch the disk.
"""

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload
from django.http import HttpRequest

from breakwater.hashlists.uploads import is_text
from breakwater.reports.import_uploads import MemoryOnly

# «raw», in which a secondary keeps its zone, and the journal of what changed.
_BIND = (b"\0\0\0\2", b";BIND LOG V9")
_ZIP, _GZIP = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b"


class LeakOnly(MemoryOnly):
    """Keeps these as `MemoryOnly` does; says by `is_refused` that it was none of them."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.is_refused = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if not start and not (raw_data.startswith((*_ZIP, _GZIP, *_BIND)) or is_text(raw_data)):
            self.is_refused = True
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes] | None":  # type: ignore[override]
        return None if self.is_refused or self.is_too_large else super().file_complete(file_size)
