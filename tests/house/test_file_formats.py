"""What a file is stands in one table, and archives are opened in one place."""

from __future__ import annotations

import ast

import pytest

from civicmail.core.filetype.types import BINARY
from house.sources import PACKAGE, ROOT, modules, name, tree

ARCHIVES = {"zipfile", "tarfile", "py7zr", "gzip", "bz2", "lzma"}
STARTS = tuple(start for file_type in BINARY for start in file_type.starts if len(start) > 2)
OWN = ("src/civicmail/core/filetype/", "src/civicmail/core/archives/")
WRITES_ZIP = {
    "src/civicmail/city/conduct/evidence_file.py",
    "src/civicmail/desk/records/production/package.py",
    "src/civicmail/desk/workbench/growing_zip.py",
}
"""Exports. They read no archive."""
RUNS_ELSEWHERE = {"src/civicmail/desk/records/production/verify_production.py"}
"""Programs that leave with what they verify: they open only that, on the machine of whoever got it."""
WRITES_PICTURES = {"src/civicmail/desk/viewer/file_preview.py", "src/civicmail/mail/screening/drawing.py"}
MAKES_SAMPLES = "src/civicmail/front/sample/"
"""The sample city's own files."""


def strangers(allowed: set[str]) -> list[str]:
    return [n for n in map(name, modules("src")) if not n.startswith((*OWN, MAKES_SAMPLES)) and n not in allowed]


def imported(path: str) -> set[str]:
    nodes = list(ast.walk(tree(ROOT / path)))
    modules_ = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {m.split(".")[0] for m in modules_ | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom) and not n.level}}


@pytest.mark.rule("house", "Archives are opened in core/archives alone, within a budget.")
def test_archives_are_opened_in_one_place() -> None:
    assert [(path, both) for path in strangers(WRITES_ZIP | RUNS_ELSEWHERE) if (both := imported(path) & ARCHIVES)] == []


@pytest.mark.rule("house", "Magic numbers of files are in core/filetype only.")
def test_what_files_begin_with_stands_in_one_table() -> None:
    found = [
        (path, node.value)
        for path in strangers(WRITES_ZIP | WRITES_PICTURES)
        for node in ast.walk(tree(ROOT / path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, bytes)
        and len(node.value) < 64
        and node.value.startswith(STARTS)
    ]
    assert found == []


def test_who_is_excepted_is_there() -> None:
    assert (
        all((ROOT / path).is_file() for path in WRITES_ZIP | WRITES_PICTURES | RUNS_ELSEWHERE)
        and (PACKAGE / "front/sample").is_dir()
    )
