"""Rows of the directory are written by the verbs of the rooms above, which ask the guard, and by nobody else (P-08)."""

from __future__ import annotations

import ast

from house.sources import modules, name, tree

ACTIONS = "civicmail.city.directory.actions"
AT_HOME = tuple(f"src/civicmail/city/{room}/actions/" for room in ("directory", "identity", "conduct"))


def test_only_guarded_verbs_call_the_rules_of_rows() -> None:
    """Others may name what verbs take: their classes."""
    for path in modules("src"):
        if name(path).startswith(AT_HOME):
            continue
        for node in ast.walk(tree(path)):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module == ACTIONS or module.startswith(f"{ACTIONS}."):
                taken = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
                assert module != ACTIONS and all(word[0].isupper() for word in taken), f"{name(path)} writes rows past the guard"
            if isinstance(node, ast.Import):
                assert not any(alias.name.startswith(ACTIONS) for alias in node.names), name(path)
