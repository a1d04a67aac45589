"""One answer to several rows: each is decided by the verb of its own page, and one that fails does not stop the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.core.config.errors import LaterError

MAX_ROWS = 50
"""Rows in one answer: a page of their list."""


@dataclass(frozen=True, slots=True)
class Single[Row]:
    """A row that takes an answer of its own, and why."""

    row: Row
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome[Row, Result]:
    """decisions: rows with the results of their verb; singles: the others."""

    decisions: list[tuple[Row, Result]]
    singles: list[Single[Row]]


def sort_out[Row](rows: Iterable[Row], reason_alone: Callable[[Row], str]) -> tuple[list[Row], list[Single[Row]]]:
    """The rows that may get an answer together, and the others. reason_alone: why a row takes an answer of its own, else ""."""
    reasons = [(row, reason_alone(row)) for row in rows]
    return [row for row, reason in reasons if not reason], [Single(row, reason) for row, reason in reasons if reason]


def answer_each[Row, Result](
    rows: Iterable[Row], verb: Callable[[Row], Result], singles: Iterable[Single[Row]]
) -> Outcome[Row, Result]:
    """Decide each row by the verb, in a transaction of its own. singles: those that were left out before."""
    outcome: Outcome[Row, Result] = Outcome([], list(singles))
    for row in rows:
        try:
            result = verb(row)
        except (NotPermitted, Conflict, Unusable, LaterError) as error:
            outcome.singles.append(Single(row, str(error)))
        else:
            outcome.decisions.append((row, result))
    return outcome
