"""The Merkle tree of the transparency log: hashes, roots, and proofs.

Source: RFC 9162 (Certificate Transparency 2.0), section 2.1. Sizes and indexes count leaves,
from 0; a hash is 32 bytes of SHA-256.

A node is named by its level (0 is a leaf's hash) and its number from the left on that level.
Only nodes above a full set of leaves are kept: they never change again, so that a leaf costs
O(log n) reads to add, and a proof O(log n) reads whatever the size.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

Node = tuple[int, int]  # level, number
Span = tuple[int, int]  # first leaf, and the one after the last
EMPTY = hashlib.sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def place(node: Node) -> int:
    """One number for a node: the leaves have the even ones, their parents stand between them."""
    level, number = node
    return (2 * number + 1) * (1 << level) - 1


def full_nodes(span: Span) -> list[Node]:
    """The fewest full nodes that cover these leaves, from the left; `span` as proofs use it."""
    first, end = span
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def folded(hashes: Sequence[bytes]) -> bytes:
    """Join the hashes of full nodes, largest first, into the hash of them all."""
    if not hashes:
        return EMPTY
    joined = hashes[-1]
    for left in reversed(hashes[:-1]):
        joined = node_hash(left, joined)
    return joined


def grown(
    size: int, peaks: Sequence[bytes], leaves: Iterable[bytes]
) -> Iterator[tuple[Node, bytes]]:
    """Give every node that becomes full when these leaf hashes join a log of `size` leaves.

    `peaks` are the hashes of `full_nodes((0, size))`.
    """
    stack = list(peaks)
    for leaf in leaves:
        level, number, grows = 0, size, leaf
        yield (0, number), grows
        while number & 1:
            grows = node_hash(stack.pop(), grows)
            level, number = level + 1, number >> 1
            yield (level, number), grows
        stack.append(grows)
        size += 1


class Tree:
    """The growing end of a log, for whoever walks through leaves and needs roots on the way."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        number = self.size
        while number & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            number >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        return folded(self.peaks)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Which leaves each hash of an inclusion proof stands for, the leaf's neighbour first.

    Raises:
        ValueError: there is no such leaf in a log of this size.
    Source: RFC 9162, 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"a log of {size} leaves has no leaf {index}")
    spans, first, end = [], 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def consistency_spans(old: int, size: int) -> list[Span]:
    """Which leaves each hash of a consistency proof stands for.

    Raises:
        ValueError: `old` is 0 or larger than `size`.
    Source: RFC 9162, 2.1.4.1.
    """
    if not 0 < old <= size:
        raise ValueError(f"there is no proof from {old} to {size} leaves")
    spans, first, end, is_whole = [], 0, size, True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first, is_whole = middle, False
    if not is_whole:
        spans.append((first, end))
    return spans[::-1]


Fetch = Callable[[Collection[Node]], Mapping[Node, bytes]]


def hashes_of(spans: Sequence[Span], fetch: Fetch) -> list[bytes]:
    """The hash over each span, with one call for all kept nodes they are made of."""
    parts = [full_nodes(span) for span in spans]
    known = fetch({node for nodes in parts for node in nodes})
    return [folded([known[node] for node in nodes]) for nodes in parts]


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from this leaf hash to the root of a log of `size` leaves.

    Source: RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    number, last, joined = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            joined = node_hash(sibling, joined)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            joined = node_hash(joined, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and joined == root


def is_continued(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the log of `old` leaves is how the one of `size` begins.

    Source: RFC 9162, 2.1.4.2. Every log continues the empty one, which needs no proof.
    """
    if old == 0:
        return not proof and old_root == EMPTY
    if old == size:
        return not proof and old_root == root
    if not 0 < old < size or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    of_old = of_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            of_old, of_new = node_hash(sibling, of_old), node_hash(sibling, of_new)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            of_new = node_hash(of_new, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == root
