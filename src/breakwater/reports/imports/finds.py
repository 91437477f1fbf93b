"""What a walk finds, and how the bytes of one member become finds."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from breakwater.formats import filing, ispws, le_delivery
from breakwater.formats.record import FormatError
from breakwater.reports.actions.accept import Document

MAX_LABEL = 255
MAX_REASON = 400
CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that could not be taken: why, and a code by which pages say what to do."""

    name: str
    reason: str
    code: str = "format"


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file that is no report: measured while it was read, and not kept."""

    name: str
    size: int
    md5: str
    sha1: str
    sha256: str

    def meta(self, name: str) -> dict[str, str | int]:
        """Describe it as a part of a package, under the name that the report gives it."""
        return {
            "name": name,
            "size": self.size,
            "md5": self.md5,
            "sha1": self.sha1,
            "sha256": self.sha256,
        }


Find: TypeAlias = Document | Refusal | Hashed


def label(text: str, limit: int = MAX_LABEL) -> str:
    """Make a name from outside safe to show and to store; the end of it is what tells."""
    whole = text.encode("utf-8", "replace").decode()
    shown = "".join(c if c.isprintable() else "\ufffd" for c in whole)
    return shown if len(shown) <= limit else "…" + shown[1 - limit :]


def refusal(name: str, problem: FormatError) -> Refusal:
    reason = label(str(problem)[:MAX_REASON], MAX_REASON)
    return Refusal(name, reason, "size" if problem.where == "size" else "format")


def hashed(name: str, stream: BinaryIO) -> Hashed:
    """Measure a file in pieces, so that its size does not matter and nothing is kept."""
    md5 = hashlib.md5(usedforsecurity=False)
    sha1, sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
    size = 0
    while piece := stream.read(CHUNK):
        size += len(piece)
        for digest in (md5, sha1, sha256):
            digest.update(piece)
    return Hashed(name, size, md5.hexdigest(), sha1.hexdigest(), sha256.hexdigest())


class Beside:
    """The measured files of one walk, to be found by the reports that name them."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[tuple[str, Hashed]]] = {}

    def add(self, folder: str, base: str, found: Hashed) -> None:
        self._by_name.setdefault(base.casefold(), []).append((folder, found))

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def of(self, folder: str, name: str) -> Hashed | None:
        """The file of this name in the report's folder or below; the nearest if several."""
        base = name.replace("\\", "/").rpartition("/")[2].casefold()
        below = f"{folder}/" if folder else ""
        near = [
            (place.count("/"), found)
            for place, found in self._by_name.get(base, ())
            if place == folder or place.startswith(below)
        ]
        return min(near, key=lambda n: n[0])[1] if near else None


def reports_in(name: str, folder: str, data: bytes, beside: Beside) -> Iterator[Find]:
    """Give the reports of one file, each as a document or as a refusal of its own."""
    if data.startswith(filing.MAGIC):
        yield _filing(name, data)
        return
    if name.lower().endswith(".xml"):
        yield _filing(name, filing.pack([filing.Part("report", data)]))
        return
    try:
        parts = le_delivery.split(data)
    except FormatError as problem:
        yield refusal(name, problem)
        return
    for number, part in enumerate(parts, 1):
        one = name if len(parts) == 1 else label(f"{name}#{number}")
        yield _le_report(one, folder, part, beside)


def _le_report(name: str, folder: str, data: bytes, beside: Beside) -> Find:
    try:
        number = f"C-{le_delivery.report_number(data)}"
        media = _media(folder, data, beside) if beside else []
    except FormatError as problem:
        return refusal(name, problem)
    if media:
        return Document(name, "filing", le_delivery.pack(data, media), number)
    return Document(name, "le_json", data, number)


def _media(folder: str, data: bytes, beside: Beside) -> list[dict[str, str | int]]:
    found = ((name, beside.of(folder, name)) for name in le_delivery.file_names(data))
    return [media.meta(name) for name, media in found if media]


def _filing(name: str, package: bytes) -> Find:
    """Take a provider's filing from a file.

    Its number is made from its bytes: the number that another desk gave it would collide
    with this desk's own.
    """
    try:
        if filing.unpack(package)[0].kind == le_delivery.JSON_PART:
            number = f"C-{le_delivery.read_package(package).number}"
            return Document(name, "filing", package, number)
        ispws.read_filing(package)
    except FormatError as problem:
        return refusal(name, problem)
    except IndexError:
        return Refusal(name, "a filing package without any part")
    return Document(name, "filing", package, f"P-x{hashlib.sha256(package).hexdigest()[:12]}")
