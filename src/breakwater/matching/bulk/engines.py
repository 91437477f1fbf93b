"""Where work on many items is done: in processes of this machine, or by Daft, also on Ray.

Both do the same work on the same items and give the results in the order of the items, so that
what is written does not depend on the engine.
"""

import importlib
import logging
import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Protocol, TypeVar

from breakwater.matching.processes import InOrder

T = TypeVar("T")
R = TypeVar("R")
PRELOAD = "breakwater.matching.commands"
# Sets in one question to Daft: enough to keep a hundred processes busy, few enough to hold.
_SETS_AT_ONCE = 2_000
_PARTITIONS_FOR_PROCESS = 4
# Neither of them may tell its makers that it is used here.
_SILENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "DAFT_ANALYTICS_ENABLED": "0",
    "DO_NOT_TRACK": "true",
    "SCARF_NO_ANALYTICS": "true",
    "DAFT_PROGRESS_BAR": "0",
}
log = logging.getLogger(__name__)


class Engine(Protocol):
    """Does work on sets of items; all that it is given and gives must be picklable."""

    def each(
        self, work: Callable[[T], R], sets: Iterable[list[T]], lost: Callable[[T], R]
    ) -> Iterator[R]:
        """The results of `work` on each item, in order; `lost` gives that of a killer of processes."""
        ...


class NotInstalled(Exception):
    """A part that is not needed on one machine is missing; the text says which and what to do."""


class LocalEngine:
    """Processes of this machine."""

    def __init__(self, processes: int) -> None:
        self.processes = processes

    def each(
        self, work: Callable[[T], R], sets: Iterable[list[T]], lost: Callable[[T], R]
    ) -> Iterator[R]:
        """As `Engine.each`. One set is not worth starting processes for."""
        rest = iter(sets)
        begin = list(islice(rest, 2))
        if self.processes == 1 or len(begin) < 2:
            for items in _chain(begin, rest):
                yield from map(work, items)
            return
        yield from InOrder(
            work, _chain(begin, rest), lost=lost, processes=self.processes, preload=PRELOAD
        )


class DaftEngine:
    """Daft with processes of its own, on this machine or on the Ray cluster at `cluster`.

    Breakwater must be installed on every machine of the cluster, in the same version.

    Raises:
        NotInstalled: Daft, or for a cluster Ray, is not installed.
    """

    def __init__(self, processes: int, cluster: str = "") -> None:
        for name in ("daft", *(["ray"] if cluster else [])):
            _need(name)
        self.processes = processes
        self._daft = importlib.import_module("daft")
        if cluster:
            _join(cluster)
            self._daft.set_runner_ray(noop_if_initialized=True)
        else:
            self._daft.set_runner_native()

    def each(
        self, work: Callable[[T], R], sets: Iterable[list[T]], lost: Callable[[T], R]
    ) -> Iterator[R]:
        """As `Engine.each`; a part whose process died is done again on this machine."""
        rest = iter(sets)
        while part := list(islice(rest, _SETS_AT_ONCE)):
            try:
                results = self._ask(work, part)
            except Exception as problem:  # noqa: BLE001 – Daft has no common exception
                log.warning("the engine lost a process; a part is done here again: %s", problem)
                yield from InOrder(
                    work, part, lost=lost, processes=os.cpu_count() or 1, preload=PRELOAD
                )
                continue
            for found in results:
                yield from found

    def _ask(self, work: Callable[[T], R], part: list[list[T]]) -> list[list[R]]:
        daft = self._daft
        worker = daft.cls(_Worker, use_process=True, max_concurrency=self.processes)(work)
        frame = daft.from_pydict(
            {"place": list(range(len(part))), "items": [pickle.dumps(items) for items in part]}
        )
        frame = frame.into_partitions(min(len(part), self.processes * _PARTITIONS_FOR_PROCESS))
        frame = frame.with_column("found", worker.each(frame["items"])).exclude("items")
        found: list[list[R]] = [[] for _ in part]
        for row in frame.iter_rows():
            # What comes back was pickled by our own processes.
            found[row["place"]] = pickle.loads(row["found"])  # noqa: S301
        return found


class _Worker:
    """What Daft runs in each of its processes: a set of items in, their results out."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work

    def each(self, items: bytes) -> bytes:
        return pickle.dumps([self._work(item) for item in pickle.loads(items)])  # noqa: S301


def engine(name: str, processes: int, cluster: str = "") -> Engine:
    """The engine «local» or «daft». Raises what `DaftEngine` raises."""
    return DaftEngine(processes, cluster) if name == "daft" else LocalEngine(processes)


def _need(name: str) -> None:
    os.environ.update({key: os.environ.get(key, value) for key, value in _SILENT.items()})
    try:
        importlib.import_module(name)
    except ImportError as problem:
        raise NotInstalled(
            f"The engine needs «{name}», which is not installed. On each machine of the cluster: "
            "pip install 'daft[ray]'"
        ) from problem


def _join(cluster: str) -> None:
    ray = importlib.import_module("ray")
    if not ray.is_initialized():
        ray.init(address=cluster, log_to_driver=False)


def _chain(begin: list[list[T]], rest: Iterator[list[T]]) -> Iterator[list[T]]:
    yield from begin
    yield from rest
