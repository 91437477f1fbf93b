"""Hashes a provider's uploads while they stream in, and lets the bytes go.

The desk is hash-only: nothing of a file reaches memory beyond one chunk, and nothing ever
reaches a disk. A vault, once there is one, is a `Sink` that also keeps what it is fed.
"""

import hashlib
from typing import Any, Protocol

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from breakwater.reports.actions.filing import Upload


class Sink(Protocol):
    """Takes a file's bytes as they come and says at the end what is known of them."""

    def feed(self, chunk: bytes) -> None: ...

    def upload(self, name: str) -> Upload: ...


class Hashes:
    """The default sink: digests and size, nothing else."""

    def __init__(self) -> None:
        self._digests = (
            hashlib.md5(usedforsecurity=False),
            hashlib.sha1(usedforsecurity=False),
            hashlib.sha256(),
        )
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        for digest in self._digests:
            digest.update(chunk)
        self._size += len(chunk)

    def upload(self, name: str) -> Upload:
        md5, sha1, sha256 = (d.hexdigest() for d in self._digests)
        return Upload(name=name, size=self._size, md5=md5, sha1=sha1, sha256=sha256)


class HashedFile(UploadedFile):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """Stands in request.FILES for a file whose bytes are gone."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(file=None, name=upload.name or "file", size=upload.size)
        self.upload = upload


class HashingUploadHandler(FileUploadHandler):
    """Feeds every chunk to a sink and stores none."""

    chunk_size = 1024 * 1024

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.sink: Sink = Hashes()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.sink.feed(raw_data)

    def file_complete(self, file_size: int) -> HashedFile:
        return HashedFile(self.sink.upload(self.file_name or ""))
