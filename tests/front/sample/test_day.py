"""A day as a plan, and what watches it. P-01, P-02."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random

from civicmail.front.sample.day import HOURS, READINGS, Load, due
from civicmail.front.sample.incidents import Incident, play, stop


def test_a_day_has_the_mail_of_the_policy_in_both_readings() -> None:
    """P-01: 125,000 inside and 115,000 with the outside; P-02: 85 % of what comes from there."""
    together, besides = READINGS["together"], READINGS["besides"]
    assert together.total == 240_000
    assert together.inside == besides.inside == 125_000
    assert round(together.junk / (together.junk + together.inward), 2) == 0.85
    assert besides.total - besides.junk == 240_000
    assert 891_000 < besides.total < 892_000


def test_everything_comes_once_in_order_and_most_of_it_in_office_hours() -> None:
    load = Load(inside=4000, outward=700, inward=300, junk=1000)
    plan = list(due(load, 240.0, Random(3)))
    assert Counter(kind for _, kind in plan) == load._asdict()
    assert all(a <= b for (a, _), (b, _) in pairwise(plan))
    assert plan[0][0] >= 0 and plan[-1][0] < 240.0
    hours = Counter(int(at * HOURS / 240.0) for at, kind in plan if kind == "inside")
    assert sum(hours[h] for h in range(8, 18)) > 0.85 * load.inside
    assert max(hours.values()) < load.inside / 7, "ten a second of 240,000 a day, not more"
    assert plan == list(due(load, 240.0, Random(3))), "the same day for the same seed"


def test_what_goes_wrong_begins_and_ends_once_and_never_outlives_its_day() -> None:
    done: list[str] = []
    night = Incident("night", 1.0, 2.0, lambda: done.append("begins"), lambda: done.append("ends"))
    late = Incident("late", 23.0, 24.0, lambda: done.append("late begins"), lambda: done.append("late ends"))
    for hour in (0.5, 1.1, 1.5, 2.2, 3.0, 23.5):
        play((night, late), hour)
    assert done == ["begins", "ends", "late begins"]
    stop((night, late))
    assert done[-1] == "late ends" and len(done) == 4
