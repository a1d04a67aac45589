"""Spam: accuracy of the filter on SpamAssassin's public corpus, split by time.

Nothing of the corpus is in the project: CIVICMAIL_CORPORA names a folder with spamassassin/ and in it easy_ham, easy_ham_2,
hard_ham, spam and spam_2. Figures are 1 minus the area under the ROC curve, in percent; "near copies" are later messages
with two bands or more in common with the earlier ones. The corpus is of 2002 and from several places, so it says which filter is
better, not how good one is in a city.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.report import Report, Row
from bench.spampeers import Bogofilter, is_there, rules_of
from civicmail.core.message import header_scan, message_parser
from civicmail.mail.screening import bands, stacking, tokens
from civicmail.mail.screening.examples import Example
from civicmail.mail.screening.learner import Learner
from civicmail.mail.screening.model import Edges, Model
from civicmail.mail.screening.tokens import Tokens

KINDS = (("easy_ham", False), ("easy_ham_2", False), ("hard_ham", False), ("spam", True), ("spam_2", True))
EARLIER = 0.6
FOLDS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class One:
    """at: ms, of the topmost Received line."""

    at: int
    spam: bool
    raw: bytes
    made: Tokens
    bands: tuple[str, ...]


Judge = Callable[[Sequence[One], Sequence[One]], Floats]
"""(training mail, test mail) -> scores."""


def run(report: Report, *, small: bool, peers: bool = True) -> None:
    """small: every sixth message; peers: also run the installed peers."""
    place = Path(os.environ.get("CIVICMAIL_CORPORA", "")) / "spamassassin"
    if not place.is_dir():
        report.note("spam is left out: CIVICMAIL_CORPORA names no folder with spamassassin/")
        return
    mail = _read(place, report, every=6 if small else 1)
    report.note(f"SpamAssassin corpus: {len(mail)} messages, {sum(m.spam for m in mail)} of them spam, in order of time")
    earlier, later = _split(mail)
    _alone(report, earlier, later)
    _online(report, mail, peers=peers)
    _few(report, mail)
    if peers and not small:
        _stacked(report, earlier, later)


def _read(place: Path, report: Report, every: int) -> list[One]:
    messages: list[One] = []
    spent: list[float] = []
    for kind, spam in KINDS:
        for path in sorted((place / kind).iterdir())[::every]:
            raw = path.read_bytes()
            at = header_scan.topmost_received_date(raw) or header_scan.date(raw)
            if raw.startswith(b"mv ") or at is None:
                continue
            message = message_parser.parse(raw)
            began = time.process_time()
            text = tokens.text_of(message)
            made, alike = tokens.tokens(raw, message, text), tuple(bands.compute(text))
            spent.append(time.process_time() - began)
            messages.append(One(int(at.timestamp() * 1000), spam, raw, made, alike))
    report.add(Row("spam", "civicmail", "tokens and bands, mean", 1000 * float(np.mean(spent)), "ms", target="<= 2"))
    report.add(Row("spam", "civicmail", "tokens and bands, p99", 1000 * float(np.quantile(spent, 0.99)), "ms"))
    return sorted(messages, key=lambda m: m.at)


def _split(mail: list[One]) -> tuple[list[One], list[One]]:
    """The oldest 60 % of good mail and of spam, and the rest."""
    earlier: list[One] = []
    for spam in (False, True):
        kind = [m for m in mail if m.spam == spam]
        earlier += kind[: int(EARLIER * len(kind))]
    there = {id(m) for m in earlier}
    return sorted(earlier, key=lambda m: m.at), [m for m in mail if id(m) not in there]


def taught(mail: Sequence[One]) -> Learner:
    """A learner trained with these in order, by an operator."""
    by_key = {str(n): m.made for n, m in enumerate(mail)}
    learner = Learner(by_key.get)
    for n, m in enumerate(mail):
        learner.learn(Example(str(n), m.spam, "", "operator", m.at), m.made, m.at)
    return learner


def _alone(report: Report, earlier: list[One], later: list[One]) -> None:
    learner = taught(earlier)
    began = time.process_time()
    scores = np.array([learner.odds(m.made) for m in later])
    each = 1000 * (time.process_time() - began) / len(later)
    spam = np.array([m.spam for m in later])
    known = {band for m in earlier for band in m.bands}
    new = np.array([sum(band in known for band in m.bands) < 2 for m in later])
    report.add(
        Row("spam", "civicmail", "alone, 1-AUC", lost_area(scores, spam), "%", target="<= 1.0"),
        Row("spam", "civicmail", "alone, no near copies, 1-AUC", lost_area(scores[new], spam[new]), "%", target="< 0.97"),
        Row("spam", "civicmail", "missed where 0.1 % of ham is lost", missed(scores[new], spam[new], 0.001), "%", target="< 22"),
        Row("spam", "civicmail", "missed where 0.5 % of ham is lost", missed(scores[new], spam[new], 0.005), "%", target="< 14"),
        Row("spam", "civicmail", "score", each, "ms"),
    )


def _online(report: Report, mail: list[One], *, peers: bool) -> None:
    """Each message is judged, then told. What the edges of the moment do to good mail that comes later counts as lost."""
    by_key = {str(n): m.made for n, m in enumerate(mail)}
    learner = Learner(by_key.get)
    edges: Edges | None = None
    counts = {(spam, band): 0 for spam in (False, True) for band in ("ham", "unsure", "spam")}
    own = np.zeros(len(mail))
    for n, m in enumerate(mail):
        own[n] = learner.odds(m.made)
        edges = learner.model(m.at).edges if n % 50 == 0 else edges
        if edges is not None:
            counts[m.spam, Model(learner.weights).band(m.made, own[n], edges)] += 1
        learner.learn(Example(str(n), m.spam, "", "operator", m.at), m.made, m.at)
    spam = np.array([m.spam for m in mail])
    area = lost_area(own, spam)
    report.add(Row("spam", "civicmail", "online, whole stream, 1-AUC", area, "%", target="< bogofilter"))
    if peers and is_there("bogofilter"):
        with tempfile.TemporaryDirectory() as folder:
            peer = Bogofilter(Path(folder) / "words")
            scores = np.zeros(len(mail))
            for n, m in enumerate(mail):
                scores[n] = peer.score(m.raw)
                peer.learn(m.raw, spam=m.spam)
        theirs = lost_area(scores, spam)
        report.add(Row("spam", "bogofilter", "online, whole stream, 1-AUC", theirs, "%", ratio=theirs / max(area, 1e-9)))
    elif peers:
        report.note("bogofilter is not here")
    _shares(report, counts)


def _shares(report: Report, counts: dict[tuple[bool, str], int]) -> None:
    for spam, band, what, target in (
        (False, "spam", "later good mail called spam", "<= 0.1"),
        (False, "unsure", "later good mail in doubt", ""),
        (True, "spam", "later spam called spam", ""),
        (True, "unsure", "later spam in doubt", ""),
    ):
        every = sum(count for (kind, _), count in counts.items() if kind == spam)
        report.add(Row("spam", "civicmail", what, 100 * counts[spam, band] / max(1, every), "%", target=target))


def _few(report: Report, mail: list[One]) -> None:
    """Every twentieth message is told, as where few people report."""
    by_key = {str(n): m.made for n, m in enumerate(mail)}
    learner, scores = Learner(by_key.get), np.zeros(len(mail))
    for n, m in enumerate(mail):
        scores[n] = learner.odds(m.made)
        if n % 20 == 0:
            learner.learn(Example(str(n), m.spam, "", "operator", m.at), m.made, m.at)
    half = len(mail) // 2
    spam = np.array([m.spam for m in mail])
    report.add(Row("spam", "civicmail", "5 % told, second half, 1-AUC", lost_area(scores[half:], spam[half:]), "%"))


def _stacked(report: Report, earlier: list[One], later: list[One]) -> None:
    """What puts scores together learns from folds of the earlier part, each judged by what was taught with older folds alone."""
    columns: dict[str, Floats] = {stacking.OWN: _by_folds(earlier, later, _own)}
    if is_there("bogofilter"):
        columns["bogofilter"] = _by_folds(earlier, later, _bogofilter)
    messages = [m.raw for m in (*earlier, *later)]
    for name in ("rspamd", "spamd"):
        if is_there(name):
            columns[name] = rules_of(name, messages, lambda n, name=name: print(f"  {name}: {n}", flush=True))  # type: ignore[misc]  # the default binds the name
    names = list(columns)
    rows = np.column_stack([columns[name] for name in names])
    spam = np.array([m.spam for m in (*earlier, *later)])
    first, cut = len(earlier) // FOLDS, len(earlier)
    for name in names[1:]:
        report.add(Row("spam", name, "later part, 1-AUC", lost_area(columns[name][cut:], spam[cut:]), "%"))
    for used in [[0, n] for n in range(1, len(names))] + [list(range(len(names)))]:
        stack = stacking.fit([names[n] for n in used], rows[first:cut][:, used], spam[first:cut])
        assert stack is not None
        odds = np.array([stack.odds({names[n]: row[n] for n in used}) for row in rows[cut:]], np.float64)
        target = "<= 0.6" if len(used) == len(names) else ""
        report.add(
            Row("spam", " + ".join(names[n] for n in used)[:24], "stacked, 1-AUC", lost_area(odds, spam[cut:]), "%", target=target)
        )


def _by_folds(earlier: list[One], later: list[One], judge: Judge) -> Floats:
    """Scores of the earlier part, each fold by the folds before it (the first one has none), then of the later part by all of
    it."""
    edges = [len(earlier) * n // FOLDS for n in range(FOLDS + 1)]
    parts = [np.zeros(edges[1])]
    for start, end in pairwise(edges[1:]):
        parts.append(judge(earlier[:start], earlier[start:end]))
    return np.concatenate([*parts, judge(earlier, later)])


def _own(before: Sequence[One], test_set: Sequence[One]) -> Floats:
    learner = taught(before)
    return np.array([learner.odds(m.made) for m in test_set])


def _bogofilter(before: Sequence[One], test_set: Sequence[One]) -> Floats:
    with tempfile.TemporaryDirectory() as folder:
        peer = Bogofilter(Path(folder) / "words")
        for m in before:
            peer.learn(m.raw, spam=m.spam)
        return np.array([peer.score(m.raw) for m in test_set])


def lost_area(scores: Floats, spam: NDArray[np.bool_]) -> float:
    """1 minus the area under the ROC curve, in percent."""
    return 100 * stacking.lost_area(scores, spam)


def missed(scores: Floats, spam: NDArray[np.bool_], lost: float) -> float:
    """Percent of spam that is let through where this share of good mail lies above the edge."""
    good = np.sort(scores[~spam])[::-1]
    return float(100 * (scores[spam] <= good[int(lost * len(good))]).mean())
