"""The searchable form of all lists, on disk beside the database and made from it.

One folder of PDQ hashes and one file for each other kind. Ids are those of `Fingerprint`, which are
only ever added or deleted: an update adds what is newer than the newest id it holds, and what was
deleted is left out when an answer is put together, until so much was deleted that the file is made
anew. Whatever is damaged is made anew; until then nobody is told that a hash is unknown.

When an older copy of the database is put back, ids that a file holds are given to other hashes, and
may have grown past the file's newest before anybody looks, so comparing numbers would not tell. Each
file therefore has a random mark that is committed to the database after the file's rows were read
and before the file takes its place: a database that holds the mark has seen all that the file was
made of. A file whose mark the database does not hold is treated as a damaged one.
"""

import fcntl
import functools
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from django.conf import settings
from django.db.models import F
from numpy.typing import NDArray

from breakwater.hashlists.models import Fingerprint, HashList, IndexMark, Kind
from breakwater.matching.container import Damaged, NotAnIndex
from breakwater.matching.digests import DigestTable
from breakwater.matching.photodna import LENGTH, PhotodnaTable
from breakwater.matching.radius import STATE, RadiusIndex
from breakwater.storage import bulk

# The kinds that have one file each, with the bytes of a value.
FILES = {Kind.MD5: 16, Kind.SHA1: 20, Kind.SHA256: 32, Kind.PHOTODNA: LENGTH}
READ_AT_ONCE = 100_000
# Who looks while a file is replaced may see an old mark beside a new file; the next look does not.
LOOKS = 3
# A look at the files' dates at most this often.
FRESH_FOR = 1.0
# Seconds after which who was refused asks again.
MADE_ANEW_IN = 60
# A file is made anew when of so many ids one is deleted.
DELETED_IN = 8
log = logging.getLogger(__name__)

Ids = NDArray[np.int64]
Rows = NDArray[np.uint8]
Table = DigestTable | PhotodnaTable


class Unreadable(Exception):
    """A file of the index is not as it was written, gone, or of another state of the database.

    The worker makes it anew; ask again.
    """


def folder() -> Path:
    path = Path(settings.CONFIG.data_dir) / "hash-index"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def file_path(kind: Kind) -> Path:
    return folder() / f"{kind.name.lower()}.bwx"


def pdq_folder() -> Path:
    return folder() / "pdq"


def update(*, verify: bool = False) -> bool:
    """Bring the files up to the lists' revisions, and make damaged ones anew.

    `verify` reads every byte for that. True when there was something to do. Whoever else updates
    is waited for: two who read, build and write at once would lose what the first one added.
    """
    with _alone():
        _sweep()
        behind = list(HashList.objects.exclude(revision=F("indexed_revision")))
        if not behind and not verify and _sound():
            return False
        with bulk.bounded_memory():
            for kind in FILES:
                _update_file(kind, verify)
            _update_pdq(verify)
        for hash_list in behind:
            HashList.objects.filter(pk=hash_list.pk).update(indexed_revision=hash_list.revision)
        return True


@contextmanager
def _alone() -> Iterator[None]:
    handle = os.open(folder() / "update.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep() -> None:
    """Remove what writers left unfinished that were killed: nobody else writes now."""
    for path in [*folder().glob(".*.part"), *pdq_folder().glob(".*.part")]:
        path.unlink(missing_ok=True)


def _sound() -> bool:
    """Whether every file opens and is of this database; its header tells of most damage."""
    paths = [*map(file_path, FILES), pdq_folder() / STATE]
    if not Fingerprint.objects.exists() and not any(path.exists() for path in paths):
        return True
    opened = [*(_opened_file(kind, False) for kind in FILES), _opened_pdq(False)]
    return None not in opened


def damaged() -> list[str]:
    """Names of files that are not as they were written or are gone; nothing is changed."""
    with _alone():
        found = [file_path(k).name for k in FILES if _is_damaged(k, _opened_file(k, verify=True))]
        if _is_damaged(Kind.PDQ, _opened_pdq(verify=True)):
            found.append(pdq_folder().name)
    return found


def _is_damaged(kind: Kind, opened: Table | RadiusIndex | None) -> bool:
    path = pdq_folder() / STATE if kind is Kind.PDQ else file_path(kind)
    return opened is None and (path.exists() or _was_indexed(kind))


def _was_indexed(kind: Kind) -> bool:
    """Whether the files held hashes of a kind once: then a file that is not there is a lost one."""
    return (
        HashList.objects.filter(indexed_revision__gt=0).exists()
        and Fingerprint.objects.filter(kind=kind).exists()
    )


def _holds_too_much(kind: Kind, held: int) -> bool:
    """Whether so much was deleted since that a file with `held` ids is made anew."""
    return held > Fingerprint.objects.filter(kind=kind).count() * DELETED_IN / (DELETED_IN - 1) + 1


def _table_of(kind: Kind) -> type[DigestTable] | type[PhotodnaTable]:
    return PhotodnaTable if kind is Kind.PHOTODNA else DigestTable


def _update_file(kind: Kind, verify: bool) -> None:
    old = _opened_file(kind, verify)
    if old is not None and _holds_too_much(kind, len(old)):
        old = None
    newest = int(old.arrays["ids"].max()) if old and len(old) else 0
    parts = list(_newer(kind, newest, FILES[kind]))
    if not parts and old is not None:
        _keep_only(kind, old.mark)
        return
    if old is not None and len(old):
        parts.insert(0, old.pairs())
    rows = np.concatenate([p[0] for p in parts] or [np.empty((0, FILES[kind]), np.uint8)])
    ids = np.concatenate([p[1] for p in parts] or [np.empty(0, np.int64)])
    parts.clear()
    table = _table_of(kind).build(rows, ids)
    with _marked(kind) as mark:
        table.write(file_path(kind), mark)


@contextmanager
def _marked(kind: Kind) -> Iterator[str]:
    """The mark of a file that is about to take the old one's place; both hold until it did."""
    mark = secrets.token_hex(16)
    IndexMark.objects.create(kind=kind, mark=mark)
    yield mark
    _keep_only(kind, mark)


def _keep_only(kind: Kind, mark: str) -> None:
    """Forget the marks of files that were replaced: one put back would lack what came since."""
    IndexMark.objects.filter(kind=kind).exclude(mark=mark).delete()


def _marks() -> set[str]:
    return set(IndexMark.objects.values_list("mark", flat=True))


def _check_mark(path: Path, mark: str) -> None:
    if mark not in _marks():
        raise Damaged(f"{path}: was made of another state of the database")


def _opened_file(kind: Kind, verify: bool) -> Table | None:
    try:
        table = _table_of(kind).open(file_path(kind))
        _check_mark(file_path(kind), table.mark)
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
    if index is not None and _holds_too_much(Kind.PDQ, len(index)):
        index = None
    newest = index.newest_id() if index else 0
    parts = list(_newer(Kind.PDQ, newest, 32))
    if not parts and index is not None:
        _keep_only(Kind.PDQ, index.mark)
        return
    if index is None:
        rows = np.concatenate([p[0] for p in parts] or [np.empty((0, 32), np.uint8)])
        index = RadiusIndex.build(
            rows, np.concatenate([p[1] for p in parts] or [np.empty(0, np.int64)])
        )
    else:
        for rows, ids in parts:
            index.add(rows, ids)
    with _marked(Kind.PDQ) as mark:
        index.save(pdq_folder(), mark)


def _opened_pdq(verify: bool) -> RadiusIndex | None:
    try:
        index = RadiusIndex.open(pdq_folder())
        _check_mark(pdq_folder(), index.mark)
        if verify:
            index.verify()
    except FileNotFoundError:
        return None
    except (Damaged, NotAnIndex) as fault:
        log.warning("%s; it is made anew from the database", fault)
        return None
    return index


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
        self._files: dict[Kind, Table] = {}
        self._pdq: RadiusIndex | None = None

    def refresh(self, *, at_once: bool = False) -> None:
        """Take over what was written since; `at_once` looks even if it looked a moment ago.

        Raises:
            Unreadable: a file is not as it was written, gone, or of another state of the
                database. What it said before is still held, and could be answered from; but an
                answer that lacks the newest looks like any other.
        """
        now = time.monotonic()
        if now - self._looked < FRESH_FOR and not at_once:
            return
        with self._lock:
            for _ in range(LOOKS):
                marks = _marks()
                self._take_over()
                held = [*self._files.values(), *([self._pdq] if self._pdq else [])]
                if {one.mark for one in held} <= marks:
                    break
            else:
                raise Unreadable(f"{folder()}: was made of another state of the database")
            self._looked = now

    def _take_over(self) -> None:
        for kind in FILES:
            path = file_path(kind)
            if date := self._newer(kind, path):
                self._files[kind] = _opened(_table_of(kind), path)
                self._dates[path] = date
        path = pdq_folder()
        if date := self._newer(Kind.PDQ, path / STATE):
            self._pdq = _opened(RadiusIndex, path)
            self._dates[path / STATE] = date

    def _newer(self, kind: Kind, path: Path) -> tuple[int, int] | None:
        """The date of a file that was not taken over yet."""
        try:
            status = path.stat()
        except FileNotFoundError as fault:
            if _was_indexed(kind):
                raise Unreadable(f"{path}: is not there") from fault
            self._forget(kind, path)
            return None
        date = (status.st_ino, status.st_mtime_ns)
        return None if self._dates.get(path) == date else date

    def _forget(self, kind: Kind, path: Path) -> None:
        self._dates.pop(path, None)
        self._files.pop(kind, None)
        if kind is Kind.PDQ:
            self._pdq = None

    @property
    def is_empty(self) -> bool:
        """Looks at once: a set of reports that is written behind a new list has to meet it."""
        self.refresh(at_once=True)
        return not any(map(len, self._files.values())) and not (self._pdq and len(self._pdq))

    def digests(self, kind: Kind) -> DigestTable | None:
        self.refresh()
        table = self._files.get(kind)
        return table if isinstance(table, DigestTable) else None

    def pdq(self) -> RadiusIndex | None:
        self.refresh()
        return self._pdq

    def photodna(self) -> PhotodnaTable | None:
        self.refresh()
        table = self._files.get(Kind.PHOTODNA)
        return table if isinstance(table, PhotodnaTable) else None


_Opened = TypeVar("_Opened", Table, RadiusIndex)


def _opened(table: type[_Opened], path: Path) -> _Opened:
    try:
        return table.open(path)
    except (FileNotFoundError, Damaged, NotAnIndex) as fault:
        raise Unreadable(str(fault)) from fault


@functools.cache
def _index_of(path: Path) -> Index:
    return Index()


def current() -> Index:
    """This process's view of the index of the desk's data folder."""
    return _index_of(folder())
