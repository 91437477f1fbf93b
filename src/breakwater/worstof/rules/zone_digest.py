"""The digest of a whole list that stays cheap to keep when one name of a million changes.

Names are spread over 4096 buckets by the first 12 bits of SHA-256(name). A bucket's digest is
SHA-256 of its names, sorted and joined by "\\n"; the root is SHA-256 of the 4096 digests in order.
"""

import hashlib
from collections.abc import Iterable, Mapping

BUCKETS = 4096
EMPTY = hashlib.sha256(b"").digest()
SIZE = len(EMPTY)
NOTHING = EMPTY * BUCKETS
IN_ROW = 16  # buckets whose digests are kept together


def bucket_of(name: str) -> int:
    first = hashlib.sha256(name.encode("ascii")).digest()
    return first[0] << 4 | first[1] >> 4


def bucket_digest(names: Iterable[str]) -> bytes:
    return hashlib.sha256("\n".join(sorted(names)).encode("ascii")).digest()


def packed(digests: Mapping[int, bytes], base: bytes = NOTHING) -> bytes:
    """All 4096 digests in order, 131,072 octets: those of `digests`, else those of `base`."""
    whole = bytearray(base)
    for number, digest in digests.items():
        whole[number * SIZE : (number + 1) * SIZE] = digest
    return bytes(whole)


def digest_in(whole: bytes, number: int) -> bytes:
    return whole[number * SIZE : (number + 1) * SIZE]


def row_of(number: int) -> int:
    """With which others the digest of a bucket is kept: 256 rows of 16."""
    return number // IN_ROW


def digests_of_row(whole: bytes, row: int) -> bytes:
    return whole[row * IN_ROW * SIZE : (row + 1) * IN_ROW * SIZE]


def joined(rows: Mapping[int, bytes | memoryview]) -> bytes:
    """All 4096 digests from the rows that are kept; a row that is missing has empty buckets."""
    return b"".join(rows.get(row, EMPTY * IN_ROW) for row in range(BUCKETS // IN_ROW))


def root_of_packed(whole: bytes) -> str:
    """The root in hexadecimal."""
    return hashlib.sha256(whole).hexdigest()


def root_of(digests: Mapping[int, bytes]) -> str:
    """The root in hexadecimal; a bucket that is not in `digests` is empty."""
    return root_of_packed(packed(digests))


def digests_of(names: Iterable[str]) -> dict[int, bytes]:
    """The digests of all buckets that hold a name."""
    buckets: dict[int, list[str]] = {}
    for name in names:
        buckets.setdefault(bucket_of(name), []).append(name)
    return {number: bucket_digest(held) for number, held in buckets.items()}
