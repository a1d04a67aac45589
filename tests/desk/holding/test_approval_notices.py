"""Whoever hears of files that wait by mail reads it in their own language (P-22)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from civicmail.city.directory.models import Person
from civicmail.city.notices.models import Notice
from civicmail.desk.holding.actions import approval_notices, approval_requests, standing_approvals
from civicmail.desk.holding.actions.standing_approvals import FileScope
from civicmail.desk.holding.models import StandingApproval
from desk.holding.leaving import ACME, PDF, Bureau, bureau
from desk.holding.test_approvals import answer
from desk.holding.test_approvals import clock as clock
from desk.mailbox.conftest import city as city
from pages.world import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(clock: Any, installed: Path, city: Town) -> Iterator[Bureau]:
    with bureau(installed, city) as made:
        yield made


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sentence says in which language it was asked for."""
    monkeypatch.setattr(approval_notices, "gettext", lambda text: f"{translation.get_language()}|{text}")


def _speak(language: str) -> None:
    Person.objects.update(language=language)


@pytest.mark.rule("P-22", "Notices of waiting files are in the reader's language.")
@pytest.mark.parametrize("language", ["es", "en"])
def test_who_is_asked_and_who_sent_it_read_it_in_their_own_language(files: Bureau, spoken: None, language: str) -> None:
    """The question, the answer, and what was approved and waits all the same."""
    _speak(language)
    row = files.asked("crew0", ACME)
    answer(files, row, "head", "refuse", reason="These are estimates.")
    approval_requests.notify_still_held(row, list(row.copies.all()), files.desk.now)
    told = list(Notice.objects.filter(key__startswith="approval"))
    assert {n.key.partition(":")[0] for n in told} == {"approval-waits", "approval", "approval-kept"}
    other = {"es": "en", "en": "es"}[language]
    for notice in told:
        for said in (notice.subject, notice.text):
            assert f"{language}|" in said.lower() and f"{other}|" not in said.lower(), notice.key


def test_each_answer_is_a_letter_and_a_withdrawal_is_none(files: Bureau) -> None:
    """With the words of whoever decided, and where it is read how it stands."""
    row = files.asked("crew0", ACME, files={"bid-14.pdf": PDF, "costs.pdf": PDF + b"c", "plan.pdf": PDF + b"p"})
    copy = row.copies.get()
    copy.by, copy.reason = files.town.people["head"], "Estimates only."
    for state, words in (("approved", "on their way"), ("refused", "did not approve"), ("records", "P-21"), ("expired", "in time")):
        copy.state = state
        said = approval_notices.decision_notice(row, [copy])
        assert said is not None and said[0].startswith("Your files ") and words in said[1], state
        assert "Why: Estimates only." in said[1] and f"/holding/approvals/{row.pk}/" in said[1] and ACME in said[1]
    copy.state = "withdrawn"
    assert approval_notices.decision_notice(row, [copy]) is None
    copy.state, copy.without = "approved", [part[3] for part in row.parts[:2]]
    some = approval_notices.decision_notice(row, [copy])
    assert some is not None and "some of your 3 files. They are on their way; files 1 and 2 do not leave." in some[1]


def test_what_leaves_without_a_question_is_asked_about_in_the_language_of_who_reads_it(files: Bureau, spoken: None) -> None:
    """Halfway."""
    _speak("es")
    now, where = files.desk.now, files.town.departments["public-works"]
    head = files.town.people["head"]
    day = 86_400_000
    StandingApproval.objects.create(
        department=where,
        domain="acme.example",
        reason="The same each week.",
        by=head,
        made=approval_requests.from_ms(now - 10 * day),
        until=approval_requests.from_ms(now + 9 * day),
    )
    assert FileScope(domain="acme.example").is_wide is False and standing_approvals.request_reviews(now) == 1
    told = list(Notice.objects.filter(key__startswith="standing:"))
    assert told and all("es|" in n.subject and n.text.startswith("es|") for n in told)
