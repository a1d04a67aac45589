"""Limits on the size of modules and functions. CONTRIBUTING.md advises 400 and 40 lines; the subject decides up to these."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from house.sources import modules, name, tree

LINES_OF_A_MODULE = 600
LINES_OF_A_FUNCTION = 60
POSITIONAL = 7
LONGER_WITH_A_REASON: dict[str, str] = {}
"""function as "path::name": why it may be longer."""


@pytest.mark.rule("house", "No module has more than 600 lines.")
def test_no_module_has_more_than_600_lines() -> None:
    lengths = {
        name(p): len(p.read_text().splitlines()) - _lines_of_marks(p)
        for p in modules("src", "tests", "bench", "tools")
        if "/migrations/0" not in name(p)
    }
    assert {n: count for n, count in lengths.items() if count > LINES_OF_A_MODULE} == {}


def _lines_of_marks(path: Path) -> int:
    """The rules that tests prove (@pytest.mark.rule) are text of another page."""
    marks = [mark for n in tree(path).body if isinstance(n, ast.FunctionDef) for mark in n.decorator_list]
    return sum((m.end_lineno or m.lineno) - m.lineno + 1 for m in marks if ast.unparse(m).startswith("pytest.mark.rule("))


@pytest.mark.rule("house", "No function has more than 60 lines.")
def test_no_function_has_more_than_60_lines() -> None:
    lengths = {
        f"{name(path)}::{node.name}": _lines(node)
        for path in modules("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    too_long = {n: count for n, count in lengths.items() if count > LINES_OF_A_FUNCTION and n not in LONGER_WITH_A_REASON}
    assert too_long == {}
    assert [n for n in LONGER_WITH_A_REASON if lengths.get(n, 0) <= LINES_OF_A_FUNCTION] == [], "no longer needs its reason"


@pytest.mark.rule("house", "No function has more than seven positional arguments.")
def test_nobody_has_to_count_more_than_seven_arguments() -> None:
    """What a call gives beyond that is given by name. Commands are called by typer, which knows only names."""
    counted = {
        f"{name(path)}::{node.name}": len(node.args.posonlyargs) + len(node.args.args)
        for path in modules("src")
        if "/front/cli/" not in name(path)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {n: count for n, count in counted.items() if count > POSITIONAL} == {}


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first word of the definition to its end, without the docstring."""
    first, last = node.body[0], node.end_lineno or node.lineno
    said = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return last - node.lineno + 1 - ((first.end_lineno or first.lineno) - first.lineno + 1 if said else 0)
