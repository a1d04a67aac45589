"""Officers read what checks have seen in words."""

from __future__ import annotations

from civicmail.city.policy.finding_labels import code_label, describe


def test_codes_are_told_in_words_and_an_unknown_one_as_it_is() -> None:
    assert code_label("spf", "none") == "its owner publishes nothing"
    assert code_label("files", "executable") == "a program"
    assert code_label("clamav", "unavailable") == "could not be made"
    assert code_label("files", "never-heard-of") == "never heard of"


def test_what_means_the_same_is_said_once() -> None:
    found = describe("confidential", ["bank", "iban", "ssn"])
    assert found == ("confidential information", "bank accounts, social security numbers")
    assert describe("rspamd", ["score"]) == ("Rspamd", "score")
