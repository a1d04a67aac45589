"""New kinds of mail: a spam filter trained on some sources, tested on good mail of two others.

Good mail: sources.py. Spam: that of SpamAssassin's corpus, and folders of CIVICMAIL_SPAM, `name=folder` with : between them; it is
always there, since a city's spam is everybody's. Each pair of neighbours among the sources of good mail is asked in turn, and the
others are what is taught. What stands in an archive of good mail and is spam all the same, as somebody has seen who looked at it,
is left out: CIVICMAIL_KNOWN_SPAM names a file of SHA-256 digests. CIVICMAIL_CALLED_SPAM names a file that digests of what was
called spam are written to, for whoever looks.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Sequence
from pathlib import Path

from bench import sources
from bench.report import Report, Row
from civicmail.core.message import message_parser
from civicmail.mail.screening import tokens
from civicmail.mail.screening.examples import Example
from civicmail.mail.screening.learner import Learner
from civicmail.mail.screening.model import Band, Model
from civicmail.mail.screening.tokens import Tokens

TAUGHT, TESTED, SPAM = 1_500, 1_500, 1_500
HELD = 300
"""Spam of each source that is not taught: how much of it is called so."""
MINUTE = 60_000

Mail = list[tuple[str, Tokens]]
"""(SHA-256, numbers)."""


def run(report: Report, *, small: bool) -> None:
    share = 10 if small else 1
    known = _known()
    good = {s.name: _numbers(s.some(max(TAUGHT, TESTED) // share), known) for s in sources.good()}
    spam = {s.name: _numbers(s.some((SPAM + HELD) // share), frozenset()) for s in _spam()}
    if len(good) < 3 or not spam:
        report.note("kinds is left out: it needs good mail of three sources and some spam")
        return
    names, tested, wrong, called = list(good), 0, 0, list[str]()
    for pair in zip(names, (*names[1:], names[0]), strict=True):
        taught = [name for name in names if name not in pair]
        learner, now = _taught(
            [good[name][: TAUGHT // share] for name in taught], [mail[: SPAM // share] for mail in spam.values()]
        )
        model = learner.model(now)
        assert model.edges is not None
        for name in pair:
            bands = [(_band(model, made), digest) for digest, made in good[name][: TESTED // share]]
            lost = [digest for band, digest in bands if band == "spam"]
            doubted = sum(band == "unsure" for band, _ in bands)
            report.add(
                Row(
                    "kinds",
                    f"{name}, taught {len(taught)}"[:24],
                    f"good called spam: {len(lost)} of {len(bands)}",
                    doubted,
                    "in doubt",
                )
            )
            tested, wrong, called = tested + len(bands), wrong + len(lost), [*called, *lost]
        caught = [_band(model, made) == "spam" for mail in spam.values() for _, made in mail[SPAM // share :]]
        if caught:
            report.add(Row("kinds", "spam not taught", f"called so, {len(caught)}", 100 * sum(caught) / len(caught), "%"))
    report.add(
        Row("kinds", "civicmail", f"good of new kinds called spam: {wrong} of {tested}", 100 * wrong / tested, "%", target="<= 0.1")
    )
    if where := os.environ.get("CIVICMAIL_CALLED_SPAM"):
        Path(where).write_text("".join(f"{digest}\n" for digest in sorted(set(called))))


def _band(model: Model, made: Tokens) -> Band:
    assert model.edges is not None
    return model.band(made, model.odds(made), model.edges)


def _spam() -> list[sources.Source]:
    place = sources.corpora() / "spamassassin"
    own = sources.Source("spamassassin", (place / "spam", place / "spam_2"))
    return [own, *sources.bad("CIVICMAIL_SPAM")] if place.is_dir() else sources.bad("CIVICMAIL_SPAM")


def _known() -> frozenset[str]:
    where = os.environ.get("CIVICMAIL_KNOWN_SPAM", "")
    return frozenset(Path(where).read_text().split()) if where else frozenset()


def _numbers(mail: list[bytes], known: frozenset[str]) -> Mail:
    """Each once, and in the order in which they were chosen."""
    made: dict[str, Tokens] = {}
    for raw in mail:
        digest = hashlib.sha256(raw).hexdigest()
        if digest not in known and digest not in made:
            made[digest] = tokens.tokens(raw, message_parser.parse(raw))
    return list(made.items())


def _taught(good: Sequence[Mail], spam: Sequence[Mail]) -> tuple[Learner, int]:
    """Told of all of them by an operator, mixed; the same mixture each time. Returns the time (ms) of the last one, too."""
    samples = [(digest, made, bad) for kinds, bad in ((good, False), (spam, True)) for mail in kinds for digest, made in mail]
    random.Random(1).shuffle(samples)
    made_of = {digest: made for digest, made, _ in samples}
    learner = Learner(made_of.get)
    for n, (digest, made, bad) in enumerate(samples):
        learner.learn(Example(digest, bad, "", "operator", n * MINUTE), made, n * MINUTE)
    return learner, len(samples) * MINUTE
