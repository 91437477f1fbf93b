"""The list as a MISP feed: a manifest and one event whose attributes are the names.

MISP updates the event from the feed and deletes nothing by itself: an attribute that is missing
stays with who had it. So a name that left goes on as an attribute that is deleted.

Source: https://www.misp-standard.org/rfc/misp-standard-core.html, section 2.4 of the manifest.
"""

import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from breakwater.formats.block_list.header import Header, identifier

MANIFEST = "manifest.json"
_encode = msgspec.json.Encoder().encode
_PIECE = 1 << 16


def feed_files(names: Iterable[str], header: Header) -> dict[str, Iterator[bytes]]:
    """The files of a feed's folder by their names, each in pieces."""
    uuid = str(identifier("event", header.zone))
    about = _about(header)
    return {
        MANIFEST: iter([_encode({uuid: about})]),
        f"{uuid}.json": _event(uuid, about, names, header),
    }


def write_misp(names: Iterable[str], header: Header) -> Iterator[bytes]:
    """The folder of a feed as one zip."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in feed_files(names, header).items():
            info = zipfile.ZipInfo(name, header.at.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    if len(sink.held) > _PIECE:
                        yield sink.take()
    yield sink.take()


def _about(header: Header) -> dict[str, Any]:
    return {
        "info": header.title,
        "date": f"{header.at:%Y-%m-%d}",
        "timestamp": str(int(header.at.timestamp())),
        "analysis": "2",  # completed
        "threat_level_id": "1",  # high
        "Orgc": {"name": header.zone, "uuid": str(identifier("identity", header.zone))},
        "Tag": [{"name": "tlp:amber", "colour": "#FFC000", "exportable": True}],
    }


def _event(
    uuid: str, about: dict[str, Any], names: Iterable[str], header: Header
) -> Iterator[bytes]:
    stamp = about["timestamp"]
    event = about | {"uuid": uuid, "published": True, "publish_timestamp": stamp}
    yield b'{"Event":' + _encode(event).removesuffix(b"}") + b',"Attribute":['
    between = b"\n"
    rows = chain(((name, False) for name in names), ((name, True) for name in header.gone))
    for name, is_gone in rows:
        yield between + _encode(_attribute(name, stamp, is_gone=is_gone))
        between = b",\n"
    yield b"]}}\n"


def _attribute(name: str, stamp: str, *, is_gone: bool) -> dict[str, Any]:
    return {
        "uuid": str(identifier("attribute", name)),
        "type": "domain",
        "category": "Network activity",
        "value": name,
        "to_ids": True,
        "disable_correlation": False,
        "timestamp": stamp,
        "deleted": is_gone,  # said of every one: MISP takes a deletion back by nothing else
        "comment": "",
    }


class _Sink:
    """A file that is only written to and handed on in pieces."""

    def __init__(self) -> None:
        self.held = bytearray()

    def write(self, data: bytes) -> int:
        self.held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back from the one who takes."""

    def close(self) -> None:
        """What is held can still be taken."""

    def take(self) -> bytes:
        data = bytes(self.held)
        self.held.clear()
        return data
