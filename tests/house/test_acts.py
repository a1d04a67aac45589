"""An act that is defined once (city/pages/act.py) has the doors of its definition, and no other."""

from __future__ import annotations

import ast
import importlib
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import resolve, reverse

from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.pages.act import Act
from civicmail.front.cli import verbs
from civicmail.front.web.api.document import OPERATIONS
from house.sources import PACKAGE, tree


def defined() -> Iterator[Act[Any, Any, Any]]:
    for path in sorted(PACKAGE.glob("*/*/acts/*.py")):
        module = importlib.import_module(".".join(("civicmail", *path.relative_to(PACKAGE).with_suffix("").parts)))
        yield from {id(act): act for act in vars(module).values() if isinstance(act, Act)}.values()


ACTS = list(defined())


def test_each_act_has_a_name_of_its_own_and_a_permission_of_the_table() -> None:
    names = [act.name for act in ACTS]
    assert len(names) == len(set(names)) and len(names) > 10
    assert [act.name for act in ACTS if act.permission not in PERMISSIONS] == []


@pytest.mark.rule("house", "Page, operation and command of an act are made from its definition.")
def test_the_doors_of_an_act_are_those_of_its_definition() -> None:
    for act in ACTS:
        if act.operation is not None:
            made = OPERATIONS[act.name]
            assert (made.method, made.path, made.act) == (act.operation.method, act.operation.path, act.permission), act.name
        if act.page is not None:
            keys = {name: kind for kind, name in _converters(act.page.route)}
            values = {name: "1" if kind != "uuid" else uuid.UUID(int=0) for name, kind in keys.items()}
            url = reverse(act.page.name, kwargs=values)
            view: Any = resolve(url).func
            assert getattr(view, "act", act.permission) == act.permission, act.name
        if act.command is not None:
            group = act.command.verb.split()[0]
            importlib.import_module(f"civicmail.front.cli.{group}")
            assert verbs.VERBS[act.command.verb].act == act.permission, act.name


@pytest.mark.rule("house", "Modules of acts, inputs and the kit of acts import no Django, so that commands stay fast.")
def test_modules_of_acts_import_no_django() -> None:
    for path in [*PACKAGE.glob("*/*/acts/*.py"), PACKAGE / "city/pages/act.py", PACKAGE / "city/pages/inputs.py"]:
        for node in tree(path).body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.split(".")[0] in ("django", "ninja", "pydantic") for name in names), path


BY_HAND = tomllib.loads((Path(__file__).parent / "acts_by_hand.toml").read_text())
"""Operations without a definition, by name, with the reason."""


@pytest.mark.rule("house", "Each writing operation is made from the definition of its act, or listed with the reason.")
def test_each_writing_operation_is_defined_once_or_listed() -> None:
    by_definition = {act.name for act in ACTS if act.operation is not None}
    writing = {name for name, operation in OPERATIONS.items() if operation.method != "GET"}
    assert writing - by_definition == set(BY_HAND)


def _converters(route: str) -> list[tuple[str, str]]:
    parts = [part.rstrip(">") for part in route.split("<")[1:]]
    return [tuple(part.partition(">")[0].split(":")) for part in parts]  # type: ignore[misc]
