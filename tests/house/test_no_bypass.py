"""Nothing exempts anybody from the audit log: no setting names an exception, and no permit for mail of others is made without its
entry (P-16; A5)."""

from __future__ import annotations

import ast
import dataclasses
import re
import typing
from collections.abc import Iterator

import pytest

from civicmail.core.config import settings
from civicmail.front.cli import verbs
from house.sources import ROOT, modules

GUARD = "src/civicmail/city/guard/guard.py"
EXCEPTION = re.compile(r"bypass|exempt|unlogged|unaudited|(no|skip|without|ignore)_?(audit|log|entry|entries)")
OWN = {"own_permit"}
"""Makes a permit for a person's own mail, where nobody else's is seen."""


def names_of(kind: type, before: str = "") -> Iterator[str]:
    """Every setting, by its whole name."""
    hints = typing.get_type_hints(kind)
    for each in dataclasses.fields(kind):
        name = f"{before}{each.name}"
        yield name
        for inner in (hints[each.name], *typing.get_args(hints[each.name])):
            if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                yield from names_of(inner, f"{name}.")


@pytest.mark.rule("P-16, promise 4, A5", "No setting and no option of a command exempts anybody from the audit log.")
def test_no_setting_exempts_anybody() -> None:
    names = list(names_of(settings.Settings))
    assert len(names) > 100
    assert [name for name in names if EXCEPTION.search(name)] == []
    assert EXCEPTION.search("oversight.bypass_accounts") and EXCEPTION.search("search.skip_audit")
    options = re.findall(r'"(--[a-z-]+)"', "".join(path.read_text() for path in modules("src/civicmail/front/cli")))
    assert len(options) > 50 and verbs
    assert [option for option in options if EXCEPTION.search(option.replace("-", "_"))] == []


@pytest.mark.rule("P-16, promise 4, A5", "Every permit for other people's mail is made by the guard, after its entry.")
def test_a_permit_is_made_after_its_entry_alone() -> None:
    made = {}
    for path in modules("src"):
        tree = ast.parse(path.read_text())
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
            if permits := [call.lineno for call in calls if call.func.id == "Permit"]:  # type: ignore[attr-defined]
                entries = [call.lineno for call in calls if call.func.id == "write"]  # type: ignore[attr-defined]
                made[f"{path.relative_to(ROOT)}:{function.name}"] = bool(entries) and min(entries) < min(permits)
    assert {where.partition(":")[0] for where in made} == {GUARD}
    assert {where.rpartition(":")[2] for where, after_entry in made.items() if not after_entry} == OWN
    assert len(made) > len(OWN) + 2
