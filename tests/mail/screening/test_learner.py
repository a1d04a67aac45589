"""The learner: it learns, forgets exactly, believes nobody alone, and goes back when it would lose good mail (P-02)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.mail.screening import thresholds
from civicmail.mail.screening.examples import BUDGET, MAX_EACH, Example
from civicmail.mail.screening.learner import MIN_HAM, MIN_SPAM, Learner
from civicmail.mail.screening.model import Edges
from civicmail.mail.screening.thresholds import Good
from civicmail.mail.screening.tokens import Tokens
from mail.screening.mailbag import counted

DAY = 86_400_000
T0 = 1_772_452_800_000
MOVES = 5.1 * BUDGET


def look(key: str) -> Tokens:
    kind, _, n = key.partition("-")
    return counted(int(n), spam=kind == "s")


def say(learner: Learner, key: str, *, spam: bool, by: str = "", how: str = "operator", now: int = T0) -> Example:
    example = Example(key, spam, by, how, now)
    learner.learn(example, look(key), now)
    return example


@pytest.fixture(scope="module")
def taught() -> Learner:
    """A learner that has been told 240 good messages and 60 spam."""
    learner = Learner(look)
    for n in range(240):
        say(learner, f"h-{n}", spam=False)
        if n % 4 == 0:
            say(learner, f"s-{n}", spam=True)
    return learner


def copy(learner: Learner) -> Learner:
    return Learner.from_plain(look, learner.plain(), learner.weights)


def test_it_tells_spam_from_good_mail_that_it_has_not_seen(taught: Learner) -> None:
    edges = taught.model(T0).edges
    assert edges is not None
    good = [taught.odds(counted(n, spam=False)) for n in range(1000, 1060)]
    bad = [taught.odds(counted(n, spam=True)) for n in range(1000, 1060)]
    assert max(good) < min(bad)
    assert {edges.band(odds) for odds in good} == {"ham"} and sum(edges.band(odds) == "spam" for odds in bad) > 50


def test_it_says_nothing_before_it_was_told_enough() -> None:
    learner = Learner(look)
    for n in range(MIN_HAM - 1):
        say(learner, f"h-{n}", spam=False)
    for n in range(MIN_SPAM):
        say(learner, f"s-{n}", spam=True)
    assert learner.model(T0).edges is None
    say(learner, f"h-{MIN_HAM}", spam=False)
    assert learner.model(T0).edges is not None


@pytest.mark.rule("P-02", "An unlearned label is withdrawn exactly.")
def test_what_is_unlearnt_is_taken_back_exactly() -> None:
    learner = Learner(look)
    for n in range(1, 12):
        say(learner, f"s-{n}", spam=True, by=f"p{n}")
        say(learner, f"h-{n}", spam=False, by=f"p{n}")
    assert learner.weights.any()
    for n in range(1, 12):
        for key in (f"s-{n}", f"h-{n}"):
            learner.unlearn(key, f"p{n}", look(key))
    assert float(np.abs(learner.weights).max()) < 1e-6 and abs(learner.bias) < 1e-9


_REPORTS = st.lists(st.tuples(st.sampled_from("hs"), st.integers(2000, 2030), st.booleans(), st.integers(0, 29)), max_size=60)


@pytest.mark.rule("P-02", "Reports of one person move no message far.")
@given(reports=_REPORTS)
@settings(max_examples=15)
def test_whatever_one_person_reports_moves_no_message_far(taught: Learner, reports: list[tuple[str, int, bool, int]]) -> None:
    """The bound of examples.BUDGET: repeated, contradictory, aimed at one message or at all."""
    learner = copy(taught)
    messages = [look(f"{kind}-{n}") for kind in "hs" for n in range(2000, 2031)]
    for kind, n, spam, day in sorted(reports, key=lambda r: r[3]):
        example = Example(f"{kind}-{n}", spam, "mallory", "report", T0 + day * DAY)
        learner.learn(example, look(example.key), example.at)
    theirs = [e for e in learner.book.all.values() if e.by == "mallory"]
    assert sum(e.taught for e in theirs) <= BUDGET + 1e-9
    with_them = [learner.odds(made) for made in messages]
    for example in theirs:
        learner.unlearn(example.key, "mallory", look(example.key))
    assert all(abs(odds - learner.odds(made)) <= MOVES for odds, made in zip(with_them, messages, strict=True))


def test_one_person_who_reports_the_whole_citys_mail_turns_none_of_it_into_spam(taught: Learner) -> None:
    learner = copy(taught)
    for n in range(3000, 3000 + MAX_EACH + 40):
        say(learner, f"h-{n}", spam=True, by="mallory", how="report")
        say(learner, f"s-{n}", spam=False, by="mallory", how="report")
    edges = learner.model(T0).edges
    assert edges is not None
    assert not [n for n in range(3000, 3100) if edges.band(learner.odds(counted(n, spam=False))) == "spam"]
    assert [edges.band(learner.odds(counted(n, spam=True))) for n in range(4000, 4050)].count("ham") == 0
    assert sum(e.by == "mallory" for e in learner.book.all.values()) == MAX_EACH


def test_several_people_together_teach_what_one_may_not(taught: Learner) -> None:
    learner, key = copy(taught), "h-5000"
    before = learner.odds(look(key))
    for n in range(12):
        say(learner, key, spam=True, by=f"person{n}", how="report")
    assert learner.odds(look(key)) - before > 1.2


def test_a_model_that_would_lose_good_mail_is_rolled_back(taught: Learner) -> None:
    learner = copy(taught)
    safe = learner.safe(learner.model(T0).edges)
    canaries = learner.book.canaries()
    assert len(canaries) >= 10 and not any(e.taught for e in canaries) and not learner.is_worse(safe)
    for n in range(6000, 6300):
        say(learner, f"h-{n}", spam=True, by="operator")
    assert learner.is_worse(safe)
    assert learner.roll_back(safe, T0 + 5) == 300 and learner.model(T0).taught.back == T0 + 5
    assert np.array_equal(learner.weights, safe.weights) and not learner.is_worse(safe)
    learner.replay(T0)
    assert all(e.taught == 0 for e in learner.book.all.values() if e.aside), "what was put aside is not learnt again"


def test_a_learner_is_the_same_after_it_was_written_down(taught: Learner) -> None:
    again = copy(taught)
    assert again.plain() == taught.plain() and np.array_equal(again.weights, taught.weights)
    assert again.model(T0).edges == taught.model(T0).edges


def test_scores_of_a_model_that_knew_too_little_move_no_edge(taught: Learner) -> None:
    """Where a heap of spam is taught before good mail, the first good messages look bad; they are no measure of good mail."""
    learner = copy(taught)
    before = learner.model(T0).edges
    early = [e for e in learner.book.all.values() if not e.measured]
    assert len(early) > 200 and any(e.canary for e in early)
    for example in early:
        example.odds = 9.0
    assert learner.model(T0).edges == before is not None
    for example in learner.book.all.values():
        example.odds = 9.0
    edges = learner.model(T0).edges
    assert edges is not None and edges.spam > 9


@pytest.mark.rule("P-02", "The spam threshold lies above all good mail except one message in a thousand.")
def test_the_edge_of_spam_lies_above_all_good_mail_but_one_in_a_thousand() -> None:
    good = [Good(T0 - n, "", 1 + n / 1000) for n in range(3000)]
    found = thresholds.edges(good, T0)
    assert found is not None
    assert sum(g.odds > found.spam - thresholds.MARGIN + 1e-9 for g in good) == 3 and sum(g.odds > found.unsure for g in good) == 30
    assert thresholds.edges([], T0) is None


def test_old_good_mail_counts_only_while_there_is_little() -> None:
    old = [Good(T0 - 60 * DAY - n, "", 9.0) for n in range(3000)]
    new = [Good(T0 - n, "", -1.0) for n in range(thresholds.MIN_MESSAGES)]
    assert thresholds.edges([*old, *new], T0) == Edges(0.0, 0.5)
    assert thresholds.edges(new[:999], T0) == Edges(0.0, 1.0), "nobody has seen the one in a thousand yet"
    few = thresholds.edges([*old, *new[:10]], T0)
    assert few is not None and few.spam > 9


@pytest.mark.rule("P-02", "Good mail of one person moves no edge for the others.")
def test_good_mail_of_one_person_moves_no_edge() -> None:
    """Whoever calls spam good again and again lets none of it through for the others."""
    good = [Good(T0 - n, f"p{n}", 1.0 - n / 1000) for n in range(1000)]
    before = thresholds.edges(good, T0)
    after = thresholds.edges([*good, *(Good(T0, "mallory", 5.0) for _ in range(200))], T0)
    assert before is not None and after is not None
    assert abs(after.spam - before.spam) < 0.01 and abs(after.unsure - before.unsure) < 0.01
    trusted = thresholds.edges([*good, *(Good(T0, "", 5.0) for _ in range(200))], T0)
    assert trusted is not None and trusted.spam > 5
