"""Power cuts and kills with a second place switched on: the first machine goes on, or burns and the copy takes its place (P-06,
P-23, promise 1). Lost 0, undelivered 0, and nothing twice without a record that says why."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults.children import Say, in_child
from faults.day import Hop, Published, Told
from faults.failing import Collect, Failing, Kill
from faults.mirrored import ENDS, Mirrored, pair
from faults.recording import RecordingFiles, SyncSite, power_cut
from faults.sparse import SparseFiles
from faults.test_power_cut import CUTS_A_DAY, Played

pytestmark = [
    pytest.mark.timeout(3600),  # FULL=1 plays thousands
    # a process that was killed closes nothing
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def fresh(base: Path, name: str) -> Path:
    top = base.with_name(name)
    shutil.rmtree(top, ignore_errors=True)
    return Path(shutil.copytree(pair(base), top))


def play(base: Path, seed: int, dies: tuple[SyncSite, int] | None = None) -> Played:
    top = fresh(base, "day")
    files, told = RecordingFiles(dies=dies), list[tuple[int, Told | Published]]()
    hop = Hop(mark=lambda: len(files.ops))
    asyncio.run(Mirrored(top, files, files, hop, lambda promise: told.append((len(files.ops), promise)), seed).play())
    return Played(top, files.ops, told, list(zip(hop.marks, hop.got, strict=True)), files.sites, files.skipped)


def judged(top: Path, told: list[Told | Published], hop: Hop, end: Any) -> list[str]:
    try:
        return asyncio.run(end(top, told, hop))
    except Exception as error:
        return [f"not started again: {error!r}"]


def test_no_power_cut_of_both_places_takes_back_what_was_acknowledged(base: Path, cases: int) -> None:
    chance = random.Random(20261125)
    sites = [s for s in play(base, 0).sites if not s[0].startswith("civicmail.mail.replica.")]  # who dies is not the sender
    for day in range(max(2, cases // CUTS_A_DAY)):
        dies = (chance.choice(sites), chance.randint(1, 3)) if day % 2 else None
        played = play(base, day, dies)
        for cut in range(CUTS_A_DAY):
            until, disk, end = chance.randint(0, len(played.ops)), fresh(base, "disk"), ENDS[cut % 2]
            power_cut(played.ops, until, played.top, disk, chance)
            told = [promise for at, promise in played.told if at <= until]
            found = judged(disk, told, Hop(got=[content for at, content in played.passed_on if at <= until]), end)
            assert not found, f"day {day}, dies {dies}, cut before {until} of {len(played.ops)}, {end.__name__}: {found[:3]}"


def in_process(top: Path, seed: int, strike: Callable[..., None]) -> tuple[list[Any], int]:
    """Play a day in a child that may be killed; the second place is another machine, which is not."""

    def work(say: Say) -> None:
        asyncio.run(Mirrored(top, Failing(strike), SparseFiles(), Hop(heard=say), say, seed).play())

    return in_child(work)


def judged_in_process(top: Path, said: list[Any], end: Any) -> list[str]:
    hop = Hop(got=[s for s in said if isinstance(s, bytes)])
    found, status = in_child(lambda say: say(judged(top, [s for s in said if not isinstance(s, bytes)], hop, end)))
    return found[-1] if found and not status else [f"not started again: status {status}"]


def test_no_kill_takes_back_what_was_acknowledged_here_or_there(base: Path, cases: int) -> None:
    chance = random.Random(25)

    def count(say: Say) -> None:
        collect = Collect()
        asyncio.run(Mirrored(fresh(base, "day"), Failing(collect), SparseFiles(), Hop(), lambda _: None, 0).play())
        say(len(collect.moments))

    pair(base)
    (total,), status = in_child(count)
    assert not status
    killed = promised = 0
    for seed in range(cases):
        top, at, end = fresh(base, "day"), chance.randrange(total), ENDS[seed % 2]
        said, status = in_process(top, seed, Kill(at))
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        promised += sum(isinstance(s, Told) for s in said)
        found = judged_in_process(top, said, end)
        assert not found, f"killed at moment {at} of {total} of day {seed}, {end.__name__}: {found[:3]}"
    assert killed > cases * 0.8
    assert promised > cases * 3
