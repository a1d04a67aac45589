"""Hourly samples: one an hour, what was added between two, bounded storage, times as percentiles (P-17)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from civicmail.core.disk import metrics
from civicmail.front.checkup import samples
from civicmail.front.checkup.samples import HOUR, KEEP_MONTHS, Period

NOW = int(datetime(2026, 3, 2, 12, 1, tzinfo=UTC).timestamp() * 1000)
BOUNDS = [1.0, 2.0, 4.0]


def none_wait(_now: int) -> Mapping[str, float]:
    return {"approvals": 2, "oldest": 60.0}


def count(data: Path, accepted: int, refused: int = 0, answers: tuple[int, ...] = (0, 0, 0, 0)) -> None:
    """What the gateway has counted so far."""
    values = [
        ["civicmail_messages_accepted", ["mx"], accepted],
        ["civicmail_messages_accepted", ["submission"], 2 * accepted],
        ["civicmail_messages_refused", ["mx"], refused],
        ["civicmail_deliveries", ["outbound", "delivered"], 3 * accepted],
        ["civicmail_deliveries", ["local", "delivered"], 7],
        ["civicmail_acknowledge_seconds", ["mx"], [BOUNDS, list(answers), 1.0]],
    ]
    metrics.folder(data).mkdir(exist_ok=True)
    (metrics.folder(data) / "gateway-1.json").write_bytes(orjson.dumps({"version": 1, "values": values}))


def test_one_sample_an_hour_and_each_hour_has_what_was_added(tmp_path: Path) -> None:
    count(tmp_path, 10)
    assert samples.take(tmp_path, NOW, none_wait)
    assert not samples.take(tmp_path, NOW + 60_000, none_wait), "this hour has one"
    count(tmp_path, 14, refused=3, answers=(2, 2, 0, 0))
    assert samples.take(tmp_path, NOW + HOUR, none_wait)
    (hour,) = samples.read(tmp_path, NOW, NOW + HOUR)
    assert hour.at == NOW + HOUR
    assert hour.counts == {"in": 4, "sent": 8, "out": 12, "refused": 3, "recipients": 0, "failed": 0}
    assert hour.times["answer"] == (tuple(BOUNDS), (2, 2, 0, 0))
    assert hour.gauges["approvals"] == 2 and hour.gauges["held"] == 0 and hour.gauges["free"] > 0


def test_a_counter_that_began_anew_counts_from_zero_and_a_long_pause_belongs_to_no_hour(tmp_path: Path) -> None:
    for at, accepted in ((NOW, 10), (NOW + HOUR, 4), (NOW + 20 * HOUR, 50)):
        count(tmp_path, accepted)
        samples.take(tmp_path, at, none_wait)
    first, second = samples.read(tmp_path, NOW, NOW + 30 * HOUR)
    assert first.counts["in"] == 4
    assert second.counts == {} and second.gauges["approvals"] == 2


def test_months_are_kept_for_thirteen_months_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    count(tmp_path, 1)
    for months in range(KEEP_MONTHS + 3):
        samples.take(tmp_path, NOW + months * 31 * 24 * HOUR, none_wait)
    files = sorted(samples.folder(tmp_path).iterdir())
    assert len(files) == KEEP_MONTHS
    last = NOW + (KEEP_MONTHS + 2) * 31 * 24 * HOUR
    files[-1].write_bytes(files[-1].read_bytes() + b'{"v":1,"at')
    assert samples.take(tmp_path, last + HOUR, none_wait)
    assert [hour.at for hour in samples.read(tmp_path, last - 1, last + HOUR)] == [last, last + HOUR]


@pytest.mark.parametrize(("share", "expected"), [(0.5, 1.0), (0.25, 0.5), (0.75, 2.0), (0.95, 4.0)])
def test_a_percentile_lies_between_its_bounds_in_proportion(share: float, expected: float) -> None:
    """Two values up to 1 s, one up to 2 s, one above 4 s, of which nobody knows more."""
    assert samples.percentile((tuple(BOUNDS), (2, 1, 0, 1)), share) == pytest.approx(expected)


def test_nothing_has_no_percentile() -> None:
    assert samples.percentile(None, 0.5) is None and samples.percentile((tuple(BOUNDS), (0, 0, 0, 0)), 0.5) is None


def test_days_left_follow_the_pace_of_the_free_space() -> None:
    def at(hours: int, free: float) -> Period:
        return Period(NOW + hours * HOUR, {}, {}, {"free": free})

    assert samples.days_left([at(0, 1000), at(48, 900)], 100) == pytest.approx(16)
    assert samples.days_left([at(0, 1000), at(48, 1000)], 100) is None, "nothing grew"
    assert samples.days_left([at(0, 1000), at(5, 100)], 100) is None, "an import of some hours is no pace"


def test_several_hours_are_one_period() -> None:
    hours = [Period(NOW + n, {"in": n}, {"answer": ((1.0,), (n, 1))}, {"held": float(n)}) for n in (1, 2)]
    whole = samples.total(hours)
    assert whole == Period(NOW + 2, {"in": 3}, {"answer": ((1.0,), (3, 2))}, {"held": 2.0})
