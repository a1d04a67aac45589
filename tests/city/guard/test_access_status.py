"""What is owed to the policy, at every date (P1, P2; P-18)."""

from __future__ import annotations

from datetime import date

import pytest

from civicmail.city.guard.access_status import GRACE_MS, YEAR_MS, MailFacts, PolicyAnswers, Version, policy_due, why_refused
from civicmail.city.guard.epoch import DAY_MS

T = 1_800_000_000_000
ONE, TWO, MINOR = Version(1, T), Version(2, T + 100 * DAY_MS), Version(2, T + 100 * DAY_MS, material=False)


def _over(versions: tuple[Version, ...], said: PolicyAnswers, now: int) -> bool:
    due = policy_due(versions, said, now)
    return due is not None and due.is_overdue(now)


def test_the_first_access_needs_acceptance_and_has_no_grace() -> None:
    assert policy_due((), PolicyAnswers(), T) is None
    assert _over((ONE,), PolicyAnswers(), T) and _over((ONE,), PolicyAnswers(began=T + 1), T + 2)
    assert policy_due((ONE,), PolicyAnswers(1, T + DAY_MS), T + 2 * DAY_MS) is None


def test_who_had_access_before_there_was_a_policy_has_grace_once() -> None:
    said = PolicyAnswers(began=T - 1)
    assert not _over((ONE,), said, T + GRACE_MS - 1) and _over((ONE,), said, T + GRACE_MS)
    assert _over((ONE, TWO), said, TWO.at), "a second text gives no second grace"


@pytest.mark.parametrize(("versions", "due"), [((ONE, TWO), TWO.at), ((ONE, MINOR), T + YEAR_MS), ((ONE,), T + YEAR_MS)])
def test_a_material_version_and_a_year_ask_again_with_grace(versions: tuple[Version, ...], due: int) -> None:
    said = PolicyAnswers(1, T)
    assert policy_due(versions, said, due - 1) is None
    asked = policy_due(versions, said, due)
    assert asked is not None and asked.version == versions[-1].number and not asked.is_overdue(due)
    assert not _over(versions, said, due + GRACE_MS - 1) and _over(versions, said, due + GRACE_MS)


def test_declining_stops_at_once_until_accepted_after_all() -> None:
    assert _over((ONE,), PolicyAnswers(1, T, T + DAY_MS), T + DAY_MS)
    assert policy_due((ONE,), PolicyAnswers(1, T + 2 * DAY_MS, T + DAY_MS), T + 2 * DAY_MS) is None


def test_a_version_of_tomorrow_is_not_asked_today() -> None:
    assert policy_due((Version(1, T + 1),), PolicyAnswers(), T) is None


def test_each_reason_has_its_own_sentence() -> None:
    due = policy_due((ONE,), PolicyAnswers(), T)
    declined = policy_due((ONE,), PolicyAnswers(1, T, T + 1), T + 2)
    facts = [
        MailFacts(employed=False),
        MailFacts(employed=False, ended=date(2026, 3, 2)),
        MailFacts(employed=False, ended=date(2026, 3, 2), firm="Acme"),
        MailFacts(firm="Acme"),
        MailFacts(firm="Acme", over=date(2026, 3, 2)),
        MailFacts(agency="Acme"),
        MailFacts(locked=True),
        MailFacts(),
        MailFacts(active=True, owed=due),
        MailFacts(active=True, owed=declined),
    ]
    said = [why_refused(f, T + 2) for f in facts]
    assert all(said) and len(set(said)) == len(facts) and all(s.isascii() and s.endswith(".") for s in said)
    assert why_refused(MailFacts(active=True), T) == "" == why_refused(MailFacts(active=True, firm="Acme"), T)
    assert all("sponsor" in s and "P-09" in s for f, s in zip(facts, said, strict=True) if f.firm), "who is of an agency has one"
