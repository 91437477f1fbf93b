"""The tree of the transparency log is the one of RFC 9162, whatever its size."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.worstof.rules import merkle

SIZES = st.integers(1, 300)


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = naive_root(leaves[:split]), naive_root(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_subproof(old: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*naive_subproof(old, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_subproof(old - split, leaves[split:], False), naive_root(leaves[:split])]


def data(size: int) -> list[bytes]:
    return [b"leaf %d" % n for n in range(size)]


def kept(size: int) -> dict[merkle.Node, bytes]:
    return dict(merkle.grown(0, [], map(merkle.leaf_hash, data(size))))


def fetch_from(nodes):
    return lambda wanted: {node: nodes[node] for node in wanted}


NODES = kept(300)
FETCH = fetch_from(NODES)


@given(SIZES)
def test_the_root_is_the_one_of_the_standard(size: int) -> None:
    assert merkle.hashes_of([(0, size)], FETCH) == [naive_root(data(size))]
    assert merkle.root_of(map(merkle.leaf_hash, data(size))) == naive_root(data(size))


def test_an_empty_log_has_the_hash_of_nothing() -> None:
    assert merkle.hashes_of([(0, 0)], FETCH) == [merkle.EMPTY] == [naive_root([])]
    assert merkle.root_of([]) == merkle.EMPTY


def test_the_first_roots_are_those_of_the_certificate_transparency_code() -> None:
    """Test vectors of google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    for size, root in roots.items():
        hashes = [merkle.leaf_hash(bytes.fromhex(text)) for text in inputs[:size]]
        assert merkle.root_of(hashes).hex() == root


@given(SIZES, st.data())
def test_inclusion_proofs_are_the_standards_and_hold(size: int, draw) -> None:
    index = draw.draw(st.integers(0, size - 1))
    proof = merkle.hashes_of(merkle.inclusion_spans(index, size), FETCH)
    assert proof == naive_path(index, data(size))
    leaf, root = merkle.leaf_hash(data(size)[index]), naive_root(data(size))
    assert merkle.includes(index, size, leaf, proof, root)


@given(SIZES, st.data())
def test_a_changed_inclusion_proof_does_not_hold(size: int, draw) -> None:
    index = draw.draw(st.integers(0, size - 1))
    proof = merkle.hashes_of(merkle.inclusion_spans(index, size), FETCH)
    leaf, root = merkle.leaf_hash(data(size)[index]), naive_root(data(size))
    other = bytes(32)
    assert not merkle.includes(index, size, other, proof, root)
    assert not merkle.includes(index, size, leaf, [*proof, other], root)
    assert not merkle.includes(index, size, leaf, proof, other)
    assert not merkle.includes(size, size, leaf, proof, root)
    if proof:
        assert not merkle.includes(index, size, leaf, proof[:-1], root)
        place = draw.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:place], other, *proof[place + 1 :]]
        assert not merkle.includes(index, size, leaf, changed, root)
        elsewhere = draw.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        assert not merkle.includes(elsewhere, size, leaf, proof, root)


@given(SIZES, st.data())
def test_consistency_proofs_are_the_standards_and_hold(size: int, draw) -> None:
    old = draw.draw(st.integers(1, size))
    proof = merkle.hashes_of(merkle.consistency_spans(old, size), FETCH)
    assert proof == naive_subproof(old, data(size), True)
    of_old, of_new = naive_root(data(old)), naive_root(data(size))
    assert merkle.is_continued(old, size, of_old, of_new, proof)
    other = bytes(32)
    if old < size:
        assert not merkle.is_continued(old, size, other, of_new, proof)
        assert not merkle.is_continued(old, size, of_old, of_new, proof[:-1])
        place = draw.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:place], other, *proof[place + 1 :]]
        assert not merkle.is_continued(old, size, of_old, of_new, changed)
    assert not merkle.is_continued(old, size, of_old, other, proof)
    assert not merkle.is_continued(old, size, of_old, of_new, [*proof, other])


def test_every_log_continues_the_empty_one() -> None:
    assert merkle.is_continued(0, 5, merkle.EMPTY, naive_root(data(5)), [])
    assert not merkle.is_continued(0, 5, bytes(32), naive_root(data(5)), [])


@given(st.integers(0, 120), st.integers(0, 120))
def test_a_log_grows_by_the_same_nodes_at_once_or_in_parts(first: int, more: int) -> None:
    peaks = [NODES[node] for node in merkle.full_nodes((0, first))]
    hashes = map(merkle.leaf_hash, data(first + more)[first:])
    grown = dict(merkle.grown(first, peaks, hashes))
    assert {**kept(first), **grown} == kept(first + more)


@given(st.integers(0, 2**40))
def test_full_nodes_cover_a_prefix_without_gaps(size: int) -> None:
    covered = 0
    for level, number in merkle.full_nodes((0, size)):
        assert number << level == covered
        covered += 1 << level
    assert covered == size


def test_every_node_has_a_number_of_its_own() -> None:
    places = [merkle.place(node) for node in NODES]
    assert len(set(places)) == len(places)
    assert [merkle.place((0, n)) for n in range(4)] == [0, 2, 4, 6]
    assert merkle.place((2, 0)) == 3


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        merkle.inclusion_spans(index, size)


@pytest.mark.parametrize(("old", "size"), [(0, 5), (6, 5)])
def test_there_is_no_way_from_a_larger_log_to_a_smaller_one(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="no proof"):
        merkle.consistency_spans(old, size)
