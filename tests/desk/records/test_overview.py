"""The page of a request says in words what was done about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from civicmail.desk import records
from civicmail.desk.records.views.overview import ACTS

ELSEWHERE = {"records.flag-personal": "is an entry about a message, before any request finds it"}


def entered() -> Iterator[str]:
    """The acts of which the verbs of the room write entries."""
    for path in sorted((Path(records.__file__).parent / "actions").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).rpartition(".")[2] in ("enter", "_enter"):
                yield from (n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant) and "." in str(n.value))


def test_every_act_on_a_request_has_its_words_in_the_history() -> None:
    acts = {act for act in entered() if not act.endswith((".", "-"))}
    assert len(acts) > 40 and acts - ACTS.keys() - ELSEWHERE.keys() == set()
