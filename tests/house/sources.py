"""The program's own files, for the tests of the house rules."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "civicmail"
FLOORS = ("core", "city", "mail", "desk", "front")


@cache
def modules(*tops: str) -> tuple[Path, ...]:
    """Python files below these folders of the project, in order."""
    return tuple(sorted(p for top in tops for p in (ROOT / top).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def rooms() -> list[Path]:
    """The folders of the floors, as far as they exist."""
    return sorted(p.parent for floor in FLOORS for p in (PACKAGE / floor).glob("*/__init__.py"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def kept_files() -> list[Path]:
    """The files under version control and those about to be; everything below the project without a repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = listed.stdout.splitlines() if listed.returncode == 0 else []
    return [p for p in (ROOT / n for n in names) if p.is_file()]
