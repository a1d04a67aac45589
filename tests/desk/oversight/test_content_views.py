"""What the auditor's list of looks has in it."""

from __future__ import annotations

import ast
from pathlib import Path

import civicmail
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.desk.oversight.queries.content_views import KINDS


def permitted() -> set[str]:
    """Acts that are given a permit for mail of others: those of a case, and what calls of guard.permit name."""
    found = {act for act in PERMISSIONS if act.startswith("content.")}
    for path in Path(civicmail.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "permit":
                found |= {
                    a.value
                    for a in node.args
                    if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value in PERMISSIONS
                }
    return found


def test_every_act_that_is_given_a_permit_is_in_the_list_of_looks() -> None:
    """Reported mail that an officer reads, and a file that a manager looks at, are looks like any other."""
    assert {"content.reveal", "report.read", "approval.look"} <= permitted()
    assert permitted() - KINDS.keys() == set()
