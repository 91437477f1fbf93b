"""The list as the folder of a MISP feed, over the same door as the other downloads.

MISP asks for `manifest.json`, then for the event that it names, and for `hashes.csv`, by which it
knows attributes without reading the event. The files are those of the recipient's signed zip.
Source: MISP core format, manifest; `pymisp` `MISPEvent.to_feed`.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

from breakwater.people.client_address import client_address
from breakwater.worstof.actions import downloading
from breakwater.worstof.download_views import copy_of_recipient
from breakwater.worstof.models import Recipient

HASHES = "hashes.csv"
_PIECE = 256 * 1024


def feed_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """One file of the feed's folder."""

    @copy_of_recipient
    def answer(
        request: HttpRequest, copy: downloading.Copy, recipient: Recipient
    ) -> HttpResponseBase:
        return _file(request, copy, recipient, name)

    return answer(request, "misp")


def _file(
    request: HttpRequest, copy: downloading.Copy, recipient: Recipient, name: str
) -> HttpResponseBase:
    archive = zipfile.ZipFile(copy.path)
    names = archive.namelist()
    if name not in (*names, HASHES):
        archive.close()
        return HttpResponse("There is no such file.", content_type="text/plain", status=404)
    if (
        request.method == "GET" and name != "manifest.json"
    ):  # which holds nothing of a name; a digest of one is as good as it
        address = client_address(request)
        downloading.record_download(recipient, copy, address=address, at=timezone.now())
    if name == HASHES:
        body = _hashes(archive)
        archive.close()
        return HttpResponse(body, content_type="text/csv")
    return StreamingHttpResponse(_pieces(archive, name), content_type="application/json")


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive, archive.open(name) as source:
        while piece := source.read(_PIECE):
            yield piece


def _hashes(archive: zipfile.ZipFile) -> str:
    """One line for each attribute: MD5 of its value, UUID of its event."""
    lines = []
    for name in archive.namelist():
        if name == "manifest.json":
            continue
        event = json.loads(archive.read(name))["Event"]
        for attribute in event["Attribute"]:
            if attribute["deleted"]:
                continue
            value = attribute["value"].encode()
            # MD5 because the feed's format says so; nothing is protected by it.
            digest = hashlib.md5(value, usedforsecurity=False).hexdigest()
            lines.append(f"{digest},{event['uuid']}\n")
    return "".join(lines)
