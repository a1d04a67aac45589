"""Format times, spans, sizes, shares and money for pages, in the page's language."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from civicmail.city.pages import days, wording

_KILO = 1000
SHOW_HOUR_WITHIN = timedelta(days=14)
"""So near the hour matters, further away the day."""
READER_ZONE: ContextVar[tzinfo | None] = ContextVar("reader_zone", default=None)
"""The time zone that the reader prefers for times of day, set for each request; None for the city's. Days and evidence stay in the
city's."""


def fact(value: object) -> object:
    """A fact for a page head: dates in words, near ones with the time; numbers with commas; others unchanged. Midnight counts as
    the end of the previous day."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return when(value) if _has_hour(value) else last_day(value)
    if isinstance(value, date):  # a datetime is one, too
        return day(value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _has_hour(value: datetime) -> bool:
    """Whether the time of day matters: near, and not midnight."""
    return abs(value - timezone.now()) < SHOW_HOUR_WITHIN and timezone.localtime(value).time() != time.min


def when(value: datetime | date | int | None) -> SafeString | str:
    """A time as people say it: "Today 9:12 a.m.", "Nov 23, 2:05 p.m.", with the year where it is another one; on paper, which knows
    no today, all of it (print.css). A number is ms."""
    if value is None or value == "":
        return ""
    if not isinstance(value, datetime):
        return day(value) if isinstance(value, date) else when(datetime.fromtimestamp(value / 1000, UTC))
    local, now = local_time(value), local_time(timezone.now())
    if local.date() == now.date():
        text = gettext("Today {time}").format(time=clock(local))
    elif (now.date() - local.date()).days == 1:
        text = gettext("Yesterday {time}").format(time=clock(local))
    else:
        text = f"{wording.short_day(local.date()) if local.year == now.year else wording.day(local.date())}, {clock(local)}"
    at = local.isoformat(timespec="seconds")
    return format_html('<time class="cm-when" datetime="{}" title="{}">{}</time>', at, _full(local), text)


def briefly(value: datetime) -> SafeString:
    """A time for a narrow column: "8:47 a.m." today, "Fri" within a week, "Nov 23", "2/9/2025"; whole on paper, as `when` is."""
    local, now = local_time(value), local_time(timezone.now())
    days_ago = (now.date() - local.date()).days
    if days_ago == 0:
        text = clock(local)
    elif 0 < days_ago < 7:
        text = date_format(local, "D")
    else:
        text = wording.short_day(local.date()) if local.year == now.year else date_format(local, "SHORT_DATE_FORMAT")
    at = local.isoformat(timespec="seconds")
    return format_html('<time class="cm-when" datetime="{}" title="{}">{}</time>', at, _full(local), text)


def clock(value: datetime) -> str:
    """The time of day: "2:30 p.m."."""
    return date_format(local_time(value), "g:i a")


def second(value: datetime) -> str:
    """The time of day with its second, for steps of a trace: "2:30:05 p.m."."""
    return date_format(local_time(value), "g:i:s a")


def local_time(value: datetime) -> datetime:
    """The moment in the time zone that the reader prefers."""
    return timezone.localtime(value, READER_ZONE.get())


def day(value: datetime | date | None) -> SafeString | str:
    """A date in words: "Nov 23, 2026"."""
    if value is None or value == "":
        return ""
    local = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), wording.day(local))


def last_day(value: datetime | date | None) -> SafeString | str:
    """The last day before this moment."""
    return day(days.last_day(value) if isinstance(value, datetime) else value)


def exact(value: datetime | int | None) -> SafeString | str:
    """A time for traces, entries and certificates: 2026-11-25T14:05:31-06:00. A number is ms."""
    if value is None or value == "":
        return ""
    time = value if isinstance(value, datetime) else datetime.fromtimestamp(value / 1000, UTC)
    text = timezone.localtime(time).isoformat(timespec="seconds")
    return format_html('<time class="cm-mono" datetime="{}">{}</time>', text, text)


def instant(at: int) -> str:
    """A time of a trace to the millisecond, as text: 2026-11-25T14:05:31.482-06:00. at: ms."""
    return timezone.localtime(datetime.fromtimestamp(at / 1000, UTC)).isoformat(timespec="milliseconds")


def _full(local: datetime) -> str:
    return f"{wording.day(local.date())}, {date_format(local, 'g:i:s a')} {local.tzname()}"


def span(seconds: float | None) -> str:
    """A stretch of time: "41 seconds", "2 h 04 min", "3 days"."""
    if seconds is None:
        return ""
    whole = int(seconds)
    if whole < 60:
        return ngettext("{count} second", "{count} seconds", whole).format(count=whole)
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    days = whole // 86_400
    return ngettext("{count} day", "{count} days", days).format(count=days)


def size(count: int | None) -> str:
    """Bytes: "22 KB", "4.1 MB"."""
    if count is None:
        return ""
    if count < _KILO:
        return f"{count} B"
    for unit in ("KB", "MB", "GB"):
        count_of = count / _KILO ** ("KB", "MB", "GB").index(unit) / _KILO
        if count_of < _KILO or unit == "GB":
            return f"{count_of:.1f} {unit}" if unit != "KB" and count_of < 10 else f"{count_of:.0f} {unit}"
    return ""


def share(part: int, whole: int) -> str:
    """A part of a whole, never without its base: "12 % (31 of 258)"."""
    if not whole:
        return gettext("none of 0")
    return gettext("{percent} % ({part} of {whole})").format(
        percent=round(100 * part / whole), part=f"{part:,}", whole=f"{whole:,}"
    )


def money(cents: int | None) -> str:
    """Cents as dollars: "$212.50"."""
    return "" if cents is None else f"${cents / 100:,.2f}"
