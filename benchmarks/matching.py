"""The matching engine beside its peers: the same hashes, one query at a time, one thread.

Each engine runs in a process of its own, so that memory is its own; see engines.py.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks import corpus
from benchmarks.results import Figure, figure
from breakwater.matching.digests import DigestTable
from breakwater.matching.radius import RadiusIndex

PEERS = ("faiss Flat", "faiss MultiHash", "threatexchange PDQIndex", "usearch exact")
MB = 1 << 20


def run(counts: dict[str, int]) -> list[Figure]:
    found: list[Figure] = []
    for count in (counts["hashes"] // 10, counts["hashes"]):
        for name in ("uniform", "clustered"):
            found += engines(name, count)
    return found + digests(counts["hashes"]) + live(counts["hashes"])


def engines(corpus_name: str, count: int) -> list[Figure]:
    what = corpus.described(corpus_name, count)
    measured = {name: _measured(name, corpus_name, count) for name in ("breakwater", *PEERS)}
    mapped = _measured("breakwater mapped", corpus_name, count)
    drop_in = _measured("breakwater drop-in", corpus_name, count)
    ours = measured["breakwater"]
    found = [
        figure(f"{what}: queries, one thread", "", ours["rate"], "queries/s", peer=peer,
               peer_value=measured[peer]["rate"], limit=_asked(peer, corpus_name, count))
        for peer in PEERS
    ]  # fmt: skip
    wrong = sum(one[fault] for one in (ours, mapped, drop_in) for fault in ("missing", "false"))
    compared = int(sum(one["compared"] for one in (ours, mapped, drop_in)))
    tx = measured["threatexchange PDQIndex"]
    return [
        *found,
        figure(f"{what}: queries, one thread, through the interface of PDQIndex", "",
               drop_in["rate"], "queries/s", peer="threatexchange PDQIndex", peer_value=tx["rate"],
               limit=_asked("threatexchange PDQIndex", corpus_name, count)),
        figure(f"{what}: queries, one thread, mapped from a file", "", mapped["rate"], "queries/s"),
        figure(f"{what}: a query, p99", "", 1000 * ours["p99"], "ms", limit="below 0.2 ms"),
        figure(f"{what}: entries missed or false against brute force, of {compared} answers", "",
               wrong, "entries", limit="0"),
        figure(f"{what}: entries that threatexchange missed or had false, of "
               f"{int(tx['compared'])} answers", "", tx["missing"] + tx["false"], "entries"),
        figure(f"{what}: resident memory", "", ours["resident"] / MB, "MB",
               peer="threatexchange PDQIndex", peer_value=tx["resident"] / MB,
               limit="at most a quarter"),
        figure(f"{what}: resident memory with a Python object for each, through the interface of "
               "PDQIndex", "",
               drop_in["resident"] / MB, "MB", peer="threatexchange PDQIndex",
               peer_value=tx["resident"] / MB),
        figure(f"{what}: build, two threads", "", ours["build"], "s",
               limit="below 5 s" if corpus_name == "uniform" else ""),
        figure(f"{what}: build, one thread", "", mapped["build"], "s"),
        figure(f"{what}: build through the interface of PDQIndex, one thread", "",
               drop_in["build"], "s", peer="threatexchange PDQIndex", peer_value=tx["build"]),
        figure(f"{what}: open by mapping", "", 1000 * mapped["open"], "ms", limit="below 50 ms"),
    ]  # fmt: skip


def _asked(peer: str, corpus_name: str, count: int) -> str:
    if corpus_name == "clustered":
        return "at least 20 x" if peer == "faiss Flat" else ""
    if count < 10_000_000:
        return "at least 25 x" if peer == "threatexchange PDQIndex" else ""
    return {"faiss Flat": "at least 150 x", "threatexchange PDQIndex": "at least 90 x"}.get(
        peer, ""
    )


def _measured(engine: str, corpus_name: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.engines", engine, corpus_name, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def digests(count: int) -> list[Figure]:
    """SHA-256 digests, asked for in batches, half of them known."""
    rng = np.random.default_rng(5)
    known = rng.integers(0, 256, (count, 32), dtype=np.uint8)
    table = DigestTable.build(known, np.arange(count))
    asked = np.concatenate([known[:: max(count // 500_000, 1)][:500_000],
                            rng.integers(0, 256, (500_000, 32), dtype=np.uint8)])  # fmt: skip
    rng.shuffle(asked)
    start = time.perf_counter()
    table.known(asked)
    rate = len(asked) / (time.perf_counter() - start)
    among = {row.tobytes() for row in known[: min(count, 1_000_000)]}
    texts = [row.tobytes() for row in asked]
    start = time.perf_counter()
    sum(1 for text in texts if text in among)
    peer = len(asked) / (time.perf_counter() - start)
    return [
        figure(f"exact lookups among {count:,} digests, one thread", "", rate / 1e6, "million/s",
               peer="a Python set of 1 million", peer_value=peer / 1e6,
               limit="at least 5 million/s")
    ]  # fmt: skip


def live(count: int) -> list[Figure]:
    """The longest wait of a query while 100,000 hashes are added to a live index, and saved."""
    hashes = corpus.uniform(count + 100_000).view(np.uint8)
    index = RadiusIndex.build(hashes[:count], np.arange(count), threads=2)
    waits: list[float] = []
    done = threading.Event()

    def ask() -> None:
        row = 0
        while not done.is_set():
            start = time.perf_counter()
            index.search(hashes[row : row + 1])
            waits.append(time.perf_counter() - start)
            row = (row + 7919) % count

    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder))
        thread = threading.Thread(target=ask)
        thread.start()
        start = time.perf_counter()
        for first in range(count, count + 100_000, 1_000):
            index.add(hashes[first : first + 1_000], np.arange(first, first + 1_000))
        index.save(Path(folder))
        took = time.perf_counter() - start
        done.set()
        thread.join()
    if index.near(hashes[-1].tobytes()) != [(count + 99_999, 0)]:
        raise RuntimeError("the last hash added is not found")
    return [
        figure(f"longest wait of a query while 100,000 are added to {count:,}", "",
               1000 * max(waits), "ms", limit="at most 50 ms"),
        figure(f"100,000 hashes added to {count:,} and saved", "", took, "s"),
    ]  # fmt: skip
