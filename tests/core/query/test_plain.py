"""A tree as plain lists is the same tree again, also by way of a record (P-20: a hold means the same for ever)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given

from civicmail.core.query.errors import QueryError
from civicmail.core.query.plain import decoded, encoded
from civicmail.core.query.tree import Everything, Not, Tree
from core.query.trees import TREES


@given(TREES)
def test_it_comes_back_the_same(tree: Tree) -> None:
    plain = orjson.loads(orjson.dumps(encoded(tree)))
    assert decoded(plain) == tree
    assert "null" not in str(plain) and "None" not in str(plain), "text and whole numbers only, as in all heads"


@pytest.mark.parametrize(
    "plain",
    [
        [],
        ["xor", ["all"]],
        ["not"],
        ["not", ["all"], ["all"]],
        ["token", "nofield", 0, "x"],
        ["token", "from", 2, "x"],
        ["token", "from", 0, 7],
        ["words", "body", 0],
        ["words", "body", 0, "a", 1],
        ["range", "subject", 1, 2],
        ["range", "size", None, 2],
        ["range", "size", 1.5, 2],
        ["near", ["all"], ["all"], 3],
        ["digits", "thread", "00"],
        ["and", "x"],
        {"and": 1},
        "all",
        None,
    ],
)
def test_what_this_version_does_not_know_is_refused(plain: Any) -> None:
    with pytest.raises(QueryError):
        decoded(plain)


def test_what_is_too_deep_is_refused() -> None:
    tree: Tree = Everything()
    for _ in range(300):
        tree = Not(tree)
    with pytest.raises(QueryError):
        decoded(encoded(tree))
