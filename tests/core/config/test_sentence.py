"""Sentences of rules: English wherever they go, and made from a text that a page can look up."""

from __future__ import annotations

import copy
import json
from datetime import date

import orjson

from civicmail.core.config.errors import RefusedError
from civicmail.core.config.sentence import Sentence, sentence


def test_a_sentence_is_english_text_and_knows_what_it_was_made_from() -> None:
    made = sentence("Your access ended on {day}; ask {whom}.", day=date(2026, 3, 2), whom=sentence("The access office").lower())
    assert made == "Your access ended on 2 March 2026; ask the access office."
    assert (made.text, set(made.values)) == ("Your access ended on {day}; ask {whom}.", {"day", "whom"})
    assert sentence("100 {braces} stay where nothing is filled in.") == "100 {braces} stay where nothing is filled in."


def test_small_letters_are_remembered() -> None:
    role = sentence("Records officer")
    assert (role.lower(), role.lower().text, role.lower().small, role.small) == ("records officer", "Records officer", True, False)


def test_it_goes_wherever_text_goes() -> None:
    made = sentence("No {what}.", what="mail")
    assert orjson.loads(orjson.dumps({"why": made})) == json.loads(json.dumps({"why": made})) == {"why": "No mail."}
    again = copy.deepcopy(made)
    assert isinstance(again, Sentence) and (again, again.text, again.values) == (made, made.text, made.values)
    error = RefusedError(made)
    assert str(error) == "No mail." and error.args[0].text == "No {what}."
