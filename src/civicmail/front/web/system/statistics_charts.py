"""Charts of the page Mail statistics: what came and went, how long it took, storage, files that wait, rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import wording
from civicmail.city.pages.charts import Chart, Series
from civicmail.city.pages.months import last_months
from civicmail.front.checkup import samples
from civicmail.front.checkup.samples import HOUR, Period

HOURS, DAYS, MONTHS = 48, 30, 12
GIGABYTE = 1_000_000_000
NOTHING = "Counted each hour, from the first full hour on."


@dataclass(frozen=True, slots=True)
class Slot:
    """One place on the axis: an hour, a day or a month. begins, ends: epoch ms; mark: its short form below the axis; period: what
    was counted in it, None where no sample says."""

    begins: int
    ends: int
    label: str
    mark: str
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """How a page divides the time. noun: of one slot; stretch: all of it, in words."""

    noun: str
    stretch: str
    slots: Callable[[datetime], list[Slot]]


def hourly(now: datetime) -> list[Slot]:
    """The last hours that are over."""
    now_begins = epoch_ms(now) // HOUR * HOUR
    return [_hour(now_begins - back * HOUR) for back in range(HOURS, 0, -1)]


def daily(now: datetime) -> list[Slot]:
    """The last days of the city, with today."""
    today = timezone.localdate(now)
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    return [_slot(day, day + timedelta(days=1), wording.short_day(day), wording.short_day(day)) for day in days]


def monthly(now: datetime) -> list[Slot]:
    """The last months, with the present one."""
    months = last_months(timezone.localdate(now), MONTHS)
    ends = [*months[1:], (months[-1] + timedelta(days=32)).replace(day=1)]
    return [_slot(m, end, date_format(m, "F Y"), date_format(m, "M")) for m, end in zip(months, ends, strict=True)]


SCALES = {
    "hour": Scale("Hour that began", "48 hours", hourly),
    "day": Scale("Day", "30 days", daily),
    "month": Scale("Month", "12 months", monthly),
}


def filled(slots: Sequence[Slot], hours: Iterable[Period]) -> list[Slot]:
    """The slots with what was counted in them. A sample belongs to the hour before it."""
    by_slot: dict[int, list[Period]] = {}
    for hour in hours:
        middle = hour.at - HOUR // 2
        if (slot := next((s for s in slots if s.begins <= middle < s.ends), None)) is not None:
            by_slot.setdefault(slot.begins, []).append(hour)
    found = {begins: samples.total(periods) for begins, periods in by_slot.items()}
    return [Slot(s.begins, s.ends, s.label, s.mark, found.get(s.begins)) for s in slots]


def of_mail(scale: Scale, slots: Sequence[Slot]) -> list[Chart]:
    """Mail in and out, refused, held."""
    come, went = _counts(slots, "in", "sent"), _counts(slots, "out")
    refused, held = _counts(slots, "refused", "recipients"), _gauges(slots, "held")
    top = max((value, slot.label) for value, slot in zip(come, slots, strict=True) if value is not None) if _any(come) else None
    most = f", at most {top[0]:,.0f} ({top[1]})" if top and top[0] else ""
    return [
        _chart(
            scale,
            slots,
            "mail",
            "Mail in and out",
            f"{_sum(come):,} messages came in{most}; {_sum(went):,} copies went out." if _any(come) else NOTHING,
            (Series("In", come), Series("Out", went)),
        ),
        _chart(
            scale,
            slots,
            "refused",
            "Refused",
            f"{_sum(refused):,} messages and recipients were refused in {scale.stretch}." if _any(refused) else NOTHING,
            (Series("Refused", refused),),
            kind="bars",
        ),
        _chart(scale, slots, "held", "Held", _newest(held, "{:,.0f} messages are held now."), (Series("Held", held),)),
    ]


def of_times(scale: Scale, slots: Sequence[Slot]) -> list[Chart]:
    """Time to the answer, to delivery, and until a search finds it: median and 95th percentile."""
    charts = []
    for key, title, until in (
        ("answer", "Time to the 250", "was acknowledged"),
        ("delivery", "Time to delivery", "was delivered"),
        ("search", "Time until it is found", "could be found"),
    ):
        half, most = (
            tuple(samples.percentile(s.period.times.get(key), share) if s.period else None for s in slots) for share in (0.5, 0.95)
        )
        all_of = samples.total(s.period for s in slots if s.period).times.get(key)
        median, p95 = samples.percentile(all_of, 0.5), samples.percentile(all_of, 0.95)
        sentence = (
            NOTHING if median is None or p95 is None else f"Half {until} within {_seconds(median)}, 95 % within {_seconds(p95)}."
        )
        series = (Series("Median", half), Series("95 %", most))
        charts.append(_chart(scale, slots, key, title, sentence, series, unit="s", decimals=2))
    return charts


def of_stores(scale: Scale, slots: Sequence[Slot], min_free: int) -> list[Chart]:
    """Free space with the days that it lasts, and files that wait for approval."""
    free = tuple(value and value / GIGABYTE for value in _gauges(slots, "free"))
    left = samples.days_left([s.period for s in slots if s.period], min_free)
    until = "nothing grew that would fill it" if left is None else f"at this pace it lasts {left:,.0f} days"
    space = f"{_newest(free, '{:,.0f} GB are free')}; {until}." if _any(free) else NOTHING
    waiting, oldest = _gauges(slots, "approvals"), tuple(value and value / 3600 for value in _gauges(slots, "oldest"))
    longest = max((value for value in oldest if value is not None), default=0)
    return [
        _chart(
            scale,
            slots,
            "storage",
            "Free storage",
            space,
            (Series("Free", free),),
            unit="GB",
        ),
        _chart(
            scale,
            slots,
            "approvals",
            "Messages whose files wait for approval",
            f"{_newest(waiting, '{:,.0f} wait now')}; the longest wait was {longest:,.0f} hours." if _any(waiting) else NOTHING,
            (Series("Waiting", waiting), Series("Oldest, hours", oldest)),
        ),
    ]


def of_hits(
    scale: Scale, slots: Sequence[Slot], hits: Mapping[tuple[str, date], int], kinds: Mapping[str, frozenset[str]]
) -> Chart:
    """Copies that rules on spam and phishing matched. hits: by rule and day."""
    series = tuple(Series(name, _by_day(slots, hits, rules)) for name, rules in kinds.items())
    counts = " and ".join(f"{_sum(s.values):,} of {s.name.lower()}" for s in series)
    title = "Spam and phishing"
    return _chart(scale, slots, "hits", title, f"{counts} in {scale.stretch}, in copies.", series, kind="bars")


def of_rule(scale: Scale, slots: Sequence[Slot], rule: str, hits: Mapping[tuple[str, date], int]) -> Chart:
    """Hits of one rule."""
    values = _by_day(slots, hits, frozenset({rule}))
    sentence = f"The rule {rule} matched {_sum(values):,} copies in {scale.stretch}."
    return _chart(scale, slots, "rule", "Hits of a rule", sentence, (Series("Copies", values),), kind="bars")


def _by_day(slots: Sequence[Slot], hits: Mapping[tuple[str, date], int], rules: frozenset[str]) -> tuple[float | None, ...]:
    spans = [(timezone.localdate(from_ms(s.begins)), timezone.localdate(from_ms(s.ends - 1))) for s in slots]
    return tuple(sum(n for (rule, day), n in hits.items() if rule in rules and first <= day <= last) for first, last in spans)


def _chart(
    scale: Scale,
    slots: Sequence[Slot],
    key: str,
    title: str,
    sentence: str,
    series: tuple[Series, ...],
    *,
    kind: str = "lines",
    unit: str = "",
    decimals: int = 0,
) -> Chart:
    labels, marks = tuple(s.label for s in slots), tuple(s.mark for s in slots)
    sentence = sentence[:1].upper() + sentence[1:]
    return Chart(key, title, sentence, scale.noun, labels, series, "bars" if kind == "bars" else "lines", unit, decimals, marks)


def _counts(slots: Sequence[Slot], *keys: str) -> tuple[float | None, ...]:
    return tuple(sum(s.period.counts.get(key, 0) for key in keys) if s.period and s.period.counts else None for s in slots)


def _gauges(slots: Sequence[Slot], key: str) -> tuple[float | None, ...]:
    return tuple(s.period.gauges.get(key) if s.period else None for s in slots)


def _sum(values: Iterable[float | None]) -> int:
    return round(sum(value for value in values if value is not None))


def _any(values: Iterable[float | None]) -> bool:
    return any(value is not None for value in values)


def _newest(values: Sequence[float | None], words: str) -> str:
    known = [value for value in values if value is not None]
    return words.format(known[-1]) if known else NOTHING


def _seconds(value: float) -> str:
    return f"{value * 1000:,.0f} ms" if value < 1 else f"{value:,.1f} s"


def _hour(at: int) -> Slot:
    local = timezone.localtime(from_ms(at))
    return Slot(at, at + HOUR, f"{wording.short_day(local)}, {wording.clock(local)}", f"{local:%H:%M}")


def _slot(first: date, end: date, label: str, mark: str) -> Slot:
    begins, ends = (epoch_ms(timezone.make_aware(datetime.combine(day, time.min))) for day in (first, end))
    return Slot(begins, ends, label, mark)
