"""The search worker: what was kept last is found, too, after a clean stop (P-23)."""

from __future__ import annotations

from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from civicmail.core.config.settings import Settings
from civicmail.core.query.tree import Everything
from civicmail.front.worker import search
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.commit import Writer
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.tasks import IndexJob
from mail.search.generated import captures

SOME = list(captures(3, 4))


def _keep(into: Writer, n: int) -> None:
    into.receipt(*SOME[n])
    into.flush()


def _found(data: Path) -> int:
    return count(Reader(data), Everything())


@pytest.mark.rule("P-23", "A clean stop waits, for two seconds at most, until all acknowledged mail is searchable.")
def test_a_clean_stop_waits_until_all_that_was_acknowledged_is_found(tmp_path: Path) -> None:
    """The gateway stops at the same time and keeps one more message before it lets its journal go."""
    gateway = Writer(tmp_path, lambda: 0, file_size=1 << 20)
    times = 0

    def clock() -> float:
        nonlocal times
        times += 1
        if times == 3:
            _keep(gateway, 1)
            gateway.close()
        return 0.0

    with contextmanager(search.index)(JobContext(Settings(), tmp_path), clock) as work:
        work()
        _keep(gateway, 0)
    assert _found(tmp_path) == 2


def test_a_stop_does_not_wait_for_a_gateway_that_goes_on(tmp_path: Path) -> None:
    """Only the worker is stopped: after two seconds it goes, and what it had read is found."""
    times = iter([0.0, 0.5, 1.0, 1.5, 2.5])
    with closing(Writer(tmp_path, lambda: 0, file_size=1 << 20)) as gateway, closing(IndexJob.take(tmp_path)) as job:
        _keep(gateway, 0)
        search.drain(job, tmp_path, lambda: next(times))
        assert _found(tmp_path) == 1
