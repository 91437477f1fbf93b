"""Reads the uploaded files of a report: names, hashes, what was said of them."""

import re

from breakwater.formats.le_delivery import words
from breakwater.formats.le_delivery.node import Node, keys, read_time
from breakwater.formats.le_delivery.people import captures_of, notes, split_captures
from breakwater.formats.record import File, Moment

FILE = keys("""id fileId submittalId filename originalFilename originalFilenames viewedByEsp
    exifViewedByEsp publiclyAvailable industryClassification verificationHash md5 sha1 sha256
    originalFileHashes fileSize fileRelevance fileAnnotations ncmecTags uploadedToEspTimestamp
    locationOfFile additionalInformations additionalInfo espMetadata sourceInformation
    ipCaptureEvent deviceId value""")
_GROUPS = frozenset({"id", "name", "value", "groupName", "tags", "type"})
_TAG = frozenset({"id", "name", "value", "type", "timestamp"})
_METADATA = frozenset({"id", "name", "value", "type"})
_HASH = frozenset({"id", "hashType", "type", "value", "hash"})
_HASH_BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}
_DIGESTS = frozenset({"md5", "sha1", "sha256", "sha"})
_HEX = re.compile(r"[0-9a-f]+")
_UPLOAD_TIMES = frozenset(
    {
        "upload time",
        "uploadtime",
        "upload date",
        "uploaddate",
        "upload datetime",
        "upload timestamp",
        "uploadtimestamp",
        "uploaded",
        "uploaded at",
        "date uploaded",
        "time uploaded",
        "file upload time",
    }
)
_CLASS = re.compile(r"\s*([ABab][12])\b")
DELIVERED_NAME = "filename"


def file(node: Node) -> File:
    original, delivered = node.text("originalFilename"), node.text("filename")
    found = File(
        file_id=node.text("submittalId") or node.text("fileId") or node.text("id"),
        name=original or delivered or node.text("value"),
        size=node.number("fileSize"),
        viewed=node.flag("viewedByEsp"),
        exif_viewed=node.flag("exifViewedByEsp"),
        public=node.flag("publiclyAvailable"),
        supplemental="supplemental" in node.text("fileRelevance").lower(),
        classification=_classification(node),
        url=node.text("locationOfFile"),
        uploaded_at=node.moment("uploadedToEspTimestamp"),
        notes=notes(node),
    )
    if original and delivered and original != delivered:
        found.details = [("NCMEC", DELIVERED_NAME, delivered)]
    _hashes(node, found)
    _metadata(node, found)
    _tags(node, found)
    if node.data.get("sourceInformation") is not None:
        events, devices, urls, rest = split_captures(captures_of(node))
        found.captures, found.devices = events, devices
        found.url = found.url or (urls.pop(0) if urls else "")
        found.notes = [*found.notes, *(f"URL: {url}" for url in urls), *rest]
    return found


def delivered_names(found: File) -> list[str]:
    """The names under which a delivery may carry this file."""
    names = [v for kind, name, v in found.details if (kind, name) == ("NCMEC", DELIVERED_NAME)]
    return [*names, found.name] if found.name else names


def _classification(node: Node) -> str:
    text = node.text("industryClassification")
    match = _CLASS.match(text)
    if text and not match and words.plain(text) not in ("unknown", "none", "n a", "unclassified"):
        node.problem("industryClassification", f"expected A1, A2, B1 or B2, got «{text[:80]}»")
    return match[1].upper() if match else ""


def _hashes(node: Node, found: File) -> None:
    for key in ("verificationHash", "md5", "sha1", "sha256"):
        text = node.text(key)
        if text and not _put_hash(found, text):
            node.problem(key, f"expected an MD5, SHA-1 or SHA-256, got «{text[:80]}»")
    if node.data.get("originalFileHashes") is None:
        return
    for n in node.nodes("originalFileHashes", _HASH):
        value, kind = n.text("value") or n.text("hash"), n.text("hashType") or n.text("type")
        # A PDQ value is as long as a SHA-256: what the report calls it decides.
        named = not kind or words.plain(kind).replace(" ", "") in _DIGESTS
        if value and not (named and _put_hash(found, value)):
            found.other_hashes = [*found.other_hashes, (kind or "unknown", value)]


def _put_hash(found: File, text: str) -> bool:
    value = text.lower().replace("-", "").removeprefix("md5:").removeprefix("sha1:")
    kind = _HASH_BY_LENGTH.get(len(value))
    if not kind or not _HEX.fullmatch(value):
        return False
    if not getattr(found, kind):
        setattr(found, kind, value)
    return True


def _metadata(node: Node, found: File) -> None:
    if node.data.get("espMetadata") is None:
        return
    for n in node.nodes("espMetadata", _METADATA, "metadatas"):
        name, value = n.text("name") or n.text("type"), n.text("value")
        if not name and not value:
            continue
        found.details = [*found.details, ("ESP", name, value)]
        word = words.plain(name)
        # Dropbox, among others, gives the time of upload here and nowhere else.
        if word in _UPLOAD_TIMES and found.uploaded_at is None:
            utc, has_zone = read_time(value)
            found.uploaded_at = Moment(text=value[:200], utc=utc, has_zone=has_zone)
        elif word in ("md5", "sha1", "sha 1", "sha256", "sha 256"):
            _put_hash(found, value)


def _tags(node: Node, found: File) -> None:
    said: list[str] = []
    if node.data.get("ncmecTags") is not None:
        for group in node.nodes("ncmecTags", _GROUPS, "groups"):
            tags = group.nodes("tags", _TAG) if group.data.get("tags") is not None else []
            said += [n.text("value") or n.text("name") for n in tags]
            if not tags and group.text("value"):
                said.append(group.text("value"))
    found.tags = [tag for tag in said if tag]
    if node.data.get("fileAnnotations") is not None:
        said += flags_set(node, "fileAnnotations")
    known = (words.file_annotation(tag) for tag in said)
    found.annotations = list(dict.fromkeys(a for a in known if a))


def flags_set(node: Node, key: str) -> list[str]:
    """Names that are set, written as a list of names or as an object of booleans."""
    value = node.data.get(key)
    if isinstance(value, dict) and "value" not in value and key not in value:
        inner = Node(value, node.at(key), node.problems, frozenset(value))
        return [name for name in value if inner.flag(name)]
    return node.texts(key)
