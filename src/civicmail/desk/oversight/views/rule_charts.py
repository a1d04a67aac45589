"""Charts about a rule: what a sample counted, and what a replay would change, each with its numbers."""

from __future__ import annotations

from datetime import date, timedelta

from civicmail.city.directory.models import Department
from civicmail.city.pages.charts import Chart, Series
from civicmail.desk.oversight.rule_replay import NOBODY, Tally
from civicmail.desk.oversight.rule_sample import Sample

MAX_BARS = 31


def sample_charts(sample: Sample) -> list[Chart]:
    """What a sample counted, by day."""
    if not sample.days:
        return []
    first = min(sample.days)
    days = [first + timedelta(days=n) for n in range((max(sample.days) - first).days + 1)]
    sentence = f"{sample.touched:,} of {sample.looked:,} messages"
    series = (Series("Messages", tuple(sample.days[day] for day in days)),)
    return [Chart("sample-days", "Messages by day", sentence, "Day", tuple(f"{day:%b} {day.day}" for day in days), series)]


def replay_charts(tally: Tally, number: int) -> list[Chart]:
    """What would change, by day and by department: what acts now beside the tested version."""
    days = sorted(tally.days)[-MAX_BARS:]
    now, then = (tuple(tally.days[day][n] for day in days) for n in (1, 2))
    charts = []
    if days:
        series = (Series(f"Version {number}", then), Series("Acts now", now))
        sentence = f"{tally.after:,} of {tally.messages:,} messages, {tally.before:,} with the version that acts"
        labels = tuple(f"{day:%b} {day.day}" for day in map(date.fromisoformat, days))
        charts.append(Chart("replay-days", "Messages by day", sentence, "Day", labels, series, "lines"))
    changed = sorted(((code, n) for code, n in tally.departments.items() if n[1] or n[2]), key=lambda one: -one[1][2])[:8]
    if changed:
        codes = [code for code, _ in changed if code != NOBODY]
        names = dict(Department.objects.filter(code__in=codes).values_list("code", "name"))
        labels = tuple(names.get(code, "Outside") for code, _ in changed)
        shown = (Series("Newly", tuple(n[3] for _, n in changed)), Series("As now", tuple(n[2] - n[3] for _, n in changed)))
        sentence = f"{tally.new:,} messages newly, {tally.gone:,} no longer; copies of each department"
        charts.append(
            Chart("replay-departments", "Copies by department", sentence, "Department", labels, shown, marks=_short(labels))
        )
    return charts


def _short(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label if len(label) <= 10 else f"{label[:9]}…" for label in labels)
