"""The published spam model: weights, band edges and reported texts. Gateways map it and never change it.

The learner (learner.py) publishes it whole as data/screening/spam.model. Gateways look for a new one every two seconds. A model
that has not learned enough says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from civicmail.core.disk.files import OS_FILES, Files
from civicmail.core.disk.published import Watched
from civicmail.mail.screening import tablefile
from civicmail.mail.screening.duplicate_index import NearDuplicateIndex
from civicmail.mail.screening.stacking import Stack
from civicmail.mail.screening.tokens import BITS, VERSION, Ids, Tokens

MARK = b"CVW1"
POLL_MS = 2_000
"""Milliseconds between two looks for a new model."""
MIN_IDS = 8
"""A family with fewer tokens counts as if it had this many: three odd words do not count as a whole message."""
CONTENT = ("bytes", "letters", "words")
"""Token families of the text; the others describe structure and transport."""
MIN_CONTENT_ODDS = 0.6
"""Log-odds that the text must contribute before a message is called spam. Good mail of a new kind is built unlike the training
mail, but its text has nothing of spam."""
STEEPNESS = 2.5
"""How steeply the score follows log-odds. The learner stops when it is sure enough, which is early."""

Weights = NDArray[np.float32]
Band = Literal["none", "ham", "unsure", "spam"]


def model_path(data: Path) -> Path:
    return data / "screening" / "spam.model"


def factor(ids: Ids) -> float:
    """The weight of one token, so that a family counts the same in short and long messages."""
    return 1 / math.sqrt(max(len(ids), MIN_IDS))


def log_odds(weights: Weights, bias: float, made: Tokens) -> float:
    """Evidence for spam; below 0 for good mail."""
    return bias + sum(float(weights[ids].sum(dtype=np.float64)) * factor(ids) for ids in made.values() if len(ids))


def score_of(odds: float) -> int:
    """1 to 1000."""
    return max(1, round(1000 / (1 + math.exp(-STEEPNESS * max(-20.0, min(20.0, odds))))))


@dataclass(frozen=True, slots=True)
class Edges:
    """Log-odds above which a message is in doubt, or spam."""

    unsure: float
    spam: float

    def band(self, odds: float) -> Band:
        if odds > self.spam:
            return "spam"
        return "unsure" if odds > self.unsure else "ham"


@dataclass(frozen=True, slots=True)
class Taught:
    """Training data by source. how: source to counts of good messages and spam; aside: put aside by a roll-back; canaries: never
    learned; back: epoch ms of the last roll-back, 0 for none."""

    how: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    aside: int = 0
    canaries: int = 0
    back: int = 0


@dataclass(frozen=True, slots=True)
class Model:
    """made: epoch ms; ham, spam: training messages. edges, stacked: None until known; `stacked` applies to log-odds combined with
    other programs' scores (stacking.py). reported, good: index of reported and of good texts."""

    weights: Weights
    bias: float = 0.0
    made: int = 0
    ham: int = 0
    spam: int = 0
    edges: Edges | None = None
    stack: Stack | None = None
    stacked: Edges | None = None
    reported: NearDuplicateIndex = field(default_factory=NearDuplicateIndex)
    good: NearDuplicateIndex = field(default_factory=NearDuplicateIndex)
    taught: Taught = field(default_factory=Taught)

    def odds(self, made: Tokens) -> float:
        return log_odds(self.weights, self.bias, made)

    def band(self, made: Tokens, odds: float, edges: Edges) -> Band:
        """The band of a message from its log-odds."""
        band = edges.band(odds)
        content = {family: made[family] for family in CONTENT if family in made}
        return "unsure" if band == "spam" and log_odds(self.weights, 0.0, content) <= MIN_CONTENT_ODDS else band

    def weighed(self, made: Tokens) -> Iterator[tuple[str, int, float]]:
        """(family, token, contribution to the log-odds) of each token."""
        for family, ids in made.items():
            each = self.weights[ids] * factor(ids)
            yield from ((family, id_, weight) for id_, weight in zip(ids.tolist(), each.tolist(), strict=True))


NEW = Model(np.zeros(1 << BITS, np.float32))
"""The model before training."""


def write(data: Path, model: Model, files: Files = OS_FILES) -> None:
    """Publish it; durable on return. Raises OSError."""
    plain = {
        "v": VERSION,
        "bias": model.bias,
        "made": model.made,
        "ham": model.ham,
        "spam": model.spam,
        "edges": _plain(model.edges),
        "stack": model.stack.plain() if model.stack else None,
        "stacked": _plain(model.stacked),
        "taught": {
            "how": {how: list(counts) for how, counts in model.taught.how.items()},
            "aside": model.taught.aside,
            "canaries": model.taught.canaries,
            "back": model.taught.back,
        },
    }
    arrays = {"weights": model.weights, **model.reported.arrays("reported"), **model.good.arrays("good")}
    tablefile.write(model_path(data), MARK, plain, arrays, files)


def read(data: Path) -> Model:
    """The published model; NEW if there is none, or one with another hash version. Raises DamagedFile."""
    try:
        plain, arrays = tablefile.read(model_path(data), MARK)
    except FileNotFoundError:
        return NEW
    if plain.get("v") != VERSION or len(arrays["weights"]) != 1 << BITS:
        return NEW
    return Model(
        arrays["weights"],
        plain["bias"],
        plain["made"],
        plain["ham"],
        plain["spam"],
        _edges(plain["edges"]),
        Stack.from_plain(plain["stack"]) if plain["stack"] else None,
        _edges(plain["stacked"]),
        NearDuplicateIndex.from_arrays(arrays, "reported"),
        NearDuplicateIndex.from_arrays(arrays, "good"),
        _taught(plain["taught"]),
    )


class MappedModel:
    """The latest good model, looked at every POLL_MS."""

    def __init__(self, data: Path) -> None:
        self._file = Watched(model_path(data), "the model of spam", lambda _: read(data), every=POLL_MS)

    def at(self, now: int) -> Model:
        """now: ms."""
        return self._file.current(now) or NEW

    @property
    def is_broken(self) -> bool:
        """Whether a file is there but none was ever good, so nothing can be said, which differs from having nothing to say."""
        return self._file.is_there and bool(self._file.error) and (self._file.value or NEW) is NEW


def _plain(edges: Edges | None) -> list[float] | None:
    return [edges.unsure, edges.spam] if edges else None


def _taught(plain: dict[str, Any]) -> Taught:
    how = {str(how): (int(good), int(spam)) for how, (good, spam) in plain["how"].items()}
    return Taught(how, plain["aside"], plain["canaries"], plain["back"])


def _edges(plain: Any) -> Edges | None:
    return Edges(*plain) if plain else None
