"""Charts of Mail statistics: slots of the city's time, gaps where nothing was sampled, sentences that people can read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.front.checkup.samples import HOUR, Period
from civicmail.front.web.system import statistics_charts as charts
from civicmail.front.web.system.statistics_charts import SCALES

NOW = datetime(2026, 12, 2, 16, 20, tzinfo=UTC)


def hour(back: int, **counts: int) -> Period:
    at = epoch_ms(NOW) // HOUR * HOUR - back * HOUR + 30_000
    times = {"answer": ((0.1, 1.0), (9, 1, 0))}
    return Period(at, counts, times, {"held": 3.0, "free": 5e11 - back, "approvals": 4.0, "oldest": 7200.0})


@pytest.mark.parametrize(("by", "count"), [("hour", 48), ("day", 30), ("month", 12)])
def test_slots_follow_each_other_without_a_gap_until_now(by: str, count: int) -> None:
    slots = SCALES[by].slots(NOW)
    assert len(slots) == count
    assert all(a.ends == b.begins for a, b in pairwise(slots))
    assert slots[-1].ends > epoch_ms(NOW) - HOUR


def test_a_sample_is_of_the_hour_before_it_and_a_missing_one_is_a_gap() -> None:
    slots = charts.filled(SCALES["hour"].slots(NOW), [hour(0, **{"in": 5, "sent": 1}), hour(2, **{"in": 7})])
    mail, refused, held = charts.of_mail(SCALES["hour"], slots)
    assert mail.series[0].values[-3:] == (7, None, 6)
    assert mail.sentence.startswith("13 messages came in, at most 7 (Dec 2, 7:00 a.m.")
    assert refused.sentence == "0 messages and recipients were refused in 48 hours."
    assert held.sentence == "3 messages are held now."


def test_times_are_told_as_half_and_nearly_all() -> None:
    slots = charts.filled(SCALES["day"].slots(NOW), [hour(0), hour(1)])
    answer, delivery, _ = charts.of_times(SCALES["day"], slots)
    assert answer.sentence == "Half was acknowledged within 56 ms, 95 % within 550 ms."
    assert delivery.sentence == charts.NOTHING and not delivery.is_known


def test_storage_and_approvals_say_what_a_reader_should_see() -> None:
    slots = charts.filled(SCALES["day"].slots(NOW), [hour(0)])
    storage, approvals = charts.of_stores(SCALES["day"], slots, 0)
    assert storage.sentence == "500 GB are free; nothing grew that would fill it."
    assert approvals.sentence == "4 wait now; the longest wait was 2 hours."
    assert [c.sentence for c in charts.of_stores(SCALES["day"], SCALES["day"].slots(NOW), 0)] == [charts.NOTHING] * 2


def test_hits_are_by_subject_and_by_rule() -> None:
    slots = SCALES["day"].slots(NOW)
    hits = {("spam-band", date(2026, 12, 1)): 4, ("hidden-host", date(2026, 11, 30)): 2, ("other", date(2026, 12, 2)): 9}
    kinds = {"Spam": frozenset({"spam-band"}), "Phishing": frozenset({"hidden-host"})}
    both = charts.of_hits(SCALES["day"], slots, hits, kinds)
    assert both.sentence == "4 of spam and 2 of phishing in 30 days, in copies."
    assert both.series[0].values[-2:] == (4, 0) and both.series[1].values[-3] == 2
    assert charts.of_rule(SCALES["day"], slots, "other", hits).sentence == "The rule other matched 9 copies in 30 days."
