"""One engine at a time in a process of its own: build, memory, searches, and whether it is right.

`python -m benchmarks.engines ENGINE CORPUS COUNT` prints one JSON object. Every engine gets the same
hashes, the same queries one at a time, one thread, and goes through Python.
"""

import argparse
import gc
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import corpus

RADIUS = 31
# Slow engines answer fewer queries; they are the same first ones.
QUERIES = {"breakwater": 2_000, "breakwater mapped": 2_000,
           "breakwater drop-in": 2_000, "threatexchange PDQIndex": 400,
           "faiss MultiHash": 400, "faiss Flat": 40, "usearch exact": 10}  # fmt: skip
CHECKED = 200

Codes = NDArray[np.uint64]
Search = Callable[[int], Any]


def resident() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(x for x in status.splitlines() if x.startswith("VmRSS")).split()[1])


class Breakwater:
    """The index that the desk asks, as the desk asks it."""

    threads = os.cpu_count() or 1
    built = 0.0

    def build(self, codes: Codes) -> None:
        from breakwater.matching.radius import RadiusIndex

        start = time.perf_counter()
        self.index = RadiusIndex.build(
            codes.view(np.uint8), np.arange(len(codes)), threads=self.threads
        )
        self.built = time.perf_counter() - start

    def search(self, query: Codes) -> Any:
        return self.index.near(query.tobytes())

    def ids(self, answer: Any) -> set[int]:
        return {pk for pk, _ in answer}


class BreakwaterMapped(Breakwater):
    """Built by one thread, for the figure of that."""

    threads = 1
    opened = 0.0

    def build(self, codes: Codes) -> None:
        from breakwater.matching.radius import RadiusIndex

        super().build(codes)
        with tempfile.TemporaryDirectory() as folder:
            self.index.save(Path(folder))
            del self.index
            start = time.perf_counter()
            self.index = RadiusIndex.open(Path(folder))
            self.opened = time.perf_counter() - start


class BreakwaterDropIn:
    """Where the field's library has its PDQIndex: hexadecimal in, its matches out, one thread."""

    def build(self, codes: Codes) -> None:
        from breakwater.matching.drop_in import BreakwaterPdqIndex

        texts = [row.tobytes().hex() for row in codes.view(np.uint8)]
        self.index = BreakwaterPdqIndex.build((text, i) for i, text in enumerate(texts))

    def search(self, query: Codes) -> Any:
        return self.index.query(query.tobytes().hex())

    def ids(self, answer: Any) -> set[int]:
        return {match.metadata for match in answer}


class FaissFlat:
    def build(self, codes: Codes) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.IndexBinaryFlat(256)
        self.index.add(codes.view(np.uint8))

    def search(self, query: Codes) -> Any:
        # faiss gives what is nearer than the radius, not what is as near.
        return self.index.range_search(query.view(np.uint8), RADIUS + 1)

    def ids(self, answer: Any) -> set[int]:
        return set(answer[2].tolist())


class FaissMultiHash(FaissFlat):
    def build(self, codes: Codes) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self.index = faiss.IndexBinaryMultiHash(256, 16, 16)
        self.index.nflip = RADIUS // 16
        self.index.add(codes.view(np.uint8))


class ThreatExchange:
    def build(self, codes: Codes) -> None:
        import faiss
        from threatexchange.signal_type.pdq.pdq_index import PDQIndex

        faiss.omp_set_num_threads(1)
        texts = [row.tobytes().hex() for row in codes.view(np.uint8)]
        self.index = PDQIndex.build((text, i) for i, text in enumerate(texts))

    def search(self, query: Codes) -> Any:
        return self.index.query(query.tobytes().hex())

    def ids(self, answer: Any) -> set[int]:
        return {match.metadata for match in answer}


class UsearchExact:
    def build(self, codes: Codes) -> None:
        self.codes = codes.view(np.uint8)

    def search(self, query: Codes) -> Any:
        from usearch.index import MetricKind, search

        return search(
            self.codes, query.view(np.uint8), 100, MetricKind.Hamming, exact=True, threads=1
        )

    def ids(self, answer: Any) -> set[int]:
        return {int(m.key) for m in answer if m.distance <= RADIUS}


ENGINES: dict[str, Callable[[], Any]] = {
    "breakwater": Breakwater,
    "breakwater mapped": BreakwaterMapped,
    "breakwater drop-in": BreakwaterDropIn,
    "faiss Flat": FaissFlat,
    "faiss MultiHash": FaissMultiHash,
    "threatexchange PDQIndex": ThreatExchange,
    "usearch exact": UsearchExact,
}


def data(name: str, count: int) -> tuple[Codes, Codes]:
    if name == "clustered":
        return corpus.clustered(count)
    codes = corpus.uniform(count)
    return codes, corpus.queries_near(codes, 2_000)[0]


def expected(codes: Codes, query: Codes) -> set[int]:
    near = np.bitwise_count(codes ^ query).sum(axis=1, dtype=np.uint16) <= RADIUS
    return set(np.flatnonzero(near).tolist())


def measure(engine_name: str, corpus_name: str, count: int) -> dict[str, float]:
    codes, asked = data(corpus_name, count)
    compared = min(CHECKED, QUERIES[engine_name])
    checks = [expected(codes, query) for query in asked[:compared]]
    engine = ENGINES[engine_name]()
    gc.collect()
    before = resident() - codes.nbytes
    start = time.perf_counter()
    engine.build(codes)
    built = time.perf_counter() - start
    del codes
    gc.collect()
    missing = false = 0
    for query, wanted in zip(asked[:compared], checks, strict=True):
        found = engine.ids(engine.search(query[None, :]))
        missing, false = missing + len(wanted - found), false + len(found - wanted)
    seconds = _timed(engine, asked[: QUERIES[engine_name]])
    # After the queries: a mapped file is resident only where somebody has looked.
    held = resident() - before
    return {
        "build": getattr(engine, "built", built),
        "resident": held,
        "rate": len(seconds) / sum(seconds),
        "p50": float(np.percentile(seconds, 50)),
        "p99": float(np.percentile(seconds, 99)),
        "compared": compared,
        "missing": missing,
        "false": false,
        "open": getattr(engine, "opened", 0.0),
    }


def _timed(engine: Any, asked: Codes) -> list[float]:
    for query in asked[:5]:
        engine.search(query[None, :])
    seconds = []
    for query in asked:
        start = time.perf_counter()
        engine.search(query[None, :])
        seconds.append(time.perf_counter() - start)
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=list(ENGINES))
    parser.add_argument("corpus", choices=["uniform", "clustered"])
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    print(json.dumps(measure(options.engine, options.corpus, options.count)))
