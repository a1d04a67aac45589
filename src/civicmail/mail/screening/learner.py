"""The spam learner: logistic regression, updated at each label, with replay of older labels.

A message changes the weights only while the model is unsure of it (thick threshold, Sculley and Cormack, CEAS 2008). After each
new message a few older ones of both kinds are replayed, as if labels arrived in a fair mixture. The amount taught by each message
is kept, so that it can be taken back exactly: weights are sums. Pure: the caller supplies tokens and time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from civicmail.mail.screening import stacking, thresholds
from civicmail.mail.screening.examples import TRUSTED, Book, Example
from civicmail.mail.screening.model import Edges, Model, Taught, Weights, factor, log_odds
from civicmail.mail.screening.stacking import OWN, Stack
from civicmail.mail.screening.thresholds import Good
from civicmail.mail.screening.tokens import BITS, Tokens

RATE = 0.5
THICK = 0.3
"""How uncertain the model must be of a message to learn from it."""
BIAS = 0.1
REPLAYED = 4
"""Older messages of each kind that are replayed after each new one."""
MIN_HAM, MIN_SPAM = 200, 50
"""With fewer the model says nothing."""
MIN_GOOD = 15
"""Scores of good mail needed to set the edges."""
WORSE_SHARE, MIN_WORSE = 0.01, 3
"""Share of canaries that may be lost anew, and the least number of them, before a model is rolled back."""

TokenLookup = Callable[[str], Tokens | None]
"""The tokens of a message by its key; None when it is no longer kept."""


@dataclass(frozen=True, slots=True)
class Safe:
    """Weights that lost no good mail, and what each message had taught until then."""

    weights: Weights
    bias: float
    edges: Edges | None
    taught: Mapping[tuple[str, str], float]


class Learner:
    """look: gives the tokens of messages learned before."""

    def __init__(self, look: TokenLookup, weights: Weights | None = None, bias: float = 0.0) -> None:
        self.weights = np.zeros(1 << BITS, np.float32) if weights is None else np.array(weights, np.float32)
        self.bias = bias
        self.book = Book()
        self._look = look
        self.rolled_back = 0  # ms of the last roll-back
        self._ready = False
        self._chance = np.random.default_rng(len(self.book.all))

    def odds(self, made: Tokens) -> float:
        return log_odds(self.weights, self.bias, made)

    def learn(self, example: Example, made: Tokens, now: int) -> bool:
        """Learn a label; an earlier label of the same person for this message is taken back. False when the person's daily limit
        is reached. now: epoch ms."""
        self.unlearn(example.key, example.by, made)
        if not self.book.hears(example, now):
            return False
        example.odds, example.measured = self.odds(made), self.is_ready
        self.book.add(example)
        if example.is_learnt:
            self._step(example, made, now)
        self.replay(now)
        return True

    def replay(self, now: int, each: int = REPLAYED) -> None:
        """Learn from some older messages of both kinds again."""
        for spam in (False, True):
            older = self.book.of_kind(spam=spam)
            for at in self._chance.integers(0, len(older), each if older else 0).tolist():
                if (made := self._look(older[at].key)) is not None:
                    self._step(older[at], made, now)
                else:  # what was disposed of is not looked at again
                    self.book.remove(older[at].key, older[at].by)

    def unlearn(self, key: str, by: str, made: Tokens | None) -> Example | None:
        """Take back what a person taught with a message; None if nothing. made: its tokens, or None when it is no longer kept:
        then the label goes, and its weights stay."""
        example = self.book.remove(key, by)
        if example is not None and made is not None and example.taught:
            self._move(-example.taught if example.spam else example.taught, made)
            example.taught = 0.0
        return example

    def _step(self, example: Example, made: Tokens, now: int) -> None:
        p = 1 / (1 + math.exp(-max(-30.0, min(30.0, self.odds(made)))))
        wrong = 1 - p if example.spam else p
        if wrong <= THICK:
            return
        step = min(RATE * wrong, self.book.left(example, now))
        if step > 0:
            self._move(step if example.spam else -step, made)
            example.taught += step

    def _move(self, step: float, made: Tokens) -> None:
        for ids in made.values():
            self.weights[ids] += np.float32(step * factor(ids))
        self.bias += step * BIAS

    # -- what is published -------------------------------------------------------------------------------------------------

    def model(self, now: int) -> Model:
        """The current model, sharing our weights."""
        ham = [e for e in self.book.all.values() if not e.spam and not e.aside]
        spam = sum(1 for e in self.book.all.values() if e.spam and not e.aside)
        ready = self.is_ready
        edges = thresholds.edges(self._good(ham), now) if ready else None
        stack, stacked = self._stacked(now) if ready else (None, None)
        return Model(self.weights, self.bias, now, len(ham), spam, edges, stack, stacked, taught=self._taught())

    def _good(self, ham: list[Example]) -> list[Good]:
        """Scores of good mail before it was learned: as measured then when the model was ready, else of canaries now. When
        somebody has just taught much spam and then good mail, no other score is reliable."""
        good: list[Good] = []
        for example in ham:
            odds: float | None = example.odds
            if not example.measured:
                made = self._look(example.key) if example.canary else None
                odds = None if made is None else self.odds(made)
            if odds is not None:
                good.append(Good(example.at, "" if example.how in TRUSTED else example.by, odds))
        if len(good) >= MIN_GOOD:
            return good
        return [Good(e.at, "" if e.how in TRUSTED else e.by, e.odds) for e in ham]

    def _taught(self) -> Taught:
        how: dict[str, tuple[int, int]] = {}
        for example in self.book.all.values():
            good, spam = how.get(example.how, (0, 0))
            how[example.how] = (good + (not example.spam), spam + example.spam)
        return Taught(how, sum(e.aside for e in self.book.all.values()), len(self.book.canaries()), self.rolled_back)

    @property
    def is_ready(self) -> bool:
        """Whether it has learned enough to say anything; unlearning does not change that."""
        if not self._ready:
            counts = [0, 0]
            for example in self.book.all.values():
                counts[example.spam] += not example.aside
            self._ready = counts[0] >= MIN_HAM and counts[1] >= MIN_SPAM
        return self._ready

    def _stacked(self, now: int) -> tuple[Stack | None, Edges | None]:
        """Our scores combined with those of other programs, when enough messages have them and the combination is better."""
        names = sorted({name for e in self.book.all.values() for name in e.others})
        examples = [e for e in self.book.all.values() if names and not e.aside and all(name in e.others for name in names)]
        examples.sort(key=lambda e: e.at)
        if not examples:
            return None, None
        rows = np.array([[e.odds, *(e.others[name] for name in names)] for e in examples])
        stack = stacking.worthwhile((OWN, *names), rows, np.array([e.spam for e in examples]))
        if stack is None:
            return None, None
        good = [
            Good(e.at, "" if e.how in TRUSTED else e.by, odds)
            for e in examples
            if not e.spam and (odds := stack.odds({OWN: e.odds, **e.others})) is not None
        ]
        return stack, thresholds.edges(good, now)

    # -- canaries ----------------------------------------------------------------------------------------------------------

    def safe(self, edges: Edges | None) -> Safe:
        """A state to roll back to. edges: of the model that it belongs to."""
        taught = {who: example.taught for who, example in self.book.all.items()}
        return Safe(self.weights.copy(), self.bias, edges, taught)

    def is_worse(self, safe: Safe) -> bool:
        """Whether more canaries would be lost than with the older weights at their edge."""
        canaries = [made for e in self.book.canaries() if (made := self._look(e.key)) is not None]
        if safe.edges is None or not canaries:
            return False
        lost = sum(self.odds(made) > safe.edges.spam for made in canaries)
        then = sum(log_odds(safe.weights, safe.bias, made) > safe.edges.spam for made in canaries)
        return lost - then >= max(MIN_WORSE, WORSE_SHARE * len(canaries))

    def roll_back(self, safe: Safe, now: int) -> int:
        """Restore older weights and put later examples aside; return how many. now: epoch ms."""
        self.weights, self.bias, self.rolled_back = safe.weights.copy(), safe.bias, now
        put = 0
        for who, example in self.book.all.items():
            example.taught = safe.taught.get(who, 0.0)
            if who not in safe.taught and example.is_learnt:
                example.aside = True
                put += 1
        return put

    # -- as plain values ---------------------------------------------------------------------------------------------------

    def plain(self) -> dict[str, Any]:
        return {"bias": self.bias, "back": self.rolled_back, "examples": [e.plain() for e in self.book.all.values()]}

    @classmethod
    def from_plain(cls, look: TokenLookup, plain: Mapping[str, Any], weights: Weights) -> Learner:
        learner = cls(look, weights, plain["bias"])
        learner.rolled_back = plain["back"]
        for row in plain["examples"]:
            learner.book.add(Example(*row))
        return learner
