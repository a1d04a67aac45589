"""What has to be imported anew in a process that has the whole program, when one of its files is another one now: the module itself
and all that took a name from it while they were imported, and so on upwards.

Imports inside functions do not count: they look the module up when they run. Those of apps.py do: Django has run them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from house.sources import PACKAGE, modules, tree

FRAMEWORK = ("django", "allauth", "ninja")
SETTINGS = "civicmail.front.web.settings"
NEVER = ("civicmail.front.web.wsgi",)
"""It changes the process that imports it."""
TOGETHER = ("civicmail.front.web.api.",)
"""Packages whose modules enter themselves in a list of one of them: all of them are imported anew, or none."""


def module(file: str) -> str:
    """The name of a file below src, as mutants have it: src/civicmail/core/wire/line.py."""
    return ".".join(Path(file).relative_to("src").with_suffix("").parts).removesuffix(".__init__")


@cache
def ours() -> frozenset[str]:
    """Every module that may be imported ahead."""
    names = {module(str(path.relative_to(PACKAGE.parents[1]))) for path in modules("src")}
    return frozenset(n for n in names if ".migrations" not in n and n not in NEVER and not n.endswith("__main__"))


@cache
def without_django() -> frozenset[str]:
    """Those that never lead to Django while they are imported."""
    return ours() - _above(frozenset(n for n, needs in _needs().items() if any(_is_framework(one) for one in needs)))


@cache
def held_by_django() -> frozenset[str]:
    """Models, applications and settings: who is ready holds them, and does not let go."""
    return frozenset(n for n in ours() if n == SETTINGS or {"models", "apps"} & set(n.split(".")))


def above(changed: Collection[str]) -> frozenset[str]:
    """These modules and all that need them while they are imported."""
    return _above(frozenset(changed))


@cache
def _above(changed: frozenset[str]) -> frozenset[str]:
    found, waiting = set(changed), list(changed)
    while waiting:
        name = waiting.pop()
        beside = {n for package in TOGETHER if name.startswith(package) for n in ours() if n.startswith(package)}
        new = (_needed_by().get(name, frozenset()) | beside) - found
        found |= new
        waiting += new
    return frozenset(found)


@cache
def _needed_by() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, needs in _needs().items():
        for need in needs:
            found.setdefault(need, set()).add(name)
    return {need: frozenset(names) for need, names in found.items()}


@cache
def _needs() -> dict[str, frozenset[str]]:
    """Of each module of ours what it imports, with the packages around it and around that."""
    found = {}
    for path in modules("src"):
        name = module(str(path.relative_to(PACKAGE.parents[1])))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        statements = ast.walk(tree(path)) if path.name == "apps.py" else _running(tree(path).body)
        imported = {one for statement in statements for one in _imported(statement, package)} | {name}
        found[name] = frozenset(around for one in imported for around in _around(one)) - {name}
    return found


def _running(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run while a module is imported."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            if part == "body" and isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
                continue
            yield from _running(getattr(statement, part, []))
        for handler in getattr(statement, "handlers", []):
            yield from _running(handler.body)


def _imported(statement: ast.AST, package: str) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        parts = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
        top = ".".join([*parts, *([statement.module] if statement.module else [])])
        yield top
        yield from (f"{top}.{alias.name}" for alias in statement.names)  # a name of it, or a module in it


def _around(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _is_framework(name: str) -> bool:
    return name.partition(".")[0].startswith(FRAMEWORK)
