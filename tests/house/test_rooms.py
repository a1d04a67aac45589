"""Rooms are folders that import nothing by being opened, are named after the trade, and have tests of the same name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from house.sources import FLOORS, PACKAGE, ROOT, modules, name, rooms, tree

NO_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "lib", "base"}
NAMED_BY_DJANGO = "src/civicmail/front/web/sqlite/base.py"
PURE = ("core/message", "core/wire", "core/query", "city/policy")
READS_A_FILE = "city/policy/active_rules.py"
"""The book of rules that is in force is a file, which this one module writes and looks at."""
IO_MODULES = {"os", "io", "pathlib", "socket", "ssl", "subprocess", "tempfile", "time", "shutil", "asyncio", "threading", "random"}


@pytest.mark.rule("house", "Importing a room imports none of its modules.")
def test_opening_a_room_imports_nothing() -> None:
    for path in modules("src"):
        if path.name == "__init__.py" and path.parent.name != "models":  # where Django looks for all rows of a room
            assert not any(isinstance(n, ast.Import | ast.ImportFrom) for n in ast.walk(tree(path))), name(path)


@pytest.mark.parametrize("room", rooms(), ids=name)
def test_a_room_says_what_it_is(room) -> None:  # type: ignore[no-untyped-def]
    assert len(ast.get_docstring(tree(room / "__init__.py")) or "") > 30


@pytest.mark.rule("house", "Every module has a docstring.")
def test_every_module_says_what_it_is() -> None:
    assert [name(p) for p in modules("src", "bench", "tools") if p.name != "__init__.py" and not ast.get_docstring(tree(p))] == []


def test_modules_are_named_after_their_subject() -> None:
    assert [name(p) for p in modules("src", "tests", "bench", "tools") if p.stem.strip("_") in NO_NAMES] == [NAMED_BY_DJANGO]


def test_tests_have_the_names_of_the_rooms() -> None:
    for floor in FLOORS:
        for folder in (ROOT / "tests" / floor).glob("*/"):
            if any(folder.glob("*.py")):
                assert (PACKAGE / floor / folder.name / "__init__.py").is_file(), name(folder)


@pytest.mark.rule("house", "Every room with code has tests.")
def test_every_room_with_code_has_tests() -> None:
    for room in rooms():
        if len(list(room.glob("*.py"))) > 1:
            folder = ROOT / "tests" / room.parent.name / room.name
            assert any(folder.rglob("test_*.py")), f"{name(room)} has no tests"


@pytest.mark.rule("house", "Pure rooms do no input or output and read no clock.")
def test_pure_rooms_do_no_input_or_output_and_know_no_clock() -> None:
    for room in PURE:
        for path in set((PACKAGE / room).rglob("*.py")) - {PACKAGE / READS_A_FILE}:
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Import):
                    assert not {a.name.split(".")[0] for a in node.names} & IO_MODULES, name(path)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    assert (node.module or "").split(".")[0] not in IO_MODULES, name(path)


@pytest.mark.rule("house", "Each error class has an exit code, an SMTP reply and an HTTP status.")
def test_error_classes_say_how_they_are_told() -> None:
    """Each errors.py draws its tree and every class in it belongs to the one family."""
    for path in modules("src"):
        if path.name != "errors.py":
            continue
        drawn = ast.get_docstring(tree(path)) or ""
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef):
                assert node.name in drawn, f"{name(path)} does not draw {node.name}"
                assert node.bases, f"{node.name} belongs to no family"
        bases = {n.name: [ast.unparse(b) for b in n.bases] for n in tree(path).body if isinstance(n, ast.ClassDef)}
        for child, parent in _branches(drawn):
            assert parent in bases.get(child, [parent]), f"{name(path)} draws {child} under {parent}, it is of {bases[child]}"


def _branches(drawn: str) -> Iterator[tuple[str, str]]:
    """(class, the class above it) of a tree like that of core/config/errors.py."""
    above: list[str] = []
    for line in drawn.splitlines():
        if found := re.match(r"((?:[│ ]   )*)[├└]── (\w+)", line):
            depth = len(found[1]) // 4 + 1
            above = [*above[:depth], found[2]]
            yield found[2], above[depth - 1]
        elif found := re.match(r"([A-Z]\w+)(?:$| {2,})", line):
            above = [found[1]]
