"""Count lines of code in shipped Python: without blanks, comments, docstrings, imports and migrations.

    tools/count_code.py [FOLDER...]     by room and in all; without a folder, all of src

A line that two statements share counts once, and a statement over five lines counts five times. Formatting therefore changes the
count: each `# fmt: skip` is counted too, so that nobody makes code denser to make it fewer.
"""

from __future__ import annotations

import argparse
import ast
import sys
import tokenize
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "civicmail"
_SILENT = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)


def code_lines(path: Path) -> int:
    """Lines of code of a module. Raises SyntaxError."""
    left_out = set[int]()
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.stmt) and (_is_import(node) or _is_docstring(node)):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    with tokenize.open(path) as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type not in _SILENT]
    lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - left_out)


def skipped_formats(path: Path) -> int:
    return sum(line.count("# fmt: skip") for line in path.read_text().splitlines())


def modules(folders: list[Path]) -> list[Path]:
    """Shipped modules below these folders, without migrations."""
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "migrations" not in path.parts)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Count lines of code, by room and in all.")
    parser.add_argument("folder", nargs="*", type=Path, default=[SOURCE])
    folders = parser.parse_args(arguments).folder
    paths = modules(folders)
    rooms = Counter[str]()
    for path in paths:
        inside = path.resolve().parts
        start = inside.index("civicmail") + 1 if "civicmail" in inside else 0
        rooms["/".join(inside[start:-1][:2]) or "."] += code_lines(path)
    for room, count in sorted(rooms.items()):
        print(f"{count:8,}  {room}")
    print(f"{rooms.total():8,}  in {len(paths):,} modules; # fmt: skip in {sum(map(skipped_formats, paths)):,} places")


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is only a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


if __name__ == "__main__":
    main(sys.argv[1:])
