"""Whether two accounts are two people is decided in one place (city/guard/four_eyes.py): no act compares who acts with whoever did
the other half by itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.sources import PACKAGE, modules, tree

OWN = {
    "city/guard/authorization_rules.py": {
        "actor.uid == resource.sponsor", "resource.holder == actor.uid != resource.person", "resource.person == actor.uid",
        "actor.uid in resource.senders", "actor.uid == resource.responsible", "resource.reviewer == actor.uid",
    },
    "city/identity/actions/mandates.py": {"asker in people", "actor.uid not in allowed", "actor.uid == row.person.uid"},
    "city/identity/actions/bulk_authorization.py": {"approver.pk in ids"},
    "city/identity/actions/undertakings.py": {"contact.uid != actor.uid"},
    "city/conduct/actions/review_answers.py": {"behalf == actor.uid"},
    "city/conduct/actions/reassignment.py": {"mine.reviewer_id != me.pk", "to.pk == me.pk"},
    "city/conduct/actions/violation_reports.py": {"reporter == person"},
    "desk/mailbox/actions/edit_drafts.py": {"row.person.uid != actor.uid"},
    "desk/oversight/actions/emergencies.py": {"actor.uid == emergency.officer.uid"},
}  # fmt: skip
"""Comparisons that ask whether something is the actor's own, whom it is about, or as what they act: no other half is in them."""


@pytest.mark.rule("house", "No act compares two people by itself: the guard does.")
def test_no_act_compares_people_by_itself() -> None:
    """P-23."""
    found: dict[str, set[str]] = {}
    for path in modules("src"):
        place = str(path.relative_to(PACKAGE)) if PACKAGE in path.parents else ""
        if place.startswith(("city/", "desk/")) and (
            "/actions/" in place or "/acts/" in place or path.name in ("authorization_rules.py", "guard.py", "permissions.py")
        ):
            found[place] = set(_comparisons(path))
    found = {place: said for place, said in found.items() if said}
    assert found == OWN, "ask queries/four_eyes.require, and name the act's `second_person` in the table of acts"


def _comparisons(path: Path) -> Iterator[str]:
    acting = {"actor.uid", *(f"{name}{column}" for name in _acting(path) for column in ("", ".pk", ".uid", ".id"))}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Compare) and not any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            sides = {ast.unparse(side) for side in (node.left, *node.comparators)}
            if acting & sides:
                yield ast.unparse(node)


def _acting(path: Path) -> set[str]:
    """Names that a module gives to whoever acts."""
    found = set()
    for node in ast.walk(tree(path)):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            values = node.value.elts if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) else [node.value]
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and "acting_person(actor)" in ast.unparse(value):
                    found.add(name.id)
    return found
