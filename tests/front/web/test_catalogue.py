"""The catalogue of Spanish is whole: every sentence for employees and residents is in it, translated, and compiled."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from civicmail.city.policy.active_rules import active_or_starter
from civicmail.city.policy.clauses import CLAUSES
from tools import messages


@pytest.mark.rule("P-18", "Every sentence for employees is in the catalogue, translated and compiled.")
def test_the_catalogue_has_what_is_said_and_every_message_is_translated() -> None:
    """What is found in the program and the catalogue are the same; nothing is left in English, no value gets lost."""
    catalog = messages.merged()
    assert messages.missing(catalog) == []
    said = "run: .venv/bin/python tools/messages.py, and translate what is new"
    assert messages.PO.read_bytes() == messages.po(catalog), said
    assert messages.PO.with_suffix(".mo").read_bytes() == messages.mo(catalog), said


def test_what_is_compiled_is_what_the_program_reads() -> None:
    with messages.PO.with_suffix(".mo").open("rb") as h:
        spanish = gettext.GNUTranslations(h)
    for clause in CLAUSES.values():
        for text in (clause.title, clause.says, clause.means, clause.does):
            assert spanish.gettext(text) != text, clause.number


def test_values_of_a_sentence_stay_in_every_language() -> None:
    """Braces of sentences, which Babel does not look at."""
    for message in messages.read():
        for english, spanish in ((message.id, message.string),):
            if isinstance(english, str) and english:
                assert messages.values(english) == messages.values(str(spanish)), english


def test_what_rules_of_the_starter_pack_say_to_people_is_in_it(tmp_path: Path) -> None:
    """To whoever sends, to whoever reads, and whom to ask."""
    found = messages.extracted()
    said = {words for rule in active_or_starter(tmp_path).rules for words in (rule.sender, rule.reader, rule.ask) if words}
    assert len(said) > 40 and [words for words in said if words not in found] == []
