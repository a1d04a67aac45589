"""RFC 9162, 2.1: our arithmetic against the definition, and the worked example of the RFC."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.ledger import merkle
from civicmail.core.ledger.merkle import consistency_path, in_memory, inclusion_path, leaf_hash, node_hash, root_of

SIZES = st.integers(1, 70)


def mth(d: list[bytes]) -> bytes:
    """MTH as the RFC writes it down."""
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = largest_power_below(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path_of(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = largest_power_below(len(d))
    return [*path_of(m, d[:k]), mth(d[k:])] if m < k else [*path_of(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], is_whole: bool) -> list[bytes]:
    """SUBPROOF as the RFC writes it down (2.1.4.1)."""
    if m == len(d):
        return [] if is_whole else [mth(d)]
    k = largest_power_below(len(d))
    if m <= k:
        return [*subproof(m, d[:k], is_whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def data(n: int) -> list[bytes]:
    return [b"entry %d" % i for i in range(n)]


def hashes(n: int) -> list[bytes]:
    return [leaf_hash(d) for d in data(n)]


@given(st.integers(0, 70))
def test_root_is_that_of_the_definition(n: int) -> None:
    assert root_of(hashes(n)) == mth(data(n))
    assert merkle.root_at(n, in_memory(hashes(n))) == mth(data(n))


@given(SIZES, st.data())
def test_inclusion_path_is_that_of_the_definition_and_verifies(n: int, d: st.DataObject) -> None:
    m = d.draw(st.integers(0, n - 1))
    path = inclusion_path(m, n, in_memory(hashes(n)))
    assert path == path_of(m, data(n))
    assert merkle.verify_inclusion(hashes(n)[m], m, n, path, mth(data(n)))


@given(SIZES, st.data())
def test_a_path_with_one_changed_thing_does_not_verify(n: int, d: st.DataObject) -> None:
    m = d.draw(st.integers(0, n - 1))
    leaf, root = hashes(n)[m], mth(data(n))
    path = inclusion_path(m, n, in_memory(hashes(n)))
    assert not merkle.verify_inclusion(bytes(b ^ 0xFF for b in leaf), m, n, path, root)
    assert not merkle.verify_inclusion(leaf, m, n, [*path, leaf], root)
    assert not merkle.verify_inclusion(leaf, n, n, path, root)
    for i in range(len(path)):
        assert not merkle.verify_inclusion(leaf, m, n, path[:i] + path[i + 1 :], root)
        changed = [*path[:i], bytes(b ^ 0xFF for b in path[i]), *path[i + 1 :]]
        assert not merkle.verify_inclusion(leaf, m, n, changed, root)


@given(SIZES, st.data())
def test_a_consistency_path_is_that_of_the_definition_and_verifies(n: int, d: st.DataObject) -> None:
    m = d.draw(st.integers(1, n))
    path = consistency_path(m, n, in_memory(hashes(n)))
    assert path == subproof(m, data(n), True)
    assert merkle.verify_consistency(m, mth(data(m)), n, mth(data(n)), path)


@given(SIZES, st.data())
def test_no_path_leads_from_a_tree_to_one_that_does_not_begin_with_it(n: int, d: st.DataObject) -> None:
    """Whoever rewrites an entry has the honest path and their own; neither continues what was signed before."""
    m = d.draw(st.integers(1, n))
    at = d.draw(st.integers(0, m - 1))
    rewritten = [b"rewritten" if i == at else entry for i, entry in enumerate(data(n))]
    own = consistency_path(m, n, in_memory([leaf_hash(entry) for entry in rewritten]))
    honest = consistency_path(m, n, in_memory(hashes(n)))
    for path in (own, honest):
        assert not merkle.verify_consistency(m, mth(data(m)), n, mth(rewritten), path)


@given(SIZES, st.data())
def test_a_consistency_path_with_one_changed_thing_does_not_verify(n: int, d: st.DataObject) -> None:
    m = d.draw(st.integers(1, n))
    old, root, path = mth(data(m)), mth(data(n)), consistency_path(m, n, in_memory(hashes(n)))
    assert not merkle.verify_consistency(m, bytes(b ^ 0xFF for b in old), n, root, path)
    assert not merkle.verify_consistency(m, old, n, bytes(b ^ 0xFF for b in root), path)
    assert not merkle.verify_consistency(m, old, n, root, [*path, old])
    assert not merkle.verify_consistency(n + 1, root, n, root, path) and not merkle.verify_consistency(0, root, n, root, path)
    for i in range(len(path)):
        assert not merkle.verify_consistency(m, old, n, root, path[:i] + path[i + 1 :])
        changed = [*path[:i], bytes(b ^ 0xFF for b in path[i]), *path[i + 1 :]]
        assert not merkle.verify_consistency(m, old, n, root, changed)


LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def test_the_vectors_that_implementations_of_rfc_6962_share() -> None:
    """Eight leaves, the roots of the trees over the first of them, and consistency proofs between these."""
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    roots = [bytes.fromhex(root) for root in ROOTS]
    assert [root_of(leaves[:n]) for n in range(1, 9)] == roots
    for (old, size), expected in PATHS.items():
        path = [bytes.fromhex(one) for one in expected]
        assert consistency_path(old, size, in_memory(leaves[:size])) == path
        assert merkle.verify_consistency(old, roots[old - 1], size, roots[size - 1], path)


def test_the_worked_example_of_rfc_9162_2_1_5() -> None:
    a, b, c, d, e, f, j = hashes(7)
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, n = node_hash(g, h), in_memory(hashes(7))
    level = node_hash(i, j)
    assert root_of(hashes(7)) == node_hash(k, level)
    assert inclusion_path(0, 7, n) == [b, h, level]
    assert inclusion_path(3, 7, n) == [c, g, level]
    assert inclusion_path(4, 7, n) == [f, j, k]
    assert inclusion_path(6, 7, n) == [i, k]
    assert consistency_path(3, 7, n) == [c, d, g, level]
    assert consistency_path(4, 7, n) == [level]
    assert consistency_path(6, 7, n) == [i, j, k]


def test_no_proof_for_what_is_not_in_the_tree() -> None:
    for call in (
        lambda: inclusion_path(7, 7, in_memory(hashes(7))),
        lambda: inclusion_path(-1, 7, in_memory(hashes(7))),
        lambda: consistency_path(0, 7, in_memory(hashes(7))),
        lambda: consistency_path(8, 7, in_memory(hashes(7))),
    ):
        with pytest.raises(ValueError):
            call()
