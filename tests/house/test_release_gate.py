"""No bytes of a release leave but through the gate: one module calls it, and nothing else opens the folder of a production."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from house.sources import ROOT, modules, name, tree

RELEASE = "civicmail.core.redaction.gate"
SENDS = "src/civicmail/desk/records/production/package.py"
ASKS = "src/civicmail/desk/records/queries/released_files.py"
OPENS = {
    SENDS,
    ASKS,
    "src/civicmail/desk/records/production/making.py",  # makes and checks the files
    "src/civicmail/desk/records/actions/productions.py",  # signs the manifest
    "src/civicmail/desk/records/worker_jobs/productions.py",  # runs the making
}


@cache
def imports(path: str) -> frozenset[tuple[str, str]]:
    """(module, name) of everything that a module imports."""
    nodes = [node for node in ast.walk(tree(ROOT / path)) if isinstance(node, ast.ImportFrom)]
    return frozenset((node.module or "", alias.name) for node in nodes for alias in node.names)


def everywhere() -> list[str]:
    return [name(path) for path in modules("src")]


@pytest.mark.rule("P-21", "Released files leave the program only through the release gate.")
def test_r22_one_module_takes_bytes_out_of_the_gate() -> None:
    calls = [path for path in everywhere() if (RELEASE, "release") in imports(path)]
    assert calls == [SENDS]
    assert [path for path in everywhere() if any(module.endswith("production.package") for module, _ in imports(path))] == [ASKS]


def test_r22_nothing_else_opens_the_folder_of_a_production() -> None:
    """Who knows where the files are: by the constant of their folder, or by the function that names that of a production."""
    places = {("civicmail.desk.records.production.making", "FILES"), ("civicmail.desk.records.actions.productions", "folder")}
    assert {path for path in everywhere() if places & imports(path)} <= OPENS


def test_r22_the_package_sends_nothing_but_what_the_gate_gave() -> None:
    """Its only other bytes are the signature, and the program that verifies the release."""
    source = next(path for path in modules("src") if name(path) == SENDS)
    reads = [node.lineno for node in ast.walk(tree(source)) if isinstance(node, ast.Attribute) and node.attr == "read_bytes"]
    functions = {node.name: node for node in ast.walk(tree(source)) if isinstance(node, ast.FunctionDef)}
    released = functions["released"]
    inside = [line for line in reads if released.lineno <= line <= (released.end_lineno or 0)]
    assert len(inside) == 1 and len(reads) == 3
    assert ast.unparse(released.body[-1]).startswith("return release(")
