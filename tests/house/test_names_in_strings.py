"""Names in text exist: what a test replaces by name, what a program in a string imports, modules that comments and pages name.

Types do not see them, so a rename would leave them behind.
"""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from house.sources import ROOT, kept_files, modules, name

MODULE = re.compile(r"(?<![\w./-])([\w/]+\.py)\b")
HISTORY = ("docs/decisions/", "docs/changes.md", "docs/requirements.md")
"""Pages that may name what was there."""
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def resolved(dotted: str) -> Any:
    """What a dotted name of ours leads to: a module, or something in it. Raises AttributeError, ImportError."""
    parts = dotted.split(".")
    found: Any = importlib.import_module(parts[0])
    for n, part in enumerate(parts[1:], 2):
        if not hasattr(found, part) and isinstance(found, ModuleType):
            importlib.import_module(".".join(parts[:n]))
        found = getattr(found, part)
    return found


def exists(dotted: str) -> bool:
    try:
        resolved(dotted)
    except (AttributeError, ImportError):
        return False
    return True


def imports(tree: ast.AST) -> dict[str, str]:
    """Local name -> dotted name of ours that it stands for."""
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("civicmail")]
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}" for node in froms for alias in node.names if alias.name != "*"
    }


def programs(tree: ast.AST) -> Iterator[tuple[int, ast.Module]]:
    """Python that stands in strings, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" in node.value and "import" in node.value:
            try:
                yield node.lineno, ast.parse(textwrap.dedent(node.value))
            except SyntaxError:
                continue


def replaced(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What monkeypatch.setattr is given a name of, dotted, with its line."""
    known = imports(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("setattr", "delattr")):
            continue
        texts = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        where = ast.unparse(node.args[0]) if node.args else ""
        first, _, rest = where.partition(".")
        if texts and isinstance(node.args[0], ast.Constant) and texts[0].startswith("civicmail."):
            yield node.lineno, texts[0]
        elif texts and first in known and where.replace(".", "").isidentifier():
            yield node.lineno, ".".join(filter(None, (known[first], rest, texts[-1])))


def test_what_tests_replace_by_its_name_exists() -> None:
    wrong = [
        f"{name(path)}:{line}: {dotted}"
        for path in TESTS
        for line, dotted in replaced(ast.parse(path.read_text()))
        if not exists(dotted)
    ]
    assert wrong == []


def test_what_programs_in_strings_import_and_use_exists() -> None:
    wrong = []
    for path in TESTS:
        for line, program in programs(ast.parse(path.read_text())):
            known = imports(program)
            used = {
                f"{known[node.value.id]}.{node.attr}"
                for node in ast.walk(program)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known
                if exists(known[node.value.id]) and isinstance(resolved(known[node.value.id]), ModuleType)
            }
            wrong += [f"{name(path)}:{line}: {dotted}" for dotted in {*known.values(), *used} if not exists(dotted)]
    assert wrong == []


def test_a_name_that_is_gone_is_seen() -> None:
    assert exists("civicmail.core.disk.lease") and not exists("civicmail.core.disk.lease.NOTHING")
    program = next(programs(ast.parse('X = """\nfrom civicmail.core.disk import gone\n"""')))[1]
    assert imports(program) == {"gone": "civicmail.core.disk.gone"} and not exists("civicmail.core.disk.gone")
    text = 'from civicmail.core.disk import lease\nmonkeypatch.setattr(lease, "gone", 1)'
    assert list(replaced(ast.parse(text))) == [(2, "civicmail.core.disk.lease.gone")]


def test_names_are_looked_for_where_they_are() -> None:
    """Else nothing would be looked at, and everything found."""
    assert sum(1 for path in TESTS for _ in replaced(ast.parse(path.read_text()))) > 100
    assert sum(1 for path in TESTS for _ in programs(ast.parse(path.read_text()))) > 10


def test_modules_that_comments_and_pages_name_exist() -> None:
    pages = [path for path in kept_files() if path.suffix == ".md" and not name(path).startswith((*HISTORY, "CHANGELOG"))]
    there = {f"/{name(path)}" for path in kept_files() if path.suffix == ".py"}
    wrong = []
    for path in [*pages, *modules("src")]:
        for line in path.read_text().splitlines():
            named = [] if line.startswith(("from ", "import ")) else MODULE.findall(line)
            wrong += [f"{name(path)}: {module}" for module in named if not any(place.endswith(f"/{module}") for place in there)]
    assert wrong == []
