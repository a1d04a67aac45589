"""Counters of processes: they go on, they add up, and nothing that is wrong with them harms anybody."""

from __future__ import annotations

import errno
import multiprocessing
from pathlib import Path

import pytest

from civicmail.core.disk import metrics
from civicmail.core.disk.metrics import Histogram, Meter, Values

NAME = ("civicmail_messages_accepted", ("mx",))
TIMES = ("civicmail_acknowledge_seconds", ("mx",))


class Counting:
    """A process that counts."""

    def __init__(self, data: Path) -> None:
        self.count = 0
        self.times = Histogram((0.1, 1.0))
        self.meter = Meter(data, "gateway", self.values)

    def values(self) -> Values:
        return {NAME: self.count, TIMES: self.times}

    def accept(self, seconds: float) -> None:
        self.count += 1
        self.times.observe(seconds)


@pytest.mark.rule("P-23", "Counts of processes add up, and continue after a process ended or was killed.")
def test_counters_of_all_processes_add_up_and_go_on_after_a_restart(tmp_path: Path) -> None:
    one, two = Counting(tmp_path), Counting(tmp_path)
    for process, seconds in ((one, 0.05), (one, 0.1), (two, 0.5)):
        process.accept(seconds)
        process.meter.write()
    assert metrics.read(tmp_path)[NAME] == 3
    one.meter.close()
    two.meter.close()
    again = Counting(tmp_path)
    again.meter.write()
    assert metrics.read(tmp_path)[NAME] == 3, "a restart takes nothing away"
    again.accept(7.0)
    again.meter.close()
    values = metrics.read(tmp_path)
    times = values[TIMES]
    assert values[NAME] == 4 and isinstance(times, Histogram)
    assert times.counts == [2, 1, 1] and times.sum == pytest.approx(7.65)


def _count(data: Path, times: int) -> None:
    process = Counting(data)
    process.meter.start()
    for _ in range(times):
        process.accept(0.2)
    process.meter.close()


def test_processes_that_count_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    spawned = multiprocessing.get_context("spawn")
    processes = [spawned.Process(target=_count, args=(tmp_path, 20_000)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert metrics.read(tmp_path)[NAME] == 60_000


def test_a_file_that_cannot_be_written_harms_nobody_and_is_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Counting(tmp_path)
    process.accept(0.1)
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", _full)
        process.meter.write()
    assert NAME not in metrics.read(tmp_path)
    process.accept(0.1)
    process.meter.write()
    assert metrics.read(tmp_path)[NAME] == 2


def _full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_folder_that_cannot_be_made_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_bytes(b"no folder")
    process = Counting(tmp_path)
    process.meter.start()
    process.meter.close()
    assert metrics.read(tmp_path) == {}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version": 2, "values": []}', b'{"version": 1, "values": [["a", [], [1]]]}']
)
def test_a_damaged_file_begins_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "gateway-1.json").write_bytes(content)
    process = Counting(tmp_path)
    process.accept(0.1)
    process.meter.close()
    assert metrics.read(tmp_path)[NAME] == 1


def test_bounds_of_an_older_program_are_dropped_and_not_added_wrongly(tmp_path: Path) -> None:
    old = Counting(tmp_path)
    old.times = Histogram((5.0,))
    old.accept(1.0)
    old.meter.close()
    new = Counting(tmp_path)
    new.accept(0.05)
    new.meter.close()
    times = metrics.read(tmp_path)[TIMES]
    assert isinstance(times, Histogram) and times.counts == [1, 0, 0]


def test_a_clock_that_was_set_back_takes_nothing_from_a_sum() -> None:
    times = Histogram((0.1,))
    times.observe(-3.0)
    assert times.counts == [1, 0] and times.sum == 0
