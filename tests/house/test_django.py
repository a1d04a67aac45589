"""Django stays where people are: in the furniture of rooms that touch rows or pages, and in the web room."""

from __future__ import annotations

import ast

import pytest

from house.sources import PACKAGE, modules, name, tree

FURNITURE = {
    "models",
    "acts",
    "lists",
    "actions",
    "queries",
    "views",
    "urls",
    "forms",
    "tasks",
    "worker_jobs",
    "admin",
    "migrations",
    "apps",
    "templatetags",
}


@pytest.mark.rule("house", "Only models, actions, queries and views of city and desk, and the web room, import Django.")
def test_only_the_furniture_of_city_and_desk_and_the_web_room_imports_django() -> None:
    for path in modules("src"):
        floor, _, *rest = path.relative_to(PACKAGE).with_suffix("").parts if path.parent != PACKAGE else ("", "", "")
        imported = {alias.name for n in ast.walk(tree(path)) if isinstance(n, ast.Import) for alias in n.names}
        imported |= {n.module or "" for n in ast.walk(tree(path)) if isinstance(n, ast.ImportFrom)}
        if any(module.partition(".")[0] in ("django", "allauth") for module in imported):
            at_home = floor in ("city", "desk") and rest and rest[0] in FURNITURE
            assert at_home or "front/web" in name(path) or "city/pages" in name(path), f"{name(path)} imports Django"
