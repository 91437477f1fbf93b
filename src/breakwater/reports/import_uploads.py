"""Receives uploads into memory, because media among them must never touch the disk.

Django's own handlers write a large upload to a temporary file. This one keeps what
comes up to `MAX_UPLOAD` and refuses the rest; more than that is for the command line.
"""

from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

MAX_UPLOAD = 256 * 1024 * 1024
MAX_FILES = 1500


class TooLarge(StopUpload):
    """The files of one request are more than is kept in memory."""


class MemoryOnly(FileUploadHandler):
    """Keeps the files of one request in memory, all of them together up to `MAX_UPLOAD`."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.is_too_large = False
        self._received = 0
        self._buffer = BytesIO()

    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self._buffer = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received > MAX_UPLOAD:
            self.is_too_large = True
            self._buffer = BytesIO()
            raise TooLarge(connection_reset=False)
        self._buffer.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        self._buffer.seek(0)
        return InMemoryUploadedFile(
            file=self._buffer,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type or "",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


def is_announced_too_large(request: HttpRequest) -> bool:
    """Say from its header that a request is too large, before any of it is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > MAX_UPLOAD + 1024 * 1024
    except ValueError:
        return False
