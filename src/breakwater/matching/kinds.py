"""What a file is, by its first bytes; names are asked only where the bytes say nothing."""

from os import fsdecode
from pathlib import PurePath
from typing import Literal

Kind = Literal["picture", "video", "other"]
# So many bytes must be given.
HEAD = 512
_STARTS: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\xff\xd8\xff", "picture"), (0, b"\x89PNG", "picture"), (0, b"GIF8", "picture"),
    (8, b"WEBP", "picture"), (0, b"II*\0", "picture"), (0, b"MM\0*", "picture"),
    (0, b"\0\0\0\x0cjP  ", "picture"), (0, b"\xff\x4f\xff\x51", "picture"),
    (0, b"qoif", "picture"), (0, b"8BPS\0\x01", "picture"), (0, b"\0\0\0\x0cJXL ", "picture"),
    (4, b"moov", "video"), (4, b"mdat", "video"), (4, b"wide", "video"), (4, b"ftyp", "video"),
    (0, b"\x1a\x45\xdf\xa3", "video"), (8, b"AVI ", "video"), (0, b"\0\0\x01\xba", "video"),
    (0, b"\0\0\x01\xb3", "video"), (0, b"FLV\x01", "video"), (0, b"\x30\x26\xb2\x75\x8e", "video"),
    (0, b"OggS", "video"), (0, b".RMF", "video"), (0, b"\x06\x0e\x2b\x34", "video"),
)  # fmt: skip
# Pictures in the container of MPEG-4: AVIF, and HEIC, which cannot be read yet.
_PICTURE_BRANDS = {
    b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
}  # fmt: skip
_PICTURE_SUFFIXES = {
    "avif", "bmp", "gif", "heic", "heif", "ico", "j2k", "jp2", "jpe", "jpeg", "jpg", "jxl", "pbm",
    "pgm", "png", "ppm", "qoi", "tif", "tiff", "webp",
}  # fmt: skip
# Without "ts", which is also the suffix of programs and translations.
_VIDEO_SUFFIXES = {
    "3g2", "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf",
    "ogv", "webm", "wmv",
}  # fmt: skip


def kind_by_bytes(head: bytes) -> Kind:
    """What the first `HEAD` bytes of a file say."""
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        return "picture"
    for offset, mark, kind in _STARTS:
        if head.startswith(mark, offset):
            return kind
    if _is_bitmap(head) or _is_icon(head) or _is_plain_map(head):
        return "picture"
    # Packets of a transport stream begin with the same byte every 188.
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "video"
    return "other"


def kind_by_name(path: bytes) -> Kind:
    suffix = PurePath(fsdecode(path)).suffix[1:].lower()
    if suffix in _PICTURE_SUFFIXES:
        return "picture"
    return "video" if suffix in _VIDEO_SUFFIXES else "other"


def _is_bitmap(head: bytes) -> bool:
    return head[:2] == b"BM" and head[6:10] == bytes(4) and len(head) >= 26


def _is_icon(head: bytes) -> bool:
    return head[:4] == b"\0\0\x01\0" and 0 < head[4] < 64 and head[5] == head[9] == 0


def _is_plain_map(head: bytes) -> bool:
    return head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b"\n", b" ")
