"""Each operator takes out what it says, by names, whatever locals are called and however the code is laid out."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from mutants.operators import OPERATORS, mutate

SOURCE = '''
LIMIT = 10
TABLE = {"open": Act(office, second=TWO), "close": Act(office)}

class Journal:
    def write(self, x, now):
        """Write it."""
        self.check(x)
        if x.size > LIMIT and not self.ended:
            raise TooLarge(x)
        place = self.place(x, sync(now))
        return [place, x.name, "written"]
'''


@pytest.mark.parametrize(
    ("place", "operator", "said", "line"),
    [
        ("Journal.write", "without", "check", '    def write(self, x, now):\n        """Write it."""\n        if'),
        ("Journal.write", "without", "name", "return [place, 'written']"),
        ("Journal.write", "without", "written", "return [place, x.name]"),
        ("Journal.write", "without", "ended", "if x.size > LIMIT:"),
        ("Journal.write", "true", "size", "if True and (not self.ended):"),
        ("Journal.write", "false", "size ended", "if False:"),
        ("Journal.write", "false", "ended", "if x.size > LIMIT and (not False):"),
        ("Journal.write", "call", ["place", "_1"], "place = x\n"),
        ("Journal.write", "call", ["sync", "str(_it)"], "place = self.place(x, str(sync(now)))"),
        ("Journal.write", "value", ["place sync", "None"], "place = None"),
        ("Journal.write", "value", ["LIMIT", "2 * _it"], "x.size > 2 * LIMIT"),
        ("Journal.write", "swap", ["size", "length"], "x.length > LIMIT"),
        ("Journal.write", "constant", ["written", "read"], "x.name, 'read']"),
        ("LIMIT", "constant", [10, 11], "LIMIT = 11"),
        ("Journal.write", "compare", [">", ">="], "x.size >= LIMIT"),
        ("Journal.write", "returns", "[now]", 'Write it."""\n        return [now]'),
        ("Journal.write", "body", "self.check(now)\nreturn []", "self.check(now)\n        return []"),
        ("TABLE[open]", "without", "TWO", "'open': Act(office), "),
        ("TABLE[close]", "swap", ["office", "anybody"], "'close': Act(anybody)"),
        ("TABLE", "without", "close", "TABLE = {'open': Act(office, second=TWO)}"),
    ],
)
def test_an_operator_takes_out_what_mentions_the_names(place: str, operator: str, said: Any, line: str) -> None:
    renamed = SOURCE.replace("x.", "message.").replace("x,", "message,").replace("(x)", "(message)")
    for source in (SOURCE, renamed):
        tree = ast.parse(source)
        mutate(tree, place, operator, said)
        assert line in ast.unparse(tree).replace("message", "x")
        assert ast.dump(tree) != ast.dump(ast.parse(source))


@pytest.mark.parametrize(
    ("place", "operator", "said", "reason"),
    [
        ("Journal.read", "without", "check", "read stands there 0 times"),
        ("Journal.write", "without", "close", "nothing of that kind mentions close"),
        ("Journal.write", "true", "LIMIT ended name", "mentions LIMIT and ended and name"),
        ("Journal.write", "call", ["close", "1"], "nothing there calls close"),
        ("Journal.write", "compare", ["<", "<="], "fits 0 places"),
        ("TABLE[shut]", "without", "TWO", "no dictionary there has shut"),
        ("TABLE", "returns", "1", "only a function has a body"),
        ("Journal.write", "returns", "[nobody]", "nothing is called nobody"),
    ],
)
def test_what_does_not_stand_there_is_named(place: str, operator: str, said: Any, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        mutate(ast.parse(SOURCE), place, operator, said)


def test_every_operator_is_played_here_and_said_in_the_head() -> None:
    head = str(__import__("mutants.operators").operators.__doc__)
    assert all(f"\n{operator} " in head for operator in OPERATORS)
