"""Promise 1 against kill -9: at any point of any operation of the file port, nothing that was acknowledged is lost, undelivered,
or handed over twice without a record that says why (P-23)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from faults import judge
from faults.children import Say, in_child
from faults.day import Day, Hop, Told
from faults.failing import Collect, Failing, Kill, KillAt, Moment

pytestmark = pytest.mark.timeout(3600)  # FULL=1 plays thousands


def day_in_child(base: Path, top: Path, seed: int, strike: Any) -> tuple[list[Any], int]:
    """Play a day in a child; what it says is told promises and what the next hop took."""
    shutil.rmtree(top, ignore_errors=True)
    shutil.copytree(base, top)

    def work(say: Say) -> None:
        asyncio.run(Day(top, Failing(strike), Hop(heard=say), say, seed).play())

    return in_child(work)


def judged(top: Path, said: list[Any]) -> list[str]:
    """Start again in another child, and hear what is not as it was promised."""

    def work(say: Say) -> None:
        hop = Hop(got=[s for s in said if isinstance(s, bytes)])
        asyncio.run(judge.recover(top, hop))
        say(judge.faults(top, [s for s in said if not isinstance(s, bytes)], hop))

    found, status = in_child(work)
    return found[-1] if found and not status else [f"not started again: status {status}"]


def moments(base: Path) -> list[Moment]:
    """Every moment of a day, in order."""

    def work(say: Say) -> None:
        collect = Collect()
        asyncio.run(Day(base.with_name("day"), Failing(collect), Hop(), lambda _: None, 0).play())
        say(collect.moments)

    shutil.copytree(base, base.with_name("day"))
    heard, status = in_child(work)
    assert not status
    return heard[-1]


def test_no_kill_takes_back_what_was_acknowledged(base: Path, cases: int) -> None:
    chance = random.Random(9)
    top = base.with_name("day")
    total = len(moments(base))
    killed = promised = 0
    for seed in range(cases):
        at = chance.randrange(total)
        said, status = day_in_child(base, top, seed, Kill(at))
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        promised += sum(isinstance(s, Told) for s in said)
        found = judged(top, said)
        assert not found, f"killed at moment {at} of {total} of day {seed}: {found[:3]}"
    assert killed > cases * 0.8
    assert promised > cases * 3


def test_a_kill_at_every_named_point(base: Path, full: bool) -> None:
    top = base.with_name("day")
    named = list(dict.fromkeys(moments(base)))
    assert len(named) > 80
    for n, moment in enumerate(named):
        if not full and n % 4:
            continue
        said, _ = day_in_child(base, top, 1, KillAt(moment))
        found = judged(top, said)
        assert not found, f"killed at {moment}: {found[:3]}"
