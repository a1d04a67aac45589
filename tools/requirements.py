"""Write docs/requirements.md, the rules of the program by clause, from the marks on the tests that prove them.

    .venv/bin/python tools/requirements.py [--check]

A mark is `@pytest.mark.rule("P-22, promise 1", "What must hold, in one sentence.")`, on the test itself. Its first text names where
the rule comes from: clauses of the policy (P-01 to P-31), promises (promise 1 to promise 9), rows of docs/governance.md (M4),
or `house` for a rule about the source. The page lists the rule under the first clause or promise that it names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/requirements.md"
CLAUSES = ROOT / "src/civicmail/city/policy/clauses.py"
PROMISES = ROOT / "docs/promises.md"
GOVERNANCE = ROOT / "docs/governance.md"
HOUSE = "house"
MANY = 20
"""A clause with more rules is divided by subject."""
SUBJECTS = {
    "core/config": "Settings and the log",
    "core/disk": "Durable files",
    "core/ledger": "The ledger",
    "core/message": "Reading messages",
    "core/query": "The search language",
    "core/redaction": "Redaction",
    "core/sandbox": "Sandboxed processes",
    "core/wire": "SMTP and LMTP",
    "city/guard": "The guard",
    "city/identity": "Accounts, authorizations and roles",
    "city/pages": "The page kit",
    "city/snapshot": "Published snapshots",
    "city/conduct": "Reviews, leavers and violations",
    "city/directory": "The directory",
    "city/law": "Retention schedules",
    "city/notices": "Notices",
    "city/policy": "The policy engine",
    "mail/archive": "The archive",
    "mail/courier": "Delivery",
    "mail/gateway": "Listeners",
    "mail/importers": "Importing",
    "mail/pipeline": "The pipeline",
    "mail/replica": "The standby",
    "mail/screening": "Screening",
    "mail/search": "The search index",
    "desk/holding": "Held mail",
    "desk/incidents": "Incidents and message removal",
    "desk/mailbox": "My mail",
    "desk/oversight": "Rules and oversight",
    "desk/retention": "Retention",
    "desk/viewer": "Viewing a message",
    "desk/workbench": "Examinations",
    "front/checkup": "Doctor",
    "front/cli": "Commands",
    "front/metrics": "Metrics",
    "front/sample": "The sample city",
    "front/web": "Sign-in, pages and the API",
    "front/worker": "Workers",
    "pages": "Pages in a browser",
    "stories": "The whole program",
    "faults": "Power cuts, kills and full disks",
    "long": "Long runs",
    "neighbours": "Other mail programs",
    "releases": "Releases",
    "tools": "Tools",
    "bench": "Measurements",
    "house": "The source",
}
"""The folders below tests, in the order of the page."""
HEAD = """# Requirements

The rules of the program by clause, each with the test that proves it.
`tools/requirements.py` writes this page from the marks on the tests (`@pytest.mark.rule`).
The clauses of the city's policy (P-01 to P-31) come first, then the [promises](promises.md), then the rules of the house.
A rule that serves several of them is listed under the first one and names the others.
M4 or E6 is a row of [governance.md](governance.md).

A new rule is a mark on its test, in the same change as its code.
A rule of the promises, the guard, durability, the parsers, the policy or the law of retention may also have a mutant
(`tests/mutants`): it removes the rule, and the test must then fail.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """sources: "P-22", "promise 1", "M4", "house"; says: what must hold; test: as pytest names it, without parameters."""

    sources: tuple[str, ...]
    says: str
    test: str

    @property
    def clause(self) -> str:
        """Under which it is listed."""
        return next((source for source in self.sources if source in titles()), "")

    @property
    def subject(self) -> str:
        """The folder of the test, below tests."""
        parts = self.test.partition("::")[0].split("/")[1:-1]
        return next((name for name in ("/".join(parts[:2]), *parts[:1]) if name in SUBJECTS), "/".join(parts[:2]))


def rules(tests: Path = ROOT / "tests") -> list[Rule]:
    """Every mark of every test, in the order of files and lines."""
    return [rule for path in sorted(tests.rglob("test_*.py")) for rule in _marked(path, tests.parent)]


def _marked(path: Path, root: Path) -> Iterator[Rule]:
    text = path.read_text()
    if "mark.rule(" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.rule":
                    sources, says = (str(ast.literal_eval(argument)) for argument in mark.args)
                    yield Rule(tuple(sources.split(", ")), says, f"{path.relative_to(root)}::{node.name}")


@cache
def titles() -> dict[str, str]:
    """Clauses and promises, in the order of the page, with what each is about."""
    clauses = {}
    for node in ast.walk(ast.parse(CLAUSES.read_text())):
        if (
            isinstance(node, ast.Call)
            and len(node.args) > 1
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[1], ast.Call)
        ):
            clauses[str(node.args[0].value)] = str(ast.literal_eval(node.args[1].args[0]))
    promises = re.findall(r"(?m)^## (\d)\. (.+)$", PROMISES.read_text())
    known = {number: title for number, title in sorted(clauses.items()) if re.fullmatch(r"P-\d\d", number)}
    return known | {f"promise {number}": title for number, title in promises} | {HOUSE: "Rules of the house"}


@cache
def known() -> frozenset[str]:
    """Every possible source of a rule."""
    return frozenset(titles()) | frozenset(re.findall(r"(?m)(?:(?<=^\| )[A-Z]\d{1,2}(?= \|)|\bAC-\d+)", GOVERNANCE.read_text()))


def page() -> str:
    """The expected docs/requirements.md."""
    found = rules()
    lines = [HEAD]
    for clause, title in titles().items():
        mine = [rule for rule in found if rule.clause == clause]
        if not mine:
            continue
        lines.append(f"## {_heading(clause, title)}\n")
        order = sorted({rule.subject for rule in mine}, key=lambda name: ([*SUBJECTS, name].index(name), name))
        for subject in order:
            lines += [f"### {SUBJECTS.get(subject, subject)}\n"] if len(mine) > MANY and len(order) > 1 else []
            lines += [_line(rule, clause) for rule in mine if rule.subject == subject]
            lines += [""] if len(mine) > MANY else []
        lines += [""] if lines[-1] else []
    return "\n".join(lines).rstrip() + "\n"


def _heading(clause: str, title: str) -> str:
    return title if clause == HOUSE else f"{clause.capitalize() if clause[0] == 'p' else clause}: {title}"


def _line(rule: Rule, clause: str) -> str:
    others = [source for source in rule.sources if source != clause]
    return f"- {rule.says} {f'({", ".join(others)}) ' if others else ''}`{rule.test}`"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif page() != PAGE.read_text():
        raise SystemExit(f"{PAGE} differs from the marks on the tests: run tools/requirements.py")
