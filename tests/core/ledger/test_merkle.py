"""RFC 9162, 2.1: our arithmetic against the definition, and the worked example of the RFC."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.ledger import merkle
from civicmail.core.ledger.merkle import in_memory, inclusion_path, leaf_hash, node_hash, root_of

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


def test_no_proof_for_what_is_not_in_the_tree() -> None:
    for call in (
        lambda: inclusion_path(7, 7, in_memory(hashes(7))),
        lambda: inclusion_path(-1, 7, in_memory(hashes(7))),
    ):
        with pytest.raises(ValueError):
            call()
