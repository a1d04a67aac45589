"""One proof for many leaves: what leads to the root leads there for these leaves only, as the checker of exports sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.verify_export import root_of

from civicmail.core.ledger import merkle
from civicmail.core.ledger.multiproof import shared_path


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[bytes], list[int]]:
    size = draw(st.integers(1, 70))
    wanted = draw(st.sets(st.integers(0, size - 1), min_size=1))
    return [merkle.leaf_hash(b"%d" % n) for n in range(size)], sorted(wanted)


@given(trees())
def test_leaves_and_their_shared_path_lead_to_the_root(made: tuple[list[bytes], list[int]]) -> None:
    leaves, wanted = made
    path = shared_path(wanted, len(leaves), merkle.in_memory(leaves))
    assert root_of({n: leaves[n] for n in wanted}, len(leaves), path) == merkle.root_of(leaves)
    single = [merkle.inclusion_path(n, len(leaves), merkle.in_memory(leaves)) for n in wanted]
    assert len(path) <= len({h for p in single for h in p}), "it says nothing twice and nothing that follows from the leaves"


@given(trees(), st.data())
def test_another_leaf_place_hash_or_length_does_not(made: tuple[list[bytes], list[int]], data: st.DataObject) -> None:
    leaves, wanted = made
    root, size = merkle.root_of(leaves), len(leaves)
    path = shared_path(wanted, size, merkle.in_memory(leaves))
    told = {n: leaves[n] for n in wanted}
    changed = data.draw(st.sampled_from(wanted))
    assert root_of(told | {changed: merkle.leaf_hash(b"another")}, size, path) != root
    assert root_of(told, size, [*path, bytes(32)]) is None
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert root_of(told, size, path[:at] + path[at + 1 :]) is None
        assert root_of(told, size, [*path[:at], bytes(32), *path[at + 1 :]]) != root
    for other in {0, size - 1, size, -1} - set(wanted):
        moved = {other if n == changed else n: leaf for n, leaf in told.items()}
        assert root_of(moved, size, path) != root


@pytest.mark.parametrize("wanted", [[], [3], [1, 1], [2, 1], [-1]])
def test_what_is_no_set_of_leaves_has_no_path(wanted: list[int]) -> None:
    with pytest.raises(ValueError, match="not leaves"):
        shared_path(wanted, 3, merkle.in_memory([merkle.leaf_hash(b"%d" % n) for n in range(3)]))
