"""A day as a plan, its letters, its people, and what watches it. P-01, P-02."""

from __future__ import annotations

import io
import os
import socket
import threading
import uuid
from collections import Counter
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from civicmail.front.sample.day_mail import DayMail, DueMessage, keep, kept
from civicmail.front.sample.day_plan import HOURS, READINGS, Kind, Load, due
from civicmail.front.sample.day_tracker import DayTracker
from civicmail.front.sample.incidents import Incident, StolenAccount, play, stop
from civicmail.front.sample.people import DEPARTMENTS, OFFICES
from civicmail.front.sample.process_costs import ProcessCosts
from civicmail.front.sample.receipts import Receipts


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


@pytest.mark.rule("P-01", "Messages of a simulated day wait in a file, and are read unchanged; the same seed gives the same day.")
def test_letters_that_wait_in_a_file_come_out_as_they_were_and_the_same_for_the_same_seed() -> None:
    kinds: tuple[Kind, ...] = ("inside", "junk", "outward", "inward")

    def day(seed: int) -> list[DueMessage]:
        letters = DayMail(seed, OFFICES, lambda posting: posting)
        return [DueMessage(n / 3, kinds[n % 4], letters.next(kinds[n % 4])) for n in range(80)]

    first = day(1)
    with io.BytesIO() as file:
        keep(file, iter(first))
        assert list(kept(file)) == list(kept(file)) == first
    plain = [(letter.posting.sender, letter.posting.recipients) for letter in first]
    assert plain == [(letter.posting.sender, letter.posting.recipients) for letter in day(1)]
    assert plain != [(letter.posting.sender, letter.posting.recipients) for letter in day(2)]


@pytest.mark.rule("P-01, P-22", "The city of a simulated day has as many who decide about files as one of 6,200 people.")
def test_as_many_decide_about_files_as_in_a_city_of_that_size() -> None:
    """6,200 people have 140 who do, one for 44 of them."""
    assert len(OFFICES.departments) == len({d.name for d in OFFICES.departments}) == 140
    assert set(DEPARTMENTS) <= set(OFFICES.departments)
    assert all(len(OFFICES.staff_of(d.short)) == (7 if d in DEPARTMENTS else 5) for d in OFFICES.departments)
    assert len({p.address for p in OFFICES.employees}) == 14 * 7 + 126 * 5


@pytest.mark.rule("promise 1", "Losses of a simulated day are determined by ids: a duplicate does not make up for a loss.")
def test_a_message_that_is_missing_is_not_made_good_by_one_that_came_twice() -> None:
    """Promise 1: what was acknowledged is counted by its id, and a 250 without one is no receipt."""
    one, two, three = (uuid.UUID(int=n) for n in (1, 2, 3))
    receipts = Receipts()
    for id_ in (one, two):
        receipts.acknowledged(f"2.0.0 Ok archived={id_}", accepted=True)
    receipts.archived(two.bytes)
    receipts.archived(three.bytes)
    assert (receipts.lost, receipts.unacknowledged) == (1, 1)
    receipts.archived(one.bytes)
    receipts.acknowledged(f"5.7.1 No archived={three}", accepted=False)
    receipts.acknowledged("4.3.1 Come again", accepted=False)
    assert (receipts.lost, receipts.unacknowledged) == (0, 0)
    receipts.acknowledged("2.0.0 Ok", accepted=True)
    assert receipts.lost == 1


@pytest.mark.rule("P-01", "A simulated day reports the cost of each role; its own counts from midnight on.")
def test_what_a_process_costs_is_told_by_its_role_and_of_others_since_the_first_look() -> None:
    roles, seen = ProcessCosts(), {os.getpid(): "ourselves"}
    roles.sample(os.getppid(), seen)
    before = roles.spent["ourselves"]
    assert before < 0.1 and roles.peak["ourselves"] > 1, "seconds of before midnight are left out"
    while roles.spent["ourselves"] <= before:
        sum(range(100_000))
        roles.sample(os.getppid(), seen)
    assert roles.cpu >= roles.spent["ourselves"]


@pytest.mark.rule("P-23", "The observer of a simulated day waits for no failed participant, and sees indexed mail immediately.")
def test_whoever_watches_the_day_waits_for_no_thief(tmp_path: Path) -> None:
    """Nobody greets the thief, and the hour is over all the same."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        thief = StolenAccount(silent.getsockname()[1], Receipts())
        thief.sender = "somebody@city.example"
        hour = thief.incident(DayTracker(tmp_path, 0, Receipts()))
        hangs_up = threading.Timer(5, silent.close)  # so that a watcher who waits gets through, too late
        hangs_up.start()
        play((hour,), 16.0)
        play((hour,), 17.0)
        assert hour.over and thief.is_at_it
        hangs_up.cancel()
    for thread in threading.enumerate():
        if thread.name == "thief":
            thread.join(60)
    assert thief.sent == 0 and not thief.is_at_it
