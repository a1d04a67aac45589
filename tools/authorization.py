"""Write the table of docs/operate/authorization.md: every act, its actors, resource, clause, and whether it takes two people.

    .venv/bin/python tools/authorization.py [--check]

It is read from city/guard/permissions.py, so that the page says what the guard does.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ACTS = ROOT / "src/civicmail/city/guard/permissions.py"
PAGE = ROOT / "docs/operate/authorization.md"
BEGIN, END = "<!-- acts: tools/authorization.py writes what follows -->", "<!-- acts end -->"


def table() -> str:
    """The lines of the table."""
    tree = ast.parse(ACTS.read_text())
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PERMISSIONS":
            assert isinstance(node.value, ast.Dict)
            rows = [_row(str(ast.literal_eval(k)), v) for k, v in zip(node.value.keys, node.value.values, strict=True) if k]
            return "\n".join(["| act | who may | done to | clause | takes two |", "|---|---|---|---|---|", *sorted(rows)])
    raise SystemExit(f"{ACTS} has no table of acts")


def _row(name: str, call: ast.expr) -> str:
    assert isinstance(call, ast.Call)
    named = {word.arg: word.value for word in call.keywords}
    rule = ast.unparse(call.args[0]).replace("'", "").replace('"', "")
    clause = ast.literal_eval(call.args[1])
    kind = f"`{ast.unparse(named['of'])}`" if "of" in named else ""
    return f"| `{name}` | `{rule}` | {kind} | {clause} | {'yes' if 'second' in named else ''} |"


def page(text: str) -> str:
    """The page with the table of today."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    now = PAGE.read_text()
    if "--check" not in sys.argv:
        PAGE.write_text(page(now))
    elif page(now) != now:
        raise SystemExit(f"{PAGE} is not what {ACTS} says: run tools/authorization.py")
