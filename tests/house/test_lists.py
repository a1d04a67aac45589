"""A list that is defined once (city/pages/lists.py) has the doors of its definition, and no other."""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.urls import get_resolver

from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.pages.lists import Choice, List, Shown, State
from civicmail.front.cli import verbs
from civicmail.front.web.api.document import API, OPERATIONS
from house.sources import PACKAGE, tree

BY_HAND = tomllib.loads((Path(__file__).parent / "lists_by_hand.toml").read_text())
"""Pages, operations and commands that show a list without a definition, with the reason."""


def defined() -> Iterator[List]:
    for path in sorted(PACKAGE.glob("*/*/lists/*.py")):
        module = importlib.import_module(".".join(("civicmail", *path.relative_to(PACKAGE).with_suffix("").parts)))
        yield from {id(each): each for each in vars(module).values() if isinstance(each, List)}.values()


LISTS = list({id(each): each for each in defined()}.values())


def test_each_list_has_a_name_of_its_own_and_a_permission_of_the_table() -> None:
    names = [each.name for each in LISTS]
    assert len(names) == len(set(names)) and len(names) > 10
    assert [each.name for each in LISTS if each.permission not in PERMISSIONS] == []


def test_columns_filters_and_order_of_a_list_exist() -> None:
    for each in LISTS:
        shown = [column for column in each.columns if column.label]
        keys = [column.alias or column.key for column in shown]
        assert len(keys) == len(set(keys)), each.name
        programs = [column.key for column in each.columns if not isinstance(column, Shown)]
        assert len(programs) == len(set(programs)), each.name
        assert each.page is None or not each.sort or each.sort.lstrip("-") in {c.alias or c.key for c in shown if c.sort}, each.name
        assert not each.model or apps.get_model(each.model), each.name
        assert all(column.words for column in each.columns if isinstance(column, State | Choice)), each.name


@pytest.mark.rule("house", "Page, operation and command of a list are made from its definition.")
def test_the_doors_of_a_list_are_those_of_its_definition() -> None:
    pages = get_resolver().reverse_dict
    for each in LISTS:
        if each.page is not None:
            assert each.page.name in pages, each.name
        if each.operation is not None:
            made = OPERATIONS[each.name]
            assert (made.method, made.path, made.act) == ("GET", each.operation.path, each.permission), each.name
        if each.command is not None:
            importlib.import_module(f"civicmail.front.cli.{each.command.verb.split()[0]}")
            assert verbs.VERBS[each.command.verb].act == each.permission, each.name
            assert set(each.command.columns) <= {column.key for column in each.columns}, each.name


@pytest.mark.rule("house", "Modules of lists import no Django, so that commands stay fast.")
def test_modules_of_lists_import_no_django() -> None:
    for path in [*PACKAGE.glob("*/*/lists/*.py"), PACKAGE / "city/pages/lists.py"]:
        for node in tree(path).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] in ("django", "ninja", "pydantic") for name in names), path


@pytest.mark.rule("house", "Each list of a page, an operation or a command is defined once, or listed with the reason.")
def test_each_list_is_defined_once_or_listed() -> None:
    assert set(_listing_views()) == set(BY_HAND["page"])
    assert set(_listing_operations()) - {each.name for each in LISTS} == set(BY_HAND["operation"])
    by_definition = {each.command.verb for each in LISTS if each.command is not None}
    assert {verb for verb in verbs.VERBS if verb.endswith(" list")} - by_definition == set(BY_HAND["command"])


def _listing_views() -> Iterator[str]:
    """Functions that make a table themselves: room/module:function."""
    for path in PACKAGE.glob("*/*/**/*.py"):
        if path.parent == PACKAGE / "city/pages":
            continue
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef) and any(_makes_table(inside) for inside in ast.walk(node)):
                yield f"{path.relative_to(PACKAGE).with_suffix('')}:{node.name}"


def _makes_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) in ("listing.from_query", "listing.from_rows", "listing.fill")


def _listing_operations() -> Iterator[str]:
    paths: dict[str, dict[str, dict[str, Any]]] = API.get_openapi_schema()["paths"]
    for ways in paths.values():
        for operation in ways.values():
            answer = operation["responses"].get(200, operation["responses"].get("200", {}))
            if answer.get("content", {}).get("application/json", {}).get("schema", {}).get("type") == "array":
                yield operation["operationId"]
