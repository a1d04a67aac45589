"""Officers read what checks have seen in words."""

from __future__ import annotations

from civicmail.city.policy.seen import in_words, words


def test_codes_are_told_in_words_and_an_unknown_one_as_it_is() -> None:
    assert words("spf", "none") == "its owner publishes nothing"
    assert words("files", "executable") == "a program"
    assert words("clamav", "unavailable") == "could not be made"
    assert words("files", "never-heard-of") == "never heard of"


def test_what_means_the_same_is_said_once() -> None:
    found = in_words("confidential", ["bank", "iban", "ssn"])
    assert found == ("confidential information", "bank accounts, social security numbers")
    assert in_words("rspamd", ["score"]) == ("Rspamd", "score")
