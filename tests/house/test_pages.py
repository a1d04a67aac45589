"""What the pages say is true of the project they lie in."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess

import pytest

from civicmail.core.config.settings import Settings
from civicmail.core.query.tree import TEXTS
from civicmail.mail.archive.records import Type
from civicmail.mail.search.schema import KEYS, NUMBERS
from house.sources import PACKAGE, ROOT, kept_files, modules, name, rooms, tree

DOCS = ROOT / "docs"
LATER = (9,)
"""Promises that come later; their section says so."""


def _promises() -> dict[int, str]:
    sections = re.split(r"(?m)^## (\d+)\. ", (DOCS / "promises.md").read_text())[1:]
    return {int(number): text for number, text in zip(sections[::2], sections[1::2], strict=True)}


@pytest.mark.rule("house", "Each promise names its tests.")
def test_there_are_nine_promises_and_each_names_tests_or_says_when_it_comes() -> None:
    promises = _promises()
    assert sorted(promises) == list(range(1, 10))
    for number, text in promises.items():
        assert re.search(r"`tests/\S+?\.py", text) or (number in LATER and "Comes with" in text), f"promise {number} names no test"


@pytest.mark.rule("house", "Every test that a page names exists.")
def test_every_test_that_a_page_names_exists() -> None:
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for place, function in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page.read_text()):
            assert (ROOT / place).is_file(), f"{name(page)} names {place}"
            if function:
                assert f"def {function}(" in (ROOT / place).read_text(), f"{name(page)} names {place}::{function}"


def test_the_page_of_the_flow_lists_every_room_with_what_it_says_of_itself() -> None:
    listed = dict(re.findall(r"(?m)^\| `(\w+/\w+)` \| (.+) \|$", (DOCS / "flow.md").read_text()))
    said = {f"{room.parent.name}/{room.name}": ast.get_docstring(tree(room / "__init__.py")) or "" for room in rooms()}
    assert listed == {room: words.partition("\n")[0] for room, words in said.items()}


@pytest.mark.rule("house", "Links between pages of the documentation lead somewhere.")
def test_links_between_pages_lead_somewhere() -> None:
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{name(page)} links to {target}"


@pytest.mark.rule("house", "Decisions are numbered without a gap, and the list has all of them.")
def test_every_decision_is_listed_in_order_and_numbered_without_a_gap() -> None:
    pages = sorted(p.name for p in (DOCS / "decisions").glob("0*.md"))
    assert [int(p[:4]) for p in pages] == list(range(1, len(pages) + 1))
    listed = re.findall(r"\((0\d{3}[^)]+)\)", (DOCS / "decisions" / "README.md").read_text())
    assert listed == pages


@pytest.mark.rule("house", "Every setting is explained in the documentation.")
def test_every_setting_is_explained() -> None:
    seen: list[str] = []

    def look(kind: type, prefix: str) -> None:
        for f in dataclasses.fields(kind):
            help_ = f.metadata.get("help", "")
            assert help_.endswith(".") and len(help_) >= 8, f"{prefix}{f.name} has no sentence"
            seen.append(prefix + f.name)
            default = f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default
            one = default[0] if isinstance(default, list) and default else default
            if dataclasses.is_dataclass(one):
                look(type(one), f"{prefix}{f.name}.")

    look(Settings, "")
    assert len(seen) > 40
    settings = PACKAGE / "core" / "config"
    rest = "\n".join(p.read_text() for p in modules("src") if settings not in p.parents)
    unread = [key for key in seen if not re.search(rf"\.{key.rpartition('.')[2]}\b", rest)]
    assert unread == [], "a setting that nobody reads does nothing"


@pytest.mark.rule("house", "Every record type and every field of the index is in the page about formats.")
def test_every_record_type_and_every_field_of_the_index_is_in_the_page_of_formats() -> None:
    page = (DOCS / "formats.md").read_text()
    events = " ".join(page[page.index("Events (") : page.index("| event |")].split())
    assert [t.name for t in Type if t != Type.RECEIPT and f"{t.name.lower()} {t.value}" not in events] == []
    index = page[page.index("## Index") : page.index("## Extracts")]
    assert [
        name for name in (*TEXTS, *NUMBERS, *KEYS, "stored") if f"`{name}`" not in index and not re.fullmatch(r"s[23]", name)
    ] == []


def test_make_help_lists_every_target_of_the_house() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("help", "setup", "demo", "test", "quick", "check", "bench", "mutation", "fmt", "verify", "neighbours"):
        assert f"make {target} " in said
    assert "make demo" in (ROOT / "README.md").read_text()
    assert "make test" in (ROOT / "README.md").read_text()


@pytest.mark.rule("house", "No file names a place on one machine, and none lists what is left to do.")
def test_kept_files_name_no_place_of_one_machine_and_leave_nothing_to_do() -> None:
    forbidden = re.compile("|".join(["/wo" + "rk/", "/home/" + "[a-z]", "/ro" + "ot/", r"\bTO" + r"DO\b", r"\bFIX" + r"ME\b"]))
    for path in kept_files():
        if path.suffix in {".py", ".md", ".toml", ".sh", ".cfg", ""} and path.name not in {"uv.lock", "LICENSE"}:
            found = forbidden.search(path.read_text(errors="replace"))
            assert not found, f"{name(path)}: {found and found.group()}"


def test_links_to_pages_are_made_by_the_name_of_the_page() -> None:
    """What we write to people names pages; one whose path was written by hand led nowhere when the page had another."""
    by_hand = re.compile(r"\{(?:pages|where|[\w.]*web\.url)\}/[a-z]")
    without_django = {"src/civicmail/front/sample/portal_links.py", "src/civicmail/city/policy/clauses.py"}
    assert {name(p) for p in modules("src") if by_hand.search(p.read_text())} == without_django
