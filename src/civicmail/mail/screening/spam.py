"""The combined check for spam with the city's own learner: tokens from the sandboxed process, weighed by the published model.

Facts spam.score and spam.band; a finding for a message in doubt or worse, with token families as evidence and never a word of the
message. Who may read the message may have it explained token by token (explain).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from civicmail.city.policy.dispositions import Facts, Finding
from civicmail.core.config.settings import Settings
from civicmail.core.message.model import Envelope
from civicmail.mail.screening import tokens, transport_features
from civicmail.mail.screening.distinct import distinct
from civicmail.mail.screening.model import Edges, MappedModel, Model, score_of
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase, unavailable
from civicmail.mail.screening.stacking import OWN

NAME = "spam"
VERSION = 1
HOP = "hop"
OTHERS = ("rspamd", "spamd")
Spelt = Mapping[str, Mapping[int, str]]
TELLING = 0.15
"""Share of the evidence from which a family is named."""


def open_(_settings: Settings, data: Path) -> MappedModel:
    """CheckContext.tools["spam"]."""
    return MappedModel(data)


def find(case: CombinedCase) -> CheckResult:
    """Raises ValueError for invalid tokens: then the check is unavailable."""
    counted = case.message.more.get(NAME)
    if counted is None:  # the limited process has said itself that it could not be counted
        return NOTHING
    model = published(case)
    if case.context.tools[NAME].is_broken:
        return unavailable(NAME, "model", VERSION)
    if model.edges is None:
        return NOTHING
    made = {**tokens.unpack(counted), **hop_tokens(case.envelope, case.facts, case.message.list_id, inbound=case.inbound)}
    own = model.odds(made)
    odds, edges = combined_odds(model, own, external_scores_of(case))
    band = model.band(made, odds, edges) if edges is model.edges else edges.band(odds)  # others have read its words
    facts: Facts = {"spam.score": score_of(odds), "spam.band": band}
    more = {"odds": odds}
    if band == "ham":
        return CheckResult(facts=facts, more=more)
    mask = ", ".join(evidence(model, made))
    return CheckResult((Finding(NAME, band, mask=mask, sure=score_of(odds) // 10, version=VERSION),), facts, more)


def published(case: CombinedCase) -> Model:
    """The current model."""
    mapped = case.context.tools[NAME]
    assert isinstance(mapped, MappedModel)
    return mapped.at(case.context.now)


def hop_tokens(envelope: Envelope, facts: Facts, list_id: str, *, inbound: bool) -> dict[str, tokens.Ids]:
    return {HOP: distinct(tokens.named(transport_features.extract(envelope, facts, list_id, inbound=inbound), HOP))}


def external_scores_of(case: CombinedCase) -> dict[str, float]:
    """Scores of other filters that have answered."""
    scores = {name: case.more.get(name, {}).get("score") for name in OTHERS}
    return {name: float(score) for name, score in scores.items() if score is not None}


def combined_odds(model: Model, own: float, others: Mapping[str, float]) -> tuple[float, Edges]:
    """Log-odds and the edges that apply to them. The model must have edges."""
    if model.stack and model.stacked and (odds := model.stack.odds({OWN: own, **others})) is not None:
        return odds, model.stacked
    assert model.edges is not None
    return own, model.edges


def evidence(model: Model, made: tokens.Tokens) -> list[str]:
    """The families that speak for spam, the strongest first."""
    sums = dict.fromkeys(made, 0.0)
    for family, _, weight in model.weighed(made):
        sums[family] += weight
    speaking = {family: weight for family, weight in sums.items() if weight > 0}
    total = sum(speaking.values())
    return [family for family in sorted(speaking, key=lambda f: -speaking[f]) if speaking[family] >= TELLING * total]


@dataclass(frozen=True, slots=True)
class Weighed:
    """One token of a message. weight: added to the log-odds; above 0 for spam."""

    family: str
    token: str
    weight: float


@dataclass(frozen=True, slots=True)
class Explained:
    """weighed: the most important tokens, strongest first; sums: per family, with them."""

    odds: float
    score: int
    band: str
    sums: Mapping[str, float]
    weighed: tuple[Weighed, ...]


def explain(
    model: Model,
    counted: tokens.Tokens,
    spelt: Spelt,
    envelope: Envelope,
    facts: Facts,
    list_id: str = "",
    *,
    inbound: bool,
    most: int = 20,
) -> Explained:
    """Explain the current model's score of a message. Only for somebody who may read it, because it shows words. counted, spelt:
    tokens, and what they stand for, by family (from pipeline/fingerprint_client.py)."""
    names = transport_features.extract(envelope, facts, list_id, inbound=inbound)
    spelt = {**spelt, HOP: dict(zip(tokens.named(names, HOP).tolist(), names, strict=True))}
    made = {**counted, **hop_tokens(envelope, facts, list_id, inbound=inbound)}
    every = [Weighed(family, spelt[family].get(id_, "?"), weight) for family, id_, weight in model.weighed(made)]
    sums = {family: sum(w.weight for w in every if w.family == family) for family in made}
    odds = model.odds(made)
    every.sort(key=lambda w: -abs(w.weight))
    band = model.band(made, odds, model.edges) if model.edges else "none"
    return Explained(odds, score_of(odds) if model.edges else 0, band, sums, tuple(w for w in every[:most] if w.weight))
