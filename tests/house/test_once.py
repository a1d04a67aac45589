"""What is the same is written once (CONTRIBUTING.md)."""

from __future__ import annotations

import ast

import pytest

from house.sources import modules, name, tree

LONG = 80
"""Characters of a body, as ast writes them, from which on two of them are one thing; below it they may be two."""


@pytest.mark.rule("house", "No two functions have the same body.")
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


def test_mail_of_ours_and_pages_have_one_clock() -> None:
    """A page said 8:46 a.m. of what a notice about it had at 08:46: saying.clock is how people read a time."""
    texts = [p for room in ("desk", "city/conduct", "city/notices") for p in modules(f"src/civicmail/{room}")]
    assert texts
    assert [name(p) for p in texts if ":%H:%M}" in p.read_text() and "/models" not in name(p)] == []
