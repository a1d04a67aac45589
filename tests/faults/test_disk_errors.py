"""Promise 6 on a bad disk: ENOSPC and EIO at any write, sync or creation end in "try again later", never in a lost promise."""

from __future__ import annotations

import asyncio
import errno
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from faults.children import Say, in_child
from faults.day import Day, Hop, Told
from faults.failing import Fail, Failing
from faults.test_kill import judged, moments

pytestmark = pytest.mark.timeout(3600)  # FULL=1 plays thousands


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_failing_disk_breaks_no_promise(base: Path, cases: int, error: int) -> None:
    chance = random.Random(error)
    top = base.with_name("day")
    total = len(moments(base))
    promised = 0
    for seed in range(max(20, cases // 4)):
        at, times = chance.randrange(total), chance.choice([1, 1, 2, 50])
        shutil.rmtree(top)
        shutil.copytree(base, top)

        def work(say: Say, seed: int = seed, at: int = at, times: int = times) -> None:
            asyncio.run(Day(top, Failing(Fail(at, error, times)), Hop(heard=say), say, seed).play())

        said: list[Any]
        said, status = in_child(work)
        assert not status, f"error at moment {at}, {times} times, day {seed}: not told in words"
        promised += sum(isinstance(s, Told) for s in said)
        found = judged(top, said)
        assert not found, f"error at moment {at}, {times} times, day {seed}: {found[:3]}"
    assert promised > 100
