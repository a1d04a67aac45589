"""Scores of unlike programs put together (P-02): better than each alone, careful with few messages, not without one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from civicmail.mail.screening import stacking
from civicmail.mail.screening.examples import Example
from civicmail.mail.screening.learner import Learner
from civicmail.mail.screening.stacking import MIN_MESSAGES, OWN, Stack, fit, worthwhile
from mail.screening.test_learner import T0, look

Bools = NDArray[np.bool_]


def made(count: int = 400, seed: int = 1) -> tuple[NDArray[np.float64], Bools]:
    """Two programs that err independently, one of them on a scale of its own, and a third that says nothing."""
    chance = np.random.default_rng(seed)
    spam = np.arange(count) % 2 == 0
    sign = np.where(spam, 1.0, -1.0)
    own, other = sign + chance.normal(0, 1.2, count), 10 + 8 * (sign + chance.normal(0, 1.2, count))
    return np.column_stack([own, other, np.full(count, 3.0)]), spam


def errors(scores: NDArray[np.float64], spam: Bools) -> int:
    return int(((scores > np.median(scores)) != spam).sum())


def test_together_they_err_less_than_each_alone() -> None:
    rows, spam = made()
    stack = fit((OWN, "rspamd", "spamd"), rows, spam)
    assert stack is not None
    later, truth = made(seed=2)
    together = np.array([stack.odds({OWN: a, "rspamd": b, "spamd": c}) for a, b, c in later], np.float64)
    assert errors(together, truth) < min(errors(later[:, 0], truth), errors(later[:, 1], truth))
    assert all(weight > 0 for weight in stack.weights[:2]) and abs(stack.weights[2]) < 1e-6


def test_where_one_of_them_is_away_nothing_is_put_together() -> None:
    stack = Stack((OWN, "rspamd"), (0.0, 0.0), (1.0, 1.0), (1.0, 1.0), 0.0)
    assert stack.odds({OWN: 1.0}) is None and stack.odds({OWN: 1.0, "rspamd": 1.0, "spamd": 9.0}) == 2.0


@pytest.mark.parametrize("of_a_kind", [0, 1, MIN_MESSAGES - 1])
def test_few_messages_of_a_kind_put_nothing_together(of_a_kind: int) -> None:
    spam = np.arange(300) < of_a_kind
    assert fit((OWN,), np.arange(300.0)[:, None], spam) is None
    assert fit((OWN,), np.arange(300.0)[:, None], ~spam) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2 * MIN_MESSAGES, max_size=2 * MIN_MESSAGES), st.floats(-1e9, 1e9))
@settings(max_examples=25)
def test_whatever_the_scores_are_the_answer_is_a_number_and_no_score_decides_alone(scores: list[float], asked: float) -> None:
    spam = np.arange(2 * MIN_MESSAGES) % 2 == 0
    stack = fit((OWN, "spamd"), np.column_stack([scores, scores[::-1]]), spam)
    assert stack is not None and Stack.from_plain(stack.plain()) == stack
    odds = stack.odds({OWN: asked, "spamd": 0.0})
    assert odds is not None and np.isfinite(odds)
    far = stack.odds({OWN: asked * 1e6, "spamd": 0.0})
    assert far is not None and abs(far - odds) <= 2 * stacking.FAR * abs(stack.weights[0]) + 1e-6


def test_what_is_not_better_than_our_own_scores_is_not_put_together() -> None:
    """On the public corpus Rspamd's rules without DNS made our own scores worse."""
    rows, spam = made()
    assert worthwhile((OWN, "rspamd", "spamd"), rows, spam) is not None
    noise = np.column_stack([rows[:, 0], np.random.default_rng(3).normal(0, 1, len(rows))])
    assert worthwhile((OWN, "rspamd"), noise, spam) is None
    perfect = np.column_stack([np.where(spam, 1.0, -1.0), rows[:, 1]])
    assert worthwhile((OWN, "rspamd"), perfect, spam) is None


def told(with_scores: int) -> Iterator[tuple[str, bool, dict[str, float]]]:
    for n in range(220):
        yield f"h-{n}", False, {"spamd": -1.0 + n % 3 / 10} if n < with_scores else {}
        if n % 3 == 0:
            yield f"s-{n}", True, {"spamd": 6.0 + n % 5 / 10} if n < with_scores else {}


def test_the_learner_puts_together_what_enough_messages_have() -> None:
    """All messages are alike, so that the other program alone tells them apart."""
    alike = look("h-0")

    def model(with_scores: int) -> Any:
        learner = Learner(lambda _key: alike)
        for n, (key, spam, others) in enumerate(told(with_scores)):
            learner.learn(Example(key, spam, "", "operator", T0 + n, others=others), alike, T0 + n)
        return learner.model(T0)

    assert model(0).stack is None and model(100).stack is None
    full = model(220)
    assert full.stack is not None and full.stack.names == (OWN, "spamd") and full.stacked is not None
    bands = [full.stacked.band(full.stack.odds({OWN: full.odds(alike), "spamd": said})) for said in (-1.0, 6.0)]
    assert bands == ["ham", "spam"]
