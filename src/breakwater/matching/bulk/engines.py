"""Where work on many items is done: in processes of this machine, or by Daft, also on Ray.

Both do the same work on the same items and give the results in the order of the items, so that
what is written does not depend on the engine.
"""

import importlib
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
_ROWS_FOR_PROCESS = 8
# Neither of them may tell its makers that it is used here.
_SILENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "DAFT_ANALYTICS_ENABLED": "0",
    "DO_NOT_TRACK": "true",
    "SCARF_NO_ANALYTICS": "true",
    "DAFT_PROGRESS_BAR": "0",
}


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
        """As `Engine.each`."""
        worker = self._daft.cls(_Worker, use_process=True, max_concurrency=self.processes)
        asked = worker(work, lost)
        rest = iter(sets)
        while part := list(islice(rest, _SETS_AT_ONCE)):
            for results in self._ask(asked.each, list(self._rows(part))):
                yield from results

    def _rows(self, part: list[list[T]]) -> Iterator[list[list[T]]]:
        """Sets together, so that every process has several rows and none is very short."""
        length = -(-len(part) // (self.processes * _ROWS_FOR_PROCESS))
        for first in range(0, len(part), length):
            yield part[first : first + length]

    def _ask(self, each: Any, rows: list[list[list[T]]]) -> list[list[Any]]:
        daft = self._daft
        frame = daft.from_pydict(
            {"place": list(range(len(rows))), "sets": [pickle.dumps(row) for row in rows]}
        )
        frame = frame.into_partitions(min(len(rows), self.processes * _PARTITIONS_FOR_PROCESS))
        frame = frame.with_column("found", each(frame["sets"])).exclude("sets")
        found: list[list[Any]] = [[] for _ in rows]
        for row in frame.iter_rows():
            # What comes back was pickled by our own processes.
            found[row["place"]] = pickle.loads(row["found"])  # noqa: S301
        return found


class _Worker:
    """What Daft runs in each of its processes: sets of items in, their results out.

    The work is done in a process below, because Daft and Ray would begin a part whose process died
    again and again, and then give the whole question up.
    """

    def __init__(self, work: Callable[[Any], Any], lost: Callable[[Any], Any]) -> None:
        self._work, self._lost = work, lost

    def each(self, sets: bytes) -> bytes:
        asked = pickle.loads(sets)  # noqa: S301
        done = InOrder(self._work, asked, lost=self._lost, processes=1, preload=PRELOAD)
        return pickle.dumps(list(done))


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
