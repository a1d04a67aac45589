from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.disk.files import OS_FILES
from civicmail.core.ledger import merkle
from civicmail.core.ledger.errors import LedgerDamaged
from civicmail.core.ledger.tree import Tree, level_path, stored


def hashes(n: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % i) for i in range(n)]


@given(st.lists(st.integers(1, 40), max_size=6), st.data())
def test_a_tree_that_grew_in_steps_has_the_roots_and_paths_of_one_made_at_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    tree, leaves = Tree(folder, OS_FILES, 0), hashes(sum(steps))
    for step in steps:
        tree.append(leaves[tree.size : tree.size + step])
        assert tree.root() == merkle.root_of(leaves[: tree.size])
    tree.close()
    if leaves:
        size = data.draw(st.integers(1, len(leaves)))
        at = data.draw(st.integers(0, size - 1))
        assert tree_root(folder, size) == merkle.root_of(leaves[:size])
        assert merkle.inclusion_path(at, size, stored(folder)) == merkle.inclusion_path(at, size, merkle.in_memory(leaves[:size]))


def tree_root(folder: Path, size: int) -> bytes:
    return merkle.root_at(size, stored(folder))


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_tree_that_is_written_again_smaller_leaves_nothing_of_the_larger_one(
    tmp_path_factory: pytest.TempPathFactory, a: int, b: int
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    old, new = sorted((a, b))
    tree = Tree(folder, OS_FILES, 0)
    tree.append([bytes(32)] * new)
    tree.close()
    again = Tree(folder, OS_FILES, 0)
    again.append(hashes(old))
    again.trim()
    again.close()
    assert Tree.holds(folder, old)
    assert not Tree.holds(folder, max(1, old * 2))
    assert tree_root(folder, old) == merkle.root_of(hashes(old))


def test_a_missing_node_is_named(tmp_path: Path) -> None:
    tree = Tree(tmp_path, OS_FILES, 0)
    tree.append(hashes(4))
    tree.close()
    level_path(tmp_path, 1).unlink()
    with pytest.raises(LedgerDamaged, match="Node 0 of level 1"):
        merkle.inclusion_path(3, 4, stored(tmp_path))
