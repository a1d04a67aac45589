"""Content without a permit is for machines, and their list is closed (promise 4, P-16, P-17)."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import civicmail
from house.sources import ROOT

PACKAGE = Path(civicmail.__file__).parent
DOORS = {f"civicmail.mail.archive.{name}" for name in ("machine", "store", "sealed", "tail_index", "gather")}
MAY = {
    "civicmail.desk.holding.held_copies",
    "civicmail.desk.oversight.recorded_facts",
    "civicmail.mail.archive",
    "civicmail.mail.courier",
    "civicmail.mail.importers",
    "civicmail.mail.pipeline.retrospective",
    "civicmail.mail.pipeline.learning_job",
    "civicmail.mail.pipeline.fingerprint_client",
    "civicmail.mail.pipeline.release_copies",
    "civicmail.mail.pipeline.rescreening",
    "civicmail.mail.search.extract",
    "civicmail.mail.search.rebuild",
    "civicmail.mail.search.reread",
    "civicmail.mail.search.tasks",
}
"""Delivery, screening, import, indexing, the archive itself. Whoever adds one shows in review that it shows content to nobody."""


def imported(path: Path) -> Iterator[str]:
    """What a module imports, as module.name where it takes names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.rule("P-03, promise 4", "Machine access without a permit is limited to a closed list.")
def test_content_without_a_permit_is_for_the_doors_on_the_list_only() -> None:
    users = set()
    for path in PACKAGE.rglob("*.py"):
        if DOORS & set(imported(path)):
            users.add(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    assert {u for u in users if not any(u == m or u.startswith(f"{m}.") for m in MAY)} == set()
    assert all(any(u == m or u.startswith(f"{m}.") for u in users) for m in MAY), "what is not needed leaves the list"


def test_the_linter_guards_the_same_list() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = [c for c in contracts if c["name"].startswith("machine doors")]
    assert set(contract["protected_modules"]) == DOORS
    assert set(contract["allowed_importers"]) == MAY
