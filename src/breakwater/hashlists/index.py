"""The searchable form of all lists, on disk beside the database and made from it.

One folder of PDQ hashes and one file per kind of digest. Ids are those of `Fingerprint`, which are
only ever added or deleted: an update adds what is newer than the newest id it holds, and what was
deleted is left out when an answer is put together. Whatever is damaged is made anew.
"""

import functools
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db.models import F, Max, Sum
from numpy.typing import NDArray

from breakwater.hashlists.models import Fingerprint, HashList, Kind
from breakwater.matching import photodna
from breakwater.matching.container import Damaged, NotAnIndex
from breakwater.matching.digests import DigestTable
from breakwater.matching.radius import STATE, RadiusIndex
from breakwater.storage import bulk

DIGESTS = {Kind.MD5: 16, Kind.SHA1: 20, Kind.SHA256: 32}
READ_AT_ONCE = 100_000
PHOTODNA_KEPT = 500_000  # 72 MB in each process that looks one up
# A look at the files' dates at most this often.
FRESH_FOR = 1.0
log = logging.getLogger(__name__)

Ids = NDArray[np.int64]
Rows = NDArray[np.uint8]


def folder() -> Path:
    path = Path(settings.CONFIG.data_dir) / "hash-index"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def digest_path(kind: Kind) -> Path:
    return folder() / f"{kind.name.lower()}.bwx"


def pdq_folder() -> Path:
    return folder() / "pdq"


def update(*, verify: bool = False) -> bool:
    """Bring the files up to the lists' revisions; true when there was something to do."""
    behind = list(HashList.objects.exclude(revision=F("indexed_revision")))
    revisions = {hash_list.pk: hash_list.revision for hash_list in behind}
    if not behind and not verify and _complete():
        return False
    with bulk.bounded_memory():
        for kind in DIGESTS:
            _update_digests(kind, verify)
        _update_pdq(verify)
    for pk, revision in revisions.items():
        HashList.objects.filter(pk=pk).update(indexed_revision=revision)
    return True


def _complete() -> bool:
    files = [*(digest_path(kind) for kind in DIGESTS), pdq_folder() / STATE]
    return not Fingerprint.objects.exists() or all(path.exists() for path in files)


def damaged() -> list[str]:
    """Names of files that are not as they were written; nothing is changed."""
    found = [digest_path(k).name for k in DIGESTS if _is_damaged(k)]
    try:
        RadiusIndex.open(pdq_folder()).verify()
    except FileNotFoundError:
        pass  # there is none yet
    except (Damaged, NotAnIndex):
        found.append(pdq_folder().name)
    return found


def _is_damaged(kind: Kind) -> bool:
    return digest_path(kind).exists() and _opened_digests(digest_path(kind), verify=True) is None


def rebuild() -> None:
    """Throw the files away and make them from the database."""
    for kind in DIGESTS:
        digest_path(kind).unlink(missing_ok=True)
    for path in pdq_folder().glob("*.bwx"):
        path.unlink()
    update(verify=True)


def _update_digests(kind: Kind, verify: bool) -> None:
    path = digest_path(kind)
    old = _opened_digests(path, verify)
    newest = int(old.arrays["ids"].max()) if old and len(old) else 0
    parts = list(_newer(kind, newest, DIGESTS[kind]))
    if not parts and old is not None:
        return
    if old is not None and len(old):
        counts = (old.arrays["starts"][1:] - old.arrays["starts"][:-1]).astype(np.int64)
        parts.insert(0, (np.repeat(old.digests, counts, axis=0), old.arrays["ids"]))
    rows = np.concatenate([p[0] for p in parts] or [np.empty((0, DIGESTS[kind]), np.uint8)])
    ids = np.concatenate([p[1] for p in parts] or [np.empty(0, np.int64)])
    parts.clear()
    DigestTable.build(rows, ids).write(path)


def _opened_digests(path: Path, verify: bool) -> DigestTable | None:
    try:
        table = DigestTable.open(path)
        if verify:
            table.verify()
    except FileNotFoundError:
        return None
    except (Damaged, NotAnIndex) as fault:
        log.warning("%s; it is made anew from the database", fault)
        return None
    return table


def _update_pdq(verify: bool) -> None:
    index = _opened_pdq(verify)
    newest = index.newest_id() if index else 0
    parts = list(_newer(Kind.PDQ, newest, 32))
    if not parts and index is not None:
        return
    if index is None:
        rows = np.concatenate([p[0] for p in parts] or [np.empty((0, 32), np.uint8)])
        index = RadiusIndex.build(
            rows, np.concatenate([p[1] for p in parts] or [np.empty(0, np.int64)])
        )
    else:
        for rows, ids in parts:
            index.add(rows, ids)
    index.save(pdq_folder())


def _opened_pdq(verify: bool) -> RadiusIndex | None:
    try:
        index = RadiusIndex.open(pdq_folder())
        if verify:
            index.verify()
    except FileNotFoundError:
        return None
    except (Damaged, NotAnIndex) as fault:
        log.warning("%s; it is made anew from the database", fault)
        return None
    return index


def listed(kind: Kind, width: int) -> Iterator[tuple[Rows, Ids]]:
    """All listed values of a kind that has no file, in parts: rows of bytes and their ids."""
    return _newer(kind, 0, width)


def _newer(kind: Kind, newest: int, width: int) -> Iterator[tuple[Rows, Ids]]:
    """What was added of a kind since `newest`, in the order of ids.

    By the sum a database looks rows up by id: by kind it would sort all of a kind for each part.
    """
    if not Fingerprint.objects.filter(kind=kind, id__gt=newest).exists():
        return
    by_id = Fingerprint.objects.annotate(kind_number=F("kind") + 0).filter(kind_number=int(kind))
    while True:
        found = list(
            by_id.filter(id__gt=newest).order_by("id").values_list("id", "value")[:READ_AT_ONCE]
        )
        if found:
            newest = found[-1][0]
            joined = b"".join(bytes(value) for _, value in found)
            rows = np.frombuffer(joined, np.uint8).reshape(len(found), width)
            yield rows, np.array([pk for pk, _ in found], np.int64)
        if len(found) < READ_AT_ONCE:
            return


class Index:
    """The files as one process sees them; it takes newer ones over by itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = 0.0
        self._dates: dict[Path, tuple[int, int]] = {}
        self._digests: dict[Kind, DigestTable] = {}
        self._pdq: RadiusIndex | None = None
        self._photodna: tuple[int, Rows, Ids] | None = None  # of which generation

    def refresh(self) -> None:
        now = time.monotonic()
        if now - self._looked < FRESH_FOR:
            return
        with self._lock:
            self._looked = now
            for kind in DIGESTS:
                if self._is_newer(digest_path(kind)):
                    self._digests[kind] = DigestTable.open(digest_path(kind))
            if self._is_newer(pdq_folder() / STATE):
                self._pdq = RadiusIndex.open(pdq_folder())

    def _is_newer(self, path: Path) -> bool:
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        date = (status.st_ino, status.st_mtime_ns)
        if self._dates.get(path) == date:
            return False
        self._dates[path] = date
        return True

    @property
    def is_empty(self) -> bool:
        self.refresh()
        return not any(map(len, self._digests.values())) and not (self._pdq and len(self._pdq))

    def digests(self, kind: Kind) -> DigestTable | None:
        self.refresh()
        return self._digests.get(kind)

    def pdq(self) -> RadiusIndex | None:
        self.refresh()
        return self._pdq

    def photodna(self) -> Iterator[tuple[Rows, Ids]]:
        """Every listed PhotoDNA value, in parts; read once in a generation of the index.

        More than `PHOTODNA_KEPT` are not kept, and read from the database every time.
        """
        generation = HashList.objects.aggregate(sum=Sum("indexed_revision"))["sum"] or 0
        kept = self._photodna
        if kept is None or kept[0] != generation:
            kept = self._photodna = _read_photodna(generation)
        if kept is None:
            yield from listed(Kind.PHOTODNA, photodna.LENGTH)
            return
        _, rows, ids = kept
        for first in range(0, len(ids), READ_AT_ONCE):
            yield rows[first : first + READ_AT_ONCE], ids[first : first + READ_AT_ONCE]


def _read_photodna(generation: int) -> tuple[int, Rows, Ids] | None:
    count = Fingerprint.objects.filter(kind=Kind.PHOTODNA).count()
    if count > PHOTODNA_KEPT:
        return None
    parts = list(listed(Kind.PHOTODNA, photodna.LENGTH))
    rows = np.concatenate([p[0] for p in parts] or [np.empty((0, photodna.LENGTH), np.uint8)])
    ids = np.concatenate([p[1] for p in parts] or [np.empty(0, np.int64)])
    return generation, rows, ids


@functools.cache
def _index_of(path: Path) -> Index:
    return Index()


def current() -> Index:
    """This process's view of the index of the desk's data folder."""
    return _index_of(folder())


def newest_fingerprint() -> int:
    return Fingerprint.objects.aggregate(newest=Max("id"))["newest"] or 0
