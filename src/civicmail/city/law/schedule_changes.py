"""What changes between two files of schedules, series by series. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from civicmail.city.law.schedules import Schedule, Schedules

_NAMES = {"id": "series", "historical": "State Historical Society", "notified": "notified", "approval": "approval"}


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """A difference. field: "" for a whole series; old, new: as text, "" for nothing."""

    what: Literal["added", "removed", "changed"]
    class_: str
    title: str
    field: str = ""
    old: str = ""
    new: str = ""


def changes(old: Schedules | None, new: Schedules) -> list[ScheduleChange]:
    """Every difference, by class. old: None before the first file."""
    before = old.by_class if old is not None else {}
    result = []
    for class_ in sorted({*before, *new.by_class}):
        was, is_ = before.get(class_), new.by_class.get(class_)
        if was is None and is_ is not None:
            result.append(ScheduleChange("added", class_, is_.title, new=period(is_)))
        elif is_ is None and was is not None:
            result.append(ScheduleChange("removed", class_, was.title, old=period(was)))
        elif was is not None and is_ is not None:
            result += _changed(was, is_)
    return result


def period(s: Schedule) -> str:
    """How long a series is retained: 7 years after receipt."""
    if s.permanent:
        return "permanently"
    parts = [f"{n} {word if n > 1 else word.removesuffix('s')}" for n, word in ((s.years, "years"), (s.days, "days")) if n]
    return f"{' and '.join(parts)} after {'receipt' if s.trigger == 'received' else 'the year of receipt'}"


def _changed(was: Schedule, is_: Schedule) -> list[ScheduleChange]:
    pairs = [("period", period(was), period(is_))]
    pairs += [
        (_NAMES.get(each.name, each.name), _text(getattr(was, each.name)), _text(getattr(is_, each.name)))
        for each in fields(Schedule)
        if each.name not in ("class_", "years", "days", "permanent", "trigger")
    ]
    return [ScheduleChange("changed", is_.class_, is_.title, name, old, new) for name, old, new in pairs if old != new]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else str(value)
