"""One table has the words and colors of states (city/pages/states.py); nobody writes another."""

from __future__ import annotations

import ast
import re
from collections import Counter

import pytest
from django.utils import translation

from civicmail.city.pages.states import STATES, choices, key_of, label, labels
from civicmail.city.pages.wording import translate
from house.sources import PACKAGE, ROOT, modules, name, tree
from house.test_state_tables import TABLES

ROLES = frozenset({"plain", "quiet", "wait", "done", "warn", "stop", "lock"})
TABLE = "src/civicmail/city/pages/states.py"
FACTS = {
    "src/civicmail/city/conduct/queries/consequence_check.py": "a state, and a sentence beside it",
    "src/civicmail/city/conduct/queries/violation_tasks.py": "how urgent a task is",
    "src/civicmail/city/conduct/views/sponsors.py": "what is out of order",
    "src/civicmail/city/identity/lists/people.py": "what is out of order",
    "src/civicmail/city/identity/queries/home_tasks.py": "how urgent a task is",
    "src/civicmail/city/identity/views/feeds.py": "what a line of a feed does",
    "src/civicmail/desk/holding/tasks.py": "how urgent a task is",
    "src/civicmail/desk/mailbox/views/invitation_cards.py": "a sentence about a meeting",
    "src/civicmail/desk/oversight/views/screening.py": "what a check has found",
    "src/civicmail/front/web/home.py": "how urgent a task is",
}
"""Modules whose colored words are facts, not states."""
NOTES = {
    "city/identity/templates/identity/use.html",
    "city/identity/templates/identity/protected.html",
    "city/identity/templates/identity/request.html",
    "city/conduct/templates/conduct/campaign.html",
    "city/conduct/templates/conduct/reviewrow.html",
    "desk/workbench/templates/workbench/mandate.html",
    "desk/viewer/templates/viewer/file_row.html",
    "desk/mailbox/templates/mailbox/kept.html",
    "desk/mailbox/templates/mailbox/panel.html",
    "front/web/templates/saved_views.html",
}
"""Templates with colored remarks beside a row."""
QUESTIONS = re.compile(r"Waits for (you|anybody|others)|A version is on its way|Not confirmed|Its owner works elsewhere")
"""What filters ask besides a state."""


def _word(node: ast.expr) -> str:
    """The text of a literal, also of one that is marked for translation; "" for everything else."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _pairs(top: ast.AST) -> list[tuple[str, str]]:
    """Pairs of a key and a text, written by hand."""
    tuples = [
        n.elts for n in ast.walk(top) if isinstance(n, ast.Tuple) and len(n.elts) == 2 and isinstance(n.elts[0], ast.Constant)
    ]
    return [(str(key.value), _word(word)) for key, word in tuples if isinstance(key, ast.Constant)]


def _cells(top: ast.AST) -> list[str]:
    calls = [
        n for n in ast.walk(top) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "Cell" and n.args
    ]
    return [word for n in calls if any(k.arg == "role" for k in n.keywords) and (word := _word(n.args[0]))]


@pytest.mark.rule("house", "The words and colors of states are from one table.")
def test_no_module_pairs_a_color_with_a_word_of_its_own() -> None:
    found = {}
    for path in modules("src/civicmail"):
        if name(path) != TABLE:
            words = [word for role, word in _pairs(tree(path)) if role in ROLES and word[:1].isupper()] + _cells(tree(path))
            if words:
                found[name(path)] = words
    assert {place: words for place, words in found.items() if place not in FACTS} == {}
    assert set(FACTS) - set(found) == set(), "these have none any more"


def test_no_filter_of_states_has_words_of_its_own() -> None:
    found = []
    for path in modules("src/civicmail"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Filter" and node.args and _word(node.args[0]) == "state":
                found += [f"{name(path)}: {word}" for _, word in _pairs(node) if word and not QUESTIONS.search(word)]
            if (
                isinstance(node, ast.ClassDef)
                and "State" in node.name
                and any("Choices" in ast.unparse(base) for base in node.bases)
            ):
                found.append(f"{name(path)}: {node.name}")
    assert found == []


def test_no_template_writes_a_state_by_hand() -> None:
    written = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("templates/**/*.html")
        if re.search(r"""\{%\s*status\s+["']|class="cm-st[ "]""", path.read_text())
    }
    assert written == NOTES


LONG = {"awaiting-approval", "pretender"}
"""States of one's own mail that say what is waited for, and who pretends to be whom."""


def test_each_state_has_a_color_and_a_meaning_and_is_used_and_documented() -> None:
    used = "".join(
        path.read_text() for path in [*modules("src/civicmail"), *PACKAGE.rglob("templates/**/*.html")] if name(path) != TABLE
    )
    listed = re.findall(r"(?m)^\| `([a-z-]+)` \| (.+) \| (\w+) \| (.+) \|$", (ROOT / "docs" / "states.md").read_text())
    assert listed == [(key, word, role, meaning) for key, (role, word, meaning) in STATES.items()]
    for key, (role, word, meaning) in STATES.items():
        assert role in ROLES and (len(word.split()) <= 2 or key in LONG) and meaning, key
        assert re.search(rf"\W{re.escape(key)}\b", used), f"nobody uses {key}"


@pytest.mark.rule("house", "No two states have the same word, or the same meaning.")
def test_a_word_has_one_meaning_and_a_meaning_one_word() -> None:
    """In English and in Spanish, by which a pill leads to its meaning (pages/states.py:key_of)."""
    for language in ("en", "es"):
        with translation.override(language):
            for texts in zip(*((translate(word), translate(meaning)) for _, word, meaning in STATES.values()), strict=True):
                assert [text for text, n in Counter(texts).items() if n > 1] == [], language
    assert all(key_of(word) == key for key, (_, word, _) in STATES.items())


@pytest.mark.rule("house", "No module has words of its own for the states of a table.")
def test_no_module_words_the_states_of_a_table_by_itself() -> None:
    """A dictionary with words for most states of a table is a second table. Sentences say what follows for the reader."""
    tables = [{s.source for s in t.steps} | {s.target for s in t.steps} for t in TABLES.values()]
    found = {}
    for path in modules("src/civicmail"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Dict) and name(path) != TABLE:
                texts = {str(k.value): _word(v) for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
                keys = {key for key, text in texts.items() if text and not text.endswith(".")}
                if len(keys) > 2 and any(2 * len(keys & states) > len(states) for states in tables):
                    found[name(path)] = f"line {node.lineno}"
    assert found == {}


RAW = re.compile(r"\{\{ *[\w.]+\.state *\}\}")
HIDDEN = re.compile(r'<input type="hidden"[^>]*>|\{\{ form\.state \}\}')


def test_no_stored_value_is_shown_for_a_state() -> None:
    """Neither by a template nor by the message of an act or a command."""
    shown = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("templates/**/*.html")
        if RAW.search(HIDDEN.sub("", path.read_text()))
    ]
    assert shown == ["city/conduct/templates/conduct/evidence.html"], "whose state is a word already"
    said = []
    for path in modules("src/civicmail"):
        if "acts" in path.parts or "cli" in path.parts:
            values = [n.value for n in ast.walk(tree(path)) if isinstance(n, ast.FormattedValue)]
            said += [name(path) for value in values if isinstance(value, ast.Attribute) and value.attr == "state"]
    assert said == []


def test_a_room_maps_its_stored_values_in_the_order_of_the_table() -> None:
    shown = labels("approved", waits="pending", refused="denied")
    assert list(shown) == ["waits", "approved", "refused"] and shown["refused"] == label("denied") == ("stop", "Denied")
    assert choices(shown, waits="1 of 2") == [("waits", "Pending, 1 of 2"), ("approved", "Approved"), ("refused", "Denied")]
