"""What files say about the state of an installation."""

from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import pytest

from civicmail.core.config.settings import Archive, Settings
from civicmail.core.disk.metrics import Values
from civicmail.front.checkup import heartbeats
from civicmail.front.checkup.heartbeats import Beat, Heartbeat
from civicmail.front.metrics.collectors import Collector
from civicmail.front.metrics.disk_forecast import HOUR, DiskForecast
from civicmail.front.metrics.families import KNOWN
from civicmail.front.metrics.gauges import Gauges

DAY = 24 * HOUR


def test_gauges_of_a_new_installation_are_all_known_and_have_their_labels(tmp_path: Path) -> None:
    values = Gauges(Settings(), tmp_path).values(1_800_000_000_000)
    assert ("civicmail_queue_copies", ("local",)) in values and values["civicmail_index_lag_records", ()] == 0
    for name, labels in values:
        assert len(KNOWN[name].labels) == len(labels), name


def test_jobs_are_told_by_their_heartbeats_and_a_standby_that_is_set_up_no_more_is_not(tmp_path: Path) -> None:
    for process in ("city", "standby"):
        heartbeats.write(
            tmp_path, Heartbeat(process, 1, 90_000, (Beat("ledger", done=80_000, failures=2), Beat("kick", elsewhere=True)))
        )
    values = Gauges(Settings(), tmp_path).values(100_000)
    assert values["civicmail_heartbeat_timestamp_seconds", ("city",)] == 90
    assert values["civicmail_job_failures", ("city", "ledger")] == 2
    assert ("civicmail_job_failures", ("city", "kick")) not in values
    assert ("civicmail_heartbeat_timestamp_seconds", ("standby",)) not in values


def test_the_backup_of_the_settings_has_its_age(tmp_path: Path) -> None:
    mark, data = tmp_path / "ended", tmp_path / "data"
    data.mkdir()
    settings = Settings(archive=Archive(backup=str(mark)))
    assert ("civicmail_backup_timestamp_seconds", ("archive",)) not in Gauges(settings, data).values(100_000)
    mark.touch()
    os.utime(mark, (50, 50))
    assert Gauges(settings, data).values(100_000)["civicmail_backup_timestamp_seconds", ("archive",)] == 50


def test_what_cannot_be_read_is_left_out_and_the_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = Gauges(Settings(), tmp_path)

    def fails(now: int) -> Values:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(gauges, "_queue", fails)
    values = gauges.values(100_000)
    assert ("civicmail_queue_copies", ("local",)) not in values and ("civicmail_disk_min_free_bytes", ()) in values


def test_days_left_are_counted_from_the_pace_of_a_week(tmp_path: Path) -> None:
    filling = DiskForecast(tmp_path, min_free=100)
    assert filling.left_seconds(1100, 0) == math.inf
    assert filling.left_seconds(1000, 12 * HOUR) == math.inf, "half a day is no pace"
    assert DiskForecast(tmp_path, min_free=100).left_seconds(900, 2 * DAY) == pytest.approx(8 * DAY / 1000), (
        "100 a day, also after a restart"
    )
    assert filling.left_seconds(2000, 3 * DAY) == math.inf
    assert filling.left_seconds(100, 3 * DAY) == 0


def test_a_look_that_fails_keeps_what_was_seen_with_its_time(tmp_path: Path) -> None:
    broken: list[int] = []

    def collect(now: int) -> Values:
        if broken:
            raise ValueError
        return {("civicmail_database_up", ()): 1}

    look = Collector("office", 1, collect)
    look.once()
    seen, at = look.seen, look.at
    broken.append(1)
    look.once()
    assert (look.seen, look.at) == (seen, at) and seen["civicmail_look_timestamp_seconds", ("office",)] == at / 1000
