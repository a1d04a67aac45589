"""What makes a test fail by chance, as far as it can be seen in its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.sources import modules, name, tree

LEAST = 30
"""Seconds that a machine with two processors may keep a thread or a process waiting while six things want them."""
REFERENCE = re.compile(r"(?=.*[0-9])[0-9a-f]{1,4}")
"""Random references, digests and addresses of pages have it in them, once in some hundred runs."""


def _limits(path: Path) -> Iterator[tuple[int, float]]:
    """Lines with waits that are given up after so many seconds. Less than a second is a pause, or what must not come in it."""
    for node in ast.walk(tree(path)):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("wait", "result"):
            given = node.args[:1]
        elif isinstance(node, ast.BinOp) and ast.unparse(node.left).endswith("monotonic()") and isinstance(node.op, ast.Add):
            given = [node.right]
        for one in given:
            if isinstance(one, ast.Constant) and isinstance(one.value, (int, float)) and 1 <= one.value < LEAST:
                yield node.lineno, one.value


def _absences(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say of a few digits that they are not there."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Constant) and isinstance(node.ops[0], ast.NotIn):
            value = node.left.value
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            if isinstance(text, str) and REFERENCE.fullmatch(text):
                yield node.lineno, text


@pytest.mark.rule("house", "No test waits for less time than a busy machine needs.")
def test_no_test_gives_up_what_it_waits_for_sooner_than_a_busy_machine_brings_it() -> None:
    assert [(name(path), *found) for path in modules("tests") for found in _limits(path)] == []


def test_no_test_looks_for_a_few_digits_that_a_random_reference_may_have() -> None:
    """With a word beside them, or in the part of the page that it is about, they say what is meant."""
    assert [(name(path), *found) for path in modules("tests") for found in _absences(path)] == []
