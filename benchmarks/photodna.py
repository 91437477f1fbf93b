"""Values of PhotoDNA's form compared by distance, beside FAISS: the same values, one thread.

Random values of the form, none of a picture: each byte is small more often than large, as those of
gradients are, and each value asked for is a known one with small changes.
"""

import time

import numpy as np

from benchmarks.results import Figure, figure
from breakwater.matching.photodna import LENGTH, MATCH_DISTANCE, PhotodnaTable, Values

ASKED = 200
PEER_ASKED = 20


def run(count: int) -> list[Figure]:
    """`count` known values; the physical limit is to read the 32 bytes of heads that a value has."""
    import faiss

    known, asked = values(count)
    table = PhotodnaTable.build(known, np.arange(count))
    start = time.perf_counter()
    found = table.near(asked)
    ours = count * ASKED / (time.perf_counter() - start)

    faiss.omp_set_num_threads(1)
    flat = faiss.IndexFlatL2(LENGTH)
    flat.add(known.astype(np.float32))
    start = time.perf_counter()
    # It gives what is nearer than the radius, not what is as near.
    splits, _, ids = flat.range_search(asked[:PEER_ASKED].astype(np.float32), MATCH_DISTANCE + 1)
    peer = count * PEER_ASKED / (time.perf_counter() - start)
    for i in range(PEER_ASKED):
        if sorted(pk for pk, _ in found[i]) != sorted(ids[splits[i] : splits[i + 1]].tolist()):
            raise RuntimeError("FAISS finds other values")
    if not all(found):
        raise RuntimeError("a planted value is not found")
    return [
        figure(f"{count:,} values of 144 bytes compared by distance, one thread", "",
               ours / 1e6, "million pairs/s", peer="faiss FlatL2", peer_value=peer / 1e6)
    ]  # fmt: skip


def values(count: int) -> tuple[Values, Values]:
    rng = np.random.default_rng(11)
    known = np.minimum(rng.exponential(28, (count, LENGTH)), 255).astype(np.uint8)
    moved = known[:: max(count // ASKED, 1)][:ASKED].astype(int)
    moved += rng.integers(-20, 21, moved.shape)
    return known, np.clip(moved, 0, 255).astype(np.uint8)
