"""What is the same is written once (CONTRIBUTING.md)."""

from __future__ import annotations

import ast

from house.sources import modules, name, tree

LONG = 80
"""Characters of a body, as ast writes them, from which on two of them are one thing; below it they may be two."""


def test_no_two_functions_have_the_same_body() -> None:
    found: dict[str, list[str]] = {}
    for path in modules("src"):
        if "/migrations/0" in name(path):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                text = "\n".join(map(ast.unparse, node.body[1:] if ast.get_docstring(node) else node.body))
                if len(text) > LONG:
                    found.setdefault(text, []).append(f"{name(path)}::{node.name}")
    assert len(found) > 2_000
    assert [places for places in found.values() if len(places) > 1] == []
