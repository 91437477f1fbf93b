"""Work on many items in several processes, with results in order and no item that ends the rest."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
# Memory of a decoded picture that goes back to the system must be cleared again for the next one.
# Kept, and in large pages, a picture of 12 million pixels took half the time.
_ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 29),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "OPENBLAS_NUM_THREADS": "1",
}
_AHEAD = 4  # sets that wait for each process


class InOrder(Generic[T, R]):
    """Iterate over the results of `work` on each item of `sets`, in the order of the items.

    If a process dies, its items are done again one by one, and `lost` gives the result of an
    item that makes its process die again. `work` and the items must be picklable. Leaving the
    iteration early ends the processes.
    """

    def __init__(
        self,
        work: Callable[[T], R],
        sets: Iterable[list[T]],
        *,
        lost: Callable[[T], R],
        processes: int,
        preload: str,
    ) -> None:
        self._work = work
        self._sets = sets
        self._lost = lost
        self._processes = processes
        self._preload = preload
        self._waiting: deque[tuple[list[T], Future[list[R]]]] = deque()

    def __iter__(self) -> Iterator[R]:
        self._start()
        try:
            for items in self._sets:
                yield from self._submit(items)
                if len(self._waiting) > self._processes * _AHEAD:
                    yield from self._next()
            while self._waiting:
                yield from self._next()
        finally:
            self._stop()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["__main__", self._preload])
        resource_tracker.ensure_running()  # when it starts, it lets Ctrl-C through again
        # Processes started so never see Ctrl-C: ignored, it would be heard while they load.
        with _environment(_ALLOCATOR), _ctrl_c_left_to_the_parent():
            forkserver.ensure_running()
        self._pool = ProcessPoolExecutor(self._processes, context)

    def _stop(self) -> None:
        """End at once; what was given out is all that is wanted."""
        # Python has a public way from 3.14 on; shutdown alone waits for the work that has begun.
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def _submit(self, items: list[T]) -> Iterator[R]:
        try:
            self._waiting.append((items, self._given_out(items)))
        except BrokenProcessPool:
            yield from self._one_by_one()
            self._waiting.append((items, self._given_out(items)))

    def _given_out(self, items: list[T]) -> Future[list[R]]:
        # It may start a process; stopped in the middle of that, nobody would know of it and end it.
        with _stopped_only_afterwards():
            return self._pool.submit(_each, self._work, items)

    def _next(self) -> Iterator[R]:
        try:
            results = self._waiting[0][1].result()
        except BrokenProcessPool:
            yield from self._one_by_one()
            return
        self._waiting.popleft()
        yield from results

    def _one_by_one(self) -> Iterator[R]:
        """A process died, and nothing tells on which item: try each alone."""
        self._stop()
        self._start()
        while self._waiting:
            items, future = self._waiting.popleft()
            if future.done() and not future.cancelled() and not future.exception():
                yield from future.result()
                continue
            for item in items:
                try:
                    yield from self._given_out([item]).result()
                except BrokenProcessPool:
                    yield self._lost(item)
                    self._stop()
                    self._start()


def _each(work: Callable[[T], R], items: list[T]) -> list[R]:
    return [work(item) for item in items]


@contextmanager
def _stopped_only_afterwards() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are heard in the main thread alone
        return
    heard: list[int] = []
    # A mask would not do: any other thread may be handed the signal.
    before = {
        number: signal.signal(number, lambda number, _: heard.append(number)) or signal.SIG_DFL
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if heard:
            signal.raise_signal(heard[0])


@contextmanager
def _ctrl_c_left_to_the_parent() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _environment(settings: dict[str, str]) -> Iterator[None]:
    """Set what is not set already, for processes started inside."""
    added = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
