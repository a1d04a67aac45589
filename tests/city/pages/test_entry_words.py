"""Every entry of the audit log is told in words (P-16)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import civicmail
from civicmail.city.pages.entry_words import WORDS, words

WRITERS = frozenset({"enter", "enter_alone", "enter_each", "enter_outside", "record_entry", "under", "_enter"})
ACT = re.compile(r"[a-z][a-z-]*\.[a-z-]*[a-z]")


def written() -> Iterator[tuple[str, str]]:
    """(name of an act, where) of everything that the program gives to a function which writes an entry."""
    top = Path(civicmail.__file__).parent
    for path in sorted(top.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _name(node.func) in WRITERS:
                for constant in [c for argument in node.args[:2] for c in ast.walk(argument)]:
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and ACT.fullmatch(constant.value):
                        yield constant.value, f"{path.relative_to(top)}:{node.lineno}"


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


@pytest.mark.rule("P-16", "The pages tell every act of the audit log in words.")
def test_every_act_that_is_entered_has_words() -> None:
    found = list(written())
    assert len(found) > 150
    assert {name: place for name, place in found if name not in WORDS} == {}


def test_words_are_sentences_with_a_verb_and_of_no_dialect() -> None:
    for act, text in WORDS.items():
        assert text[0].isupper() and not text.endswith(".") and act not in text, act
        assert not re.search(r"\b(mandate|duty|bar|capture)\b", text), f"{act}: {text}"


def test_an_act_without_words_is_told_without_its_dot() -> None:
    assert words("new-thing.was-done") == "New thing: was done" and words("rebuild") == "Rebuild"
