"""Charts of the page Health: mail that came in, by hour and by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages import wording
from civicmail.city.pages.charts import Chart, Series
from civicmail.front.web.system.check_runner import CheckResults


def of_mail(known: CheckResults) -> list[Chart]:
    """What was archived when the checks were made."""
    hours, days = [count for _, count in known.kept], [count for _, count in known.daily]
    return [
        _chart("by-hour", "Mail that came in, by hour", "Hour that began", known.kept, hour, short_hour, in_hours(hours)),
        _chart("by-day", "Mail that came in, by day", "Day", known.daily, wording.short_day, wording.short_day, in_days(days)),
    ]


def in_hours(counts: list[int]) -> str:
    """The sentence above the hours."""
    return f"{sum(counts):,} messages in {len(counts)} hours, at most {max(counts, default=0):,} in an hour."


def in_days(counts: list[int]) -> str:
    """The sentence above the days; today is not over yet."""
    so_far, before = counts[-1] if counts else 0, sorted(counts[:-1])
    usual = before[len(before) // 2] if before else 0
    return f"{so_far:,} messages today; half of the {len(before)} days before had at most {usual:,}."


def hour(at: datetime) -> str:
    """An hour of the last day as text: Nov 30, 4:00 p.m."""
    return f"{wording.short_day(at)}, {wording.clock(at)}"


def short_hour(at: datetime) -> str:
    """An hour below an axis: 16:00."""
    return f"{timezone.localtime(at):%H:%M}"


def _chart(
    key: str,
    title: str,
    head: str,
    counts: tuple[tuple[int, int], ...],
    label: Callable[[datetime], str],
    mark: Callable[[datetime], str],
    sentence: str,
) -> Chart:
    moments = [from_ms(at) for at, _ in counts]
    series = Series("Messages", tuple(count for _, count in counts))
    labels, marks = tuple(map(label, moments)), tuple(map(mark, moments))
    return Chart(key, title, sentence, head, labels, (series,), marks=marks)
