"""What is owed to the policy, at every date (P1, P2; P-18)."""

from __future__ import annotations

from datetime import date

import pytest

from civicmail.city.access.moments import DAY
from civicmail.city.access.standing import GRACE, YEAR, Answers, Facts, Version, owed, why

T = 1_800_000_000_000
ONE, TWO, MINOR = Version(1, T), Version(2, T + 100 * DAY), Version(2, T + 100 * DAY, material=False)


def _over(versions: tuple[Version, ...], said: Answers, now: int) -> bool:
    due = owed(versions, said, now)
    return due is not None and due.is_over(now)


def test_the_first_access_needs_acceptance_and_has_no_grace() -> None:
    assert owed((), Answers(), T) is None
    assert _over((ONE,), Answers(), T) and _over((ONE,), Answers(began=T + 1), T + 2)
    assert owed((ONE,), Answers(1, T + DAY), T + 2 * DAY) is None


def test_who_had_access_before_there_was_a_policy_has_grace_once() -> None:
    said = Answers(began=T - 1)
    assert not _over((ONE,), said, T + GRACE - 1) and _over((ONE,), said, T + GRACE)
    assert _over((ONE, TWO), said, TWO.at), "a second text gives no second grace"


@pytest.mark.parametrize(("versions", "due"), [((ONE, TWO), TWO.at), ((ONE, MINOR), T + YEAR), ((ONE,), T + YEAR)])
def test_a_material_version_and_a_year_ask_again_with_grace(versions: tuple[Version, ...], due: int) -> None:
    said = Answers(1, T)
    assert owed(versions, said, due - 1) is None
    asked = owed(versions, said, due)
    assert asked is not None and asked.version == versions[-1].number and not asked.is_over(due)
    assert not _over(versions, said, due + GRACE - 1) and _over(versions, said, due + GRACE)


def test_declining_stops_at_once_until_accepted_after_all() -> None:
    assert _over((ONE,), Answers(1, T, T + DAY), T + DAY)
    assert owed((ONE,), Answers(1, T + 2 * DAY, T + DAY), T + 2 * DAY) is None


def test_a_version_of_tomorrow_is_not_asked_today() -> None:
    assert owed((Version(1, T + 1),), Answers(), T) is None


def test_each_reason_has_its_own_sentence() -> None:
    due = owed((ONE,), Answers(), T)
    declined = owed((ONE,), Answers(1, T, T + 1), T + 2)
    facts = [
        Facts(employed=False),
        Facts(employed=False, ended=date(2026, 3, 2)),
        Facts(employed=False, ended=date(2026, 3, 2), firm="Acme"),
        Facts(firm="Acme"),
        Facts(firm="Acme", over=date(2026, 3, 2)),
        Facts(agency="Acme"),
        Facts(locked=True),
        Facts(),
        Facts(active=True, owed=due),
        Facts(active=True, owed=declined),
    ]
    said = [why(f, T + 2) for f in facts]
    assert all(said) and len(set(said)) == len(facts) and all(s.isascii() and s.endswith(".") for s in said)
    assert why(Facts(active=True), T) == "" == why(Facts(active=True, firm="Acme"), T)
    assert all("sponsor" in s and "P-09" in s for f, s in zip(facts, said, strict=True) if f.firm), "who is of an agency has one"
