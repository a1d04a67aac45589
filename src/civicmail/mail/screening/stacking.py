"""Combine our spam log-odds with the scores of Rspamd and SpamAssassin (Wolpert, "Stacked generalization", 1992). Pure.

A row holds the scores from before the message's label was known, and a trial is tested only on newer rows. Otherwise every filter
would look perfect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OWN = "own"
ROUNDS = 25
RIDGE = 1.0
"""Strength of the L2 penalty: with few rows no filter is trusted blindly."""
MIN_MESSAGES = 50
"""Messages of each kind needed before scores are combined."""
OLDER = 0.7
"""Share of the rows that train the trial."""
MIN_JUDGED = 15
GAIN = 0.9
"""Loss relative to our own scores below which combining is worthwhile: a combination that is no better only makes verdicts harder
to explain."""
FAR = 5.0
"""Standard deviations beyond which a score counts no further."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stack:
    """names: of the scores, OWN first; weights: after centering and scaling."""

    names: tuple[str, ...]
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def odds(self, scores: Mapping[str, float]) -> float | None:
        """Combined log-odds; None if a score is missing."""
        if any(name not in scores for name in self.names):
            return None
        return float(self.each(np.array([[scores[name] for name in self.names]]))[0])

    def each(self, rows: Floats) -> Floats:
        """Log-odds of rows, columns in the order of names."""
        odds: Floats = scaled(rows, np.array(self.middle), np.array(self.spread)) @ np.array(self.weights) + self.bias
        return odds

    def plain(self) -> dict[str, Any]:
        return {
            "names": list(self.names),
            "middle": list(self.middle),
            "spread": list(self.spread),
            "weights": list(self.weights),
            "bias": self.bias,
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Stack:
        return cls(
            tuple(plain["names"]), tuple(plain["middle"]), tuple(plain["spread"]), tuple(plain["weights"]), float(plain["bias"])
        )


def fit(names: Sequence[str], rows: Floats, spam: NDArray[np.bool_]) -> Stack | None:
    """Fit a stack. rows: one for each message, columns in the order of names; spam: labels. None with too few messages of a
    kind."""
    if min(int(spam.sum()), int((~spam).sum())) < MIN_MESSAGES:
        return None
    middle = rows.mean(axis=0)
    spread = np.maximum(rows.std(axis=0), 1e-6)
    weights = _logistic(np.column_stack([scaled(rows, middle, spread), np.ones(len(rows))]), spam.astype(np.float64))
    return Stack(tuple(names), tuple(middle.tolist()), tuple(spread.tolist()), tuple(weights[:-1].tolist()), float(weights[-1]))


def worthwhile(names: Sequence[str], rows: Floats, spam: NDArray[np.bool_]) -> Stack | None:
    """Fit a stack if it beats our own scores on the newer rows after training on the older ones. rows: in order of time. None
    otherwise."""
    cut = int(OLDER * len(rows))
    trial = fit(names, rows[:cut], spam[:cut])
    newer, truth = rows[cut:], spam[cut:]
    if trial is None or min(int(truth.sum()), int((~truth).sum())) < MIN_JUDGED:
        return None
    together = trial.each(newer)
    return fit(names, rows, spam) if lost_area(together, truth) < GAIN * lost_area(newer[:, 0], truth) else None


def lost_area(scores: Floats, spam: NDArray[np.bool_]) -> float:
    """1 minus the area under the ROC curve: how often good mail scores above spam (ties count half). Both kinds must be present."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    bad = int(spam.sum())
    return float(1 - (ranks[spam].sum() - bad * (bad + 1) / 2) / (bad * (len(spam) - bad)))


def scaled(rows: Floats, middle: Floats, spread: Floats) -> Floats:
    return np.clip((rows - middle) / spread, -FAR, FAR)


def _logistic(rows: Floats, labels: Floats) -> Floats:
    """Logistic regression by Newton's method with a ridge; both kinds have equal weight."""
    share = labels.mean()
    counts = np.where(labels > 0, 0.5 / share, 0.5 / (1 - share))
    ridge = RIDGE * np.eye(rows.shape[1])
    ridge[-1, -1] = 1e-3
    weights = np.zeros(rows.shape[1])
    for _ in range(ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (counts * (p - labels)) + ridge @ weights
        curve = (rows * (counts * p * (1 - p))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curve, slope)
        weights -= step
        if float(np.abs(step).max()) < 1e-6:
            break
    return weights
