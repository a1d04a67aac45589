"""What belongs to a copy of an installation, by its path."""

from __future__ import annotations

import pytest

from civicmail.mail.replica.contents import belongs


@pytest.mark.rule("P-17, promise 4", "The files of exports are no part of a copy of the installation.")
@pytest.mark.parametrize("path", ["exports/3/export.zip", "exports/3/messages.jsonl", "exports/3/mark.json"])
def test_files_of_exports_stay_where_they_were_made(path: str) -> None:
    """Mail in the clear, for one person and two weeks."""
    assert not belongs(path)


@pytest.mark.parametrize("path", ["keys/ledger.pub", "segments/mail/2026-03/a.seg", "ledger/entries.log", "civicmail.toml"])
def test_what_is_kept_belongs_to_it(path: str) -> None:
    assert belongs(path)


def test_what_was_learnt_of_spam_is_made_anew_and_what_was_taught_is_kept() -> None:
    learnt = ("spam.model", "learner", "learner.2026-03-02", "correspondents")
    assert not any(belongs(f"screening/{name}") for name in learnt)
    assert belongs("screening/taught") and belongs("screening/taught/spam/" + "0" * 64)


@pytest.mark.rule("P-22", "An answer about files sends no other answer to a copy of the installation.")
def test_an_answer_about_files_sends_no_other_answer_to_the_copy() -> None:
    """They are made anew from the tables, which are in it."""
    assert not belongs("policy/answers") and belongs("policy/approvals.json") and belongs("policy/active.toml")
