"""Exact lookup of digests (MD5, SHA-1, SHA-256) among millions, from one mapped file."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from breakwater.matching import _core, container

KIND = "digests"
WIDTHS = {"md5": 16, "sha1": 20, "sha256": 32}
# About four digests stand behind each prefix.
LOG_PER_PREFIX = 2

Digests = NDArray[np.uint8]
Ids = NDArray[np.int64]


class DigestTable:
    """Distinct digests in order, the ids of each, and where each leading-bit prefix begins."""

    def __init__(self, arrays: dict[str, Any], facts: dict[str, Any]) -> None:
        self.arrays, self.facts = arrays, facts
        self.digests: Digests = arrays["digests"]
        self._bits: int = facts["bits"]
        self.mark: str = facts.get("mark", "")
        self._mapped: container.Container | None = None

    @classmethod
    def build(cls, digests: Digests, ids: Ids) -> Self:
        """A table of `digests` (n, width) with `ids` (n); a digest may come with several ids."""
        rows = np.ascontiguousarray(digests, dtype=np.uint8)
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        if len(rows) != len(ids):
            raise ValueError(f"{len(rows)} digests with {len(ids)} ids")
        order, starts = _core.arrange_digests(rows)
        bits = min(max(len(starts).bit_length() - LOG_PER_PREFIX, 1), 28)
        arrays: dict[str, Any] = {
            "digests": np.ascontiguousarray(rows[order[starts[:-1]]]),
            "ids": ids[order],
            "starts": starts,
            "prefixes": np.empty(2**bits + 1, np.uint32),
        }
        _core.fill_prefixes(arrays["digests"], bits, arrays["prefixes"])
        return cls(arrays, {"kind": KIND, "bits": bits})

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map a table from its file. Raises what `container.Container.open` raises."""
        mapped = container.Container.open(path)
        if mapped.facts.get("kind") != KIND:
            raise container.NotAnIndex(f"{path}: holds {mapped.facts.get('kind')}, not {KIND}")
        table = cls(mapped.arrays, dict(mapped.facts))
        table._mapped = mapped
        return table

    def write(self, path: Path, mark: str = "") -> None:
        """Write the table durably and in one step, with a mark of its owner's choice."""
        container.write(path, self.arrays, self.facts | {"mark": mark})

    def verify(self) -> None:
        """Read every byte of the file behind the table. Raises container.Damaged."""
        if self._mapped:
            self._mapped.verify()

    def __len__(self) -> int:
        return len(self.arrays["ids"])

    def pairs(self) -> tuple[Digests, Ids]:
        """Every digest with its id: as many rows as ids."""
        counts = (self.arrays["starts"][1:] - self.arrays["starts"][:-1]).astype(np.int64)
        return np.repeat(self.digests, counts, axis=0), self.arrays["ids"]

    def rows(self, asked: Digests, *, threads: int = 1) -> NDArray[np.int64]:
        """For each of `asked` (q, width) its row among the distinct digests, or -1.

        Raises:
            ValueError: the digests have another length than the table's.
        """
        return _core.find_digests(
            self.digests, self.arrays["prefixes"], self._bits,
            np.ascontiguousarray(asked, dtype=np.uint8), threads,
        )  # fmt: skip

    def known(self, asked: Digests, *, threads: int = 1) -> NDArray[np.bool_]:
        """Which of `asked` (q, width) are in the table."""
        return self.rows(asked, threads=threads) >= 0

    def ids_of(self, digest: bytes) -> list[int]:
        """The ids that came with one digest, in the order given; none when it is not known."""
        row = int(self.rows(np.frombuffer(digest, np.uint8)[None, :])[0])
        if row < 0:
            return []
        first, last = self.arrays["starts"][row : row + 2].tolist()
        return [int(i) for i in self.arrays["ids"][first:last]]


def from_hex(texts: list[str]) -> Digests:
    """Hexadecimal digests of one length as rows of bytes.

    Raises:
        ValueError: they differ in length or are not hexadecimal.
    """
    joined = bytes.fromhex("".join(texts))
    width = len(texts[0]) // 2 if texts else 0
    if any(len(text) != 2 * width for text in texts):
        raise ValueError("digests of one table have one length")
    return np.frombuffer(joined, np.uint8).reshape(len(texts), width)
