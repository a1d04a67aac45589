"""Charts as geometry: lines or stacked bars over time, on a scale from zero (decision 0134). Pure.

    Chart("mail-in", "Mail by hour", "8 messages in 2 hours", "Hour", ("9 a.m.", "10 a.m."), (Series("Messages", (3, 5)),))

`{% chart c %}` draws it (components/chart.html): title and sentence, picture, key, and the numbers as a table in a fold.
Coordinates are text, so that no language writes them with a comma.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Literal

WIDTH, HEIGHT = 300, 150
"""Of the picture, in its own units: about 300 px wide on a page."""
TOP, BOTTOM = 16, 126
"""Of the highest and the lowest value."""
TEXT_BASE = 144
"""Of the labels below the axis."""
CHARACTER, LINE = 7.5, 14
"""Width and height that a character of a label takes at most (15 px, on phones); the sign of percent is wider."""
BAR_SHARE = 0.64
"""Of the room of a bar that it fills."""
INTERVALS = 3
"""Of the scale, at most."""


@dataclass(frozen=True, slots=True)
class Series:
    """values: one for each label, at least 0; None where nothing is known."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """A text in the picture."""

    x: str
    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """series: its place among the series, from 1, which gives its color."""

    series: int
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Line:
    """points: as `polyline` takes them; a gap in the values begins another line."""

    series: int
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """key: unique on its page; head: of the column of labels in the table; labels: oldest first; marks: their short form below the
    axis; unit: after each number; decimals: of the numbers; kind: of lines, the second is dashed, like the city's median."""

    key: str
    title: str
    sentence: str
    head: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: Literal["bars", "lines"] = "bars"
    unit: str = ""
    decimals: int = 0
    marks: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for series in self.series for value in series.values)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table: label and numbers, oldest first."""
        return [(label, [self._number(s.values[n]) for s in self.series]) for n, label in enumerate(self.labels)]

    @property
    def grid(self) -> list[Label]:
        """Lines of the scale above its zero with their numbers. x: where the number ends and the line begins."""
        step, top = self._scale
        return [self._tick(step * n) for n in range(1, round(top / step) + 1)]

    @property
    def axis(self) -> Label:
        """The line of zero."""
        return self._tick(0)

    @property
    def right(self) -> str:
        """Where the lines of the scale end."""
        return _text(self._right)

    @property
    def below(self) -> list[Label]:
        """Labels below the axis: as many as fit, the newest always."""
        marks = self.marks or self.labels
        room = max(map(len, marks), default=0) * CHARACTER + 8
        stride = max(1, math.ceil(len(marks) * room / (self._right - self._left))) if marks else 1
        chosen = reversed(range(len(marks) - 1, -1, -stride))
        return [_centered(self._x(n), TEXT_BASE, marks[n]) for n in chosen]

    @property
    def bars(self) -> list[Bar]:
        """Stacked bars, the first series lowest; none where the value is 0 or not known."""
        return [] if self.kind == "lines" else list(self._bars())

    @property
    def lines(self) -> list[Line]:
        """Lines, the first series last, so that it lies above the others."""
        return [] if self.kind == "bars" else [line for n in range(len(self.series), 0, -1) for line in self._runs(n)]

    @property
    def ends(self) -> list[Label]:
        """The newest number: beside the end of each line, or above the last bar."""
        if self.kind == "bars":
            return self._above_last_bar()
        newest = {self._number(value): self._y(value) for _, value in sorted(self._newest, key=itemgetter(1))}
        heights = sorted(newest.values())
        for upper, lower in pairwise(range(len(heights))):  # numbers that would cover each other
            heights[lower] = max(heights[lower], heights[upper] + LINE)
        excess = max(0.0, heights[-1] - BOTTOM) if heights else 0.0
        texts = [number + self._suffix for number in reversed(newest)]
        return [Label(_text(self._right + 8), _text(y - excess + 4), text) for y, text in zip(heights, texts, strict=True)]

    @property
    def dots(self) -> list[Label]:
        """The end of the first line, where it is known."""
        if self.kind == "bars":
            return []
        return [Label(_text(self._x(len(self.labels) - 1)), _text(self._y(value)), "") for n, value in self._newest if n == 1]

    @property
    def _newest(self) -> list[tuple[int, float]]:
        """Number of each series and its last value, where that is known."""
        last = [(n, series.values[-1]) for n, series in enumerate(self.series, 1) if series.values]
        return [(n, value) for n, value in last if value is not None]

    @property
    def _suffix(self) -> str:
        return f" {self.unit}" if self.unit and self.unit != "%" else self.unit

    def _number(self, value: float | None) -> str:
        return "" if value is None else f"{value:,.{self.decimals}f}"

    @property
    def _highest(self) -> float:
        if self.kind == "lines":
            return max((v for series in self.series for v in series.values if v is not None), default=0)
        return max((self._sum(n) for n in range(len(self.labels))), default=0)

    def _sum(self, n: int) -> float:
        return sum(series.values[n] or 0 for series in self.series)

    @property
    def _scale(self) -> tuple[float, float]:
        return scale(self._highest, whole=not self.decimals)

    @property
    def _left(self) -> float:
        step, top = self._scale
        return 8 + max(len(_tick_text(step * n)) for n in range(round(top / step) + 1)) * CHARACTER

    @property
    def _right(self) -> float:
        if self.kind == "bars":
            return WIDTH - 4
        texts = [self._number(value) + self._suffix for _, value in self._newest]
        return WIDTH - 12 - max((2, *(len(text) + text.count("%") * 0.6 for text in texts))) * CHARACTER

    def _x(self, n: int) -> float:
        """The middle of a value: of a bar in its room, of a line from edge to edge."""
        room = self._right - self._left
        if self.kind == "bars":
            return self._left + room * (n + 0.5) / len(self.labels)
        return self._left + room * n / max(1, len(self.labels) - 1)

    def _y(self, value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * value / self._scale[1]

    def _tick(self, value: float) -> Label:
        return Label(_text(self._left), _text(self._y(value)), _tick_text(value))

    def _bars(self) -> Iterator[Bar]:
        width = (self._right - self._left) / max(1, len(self.labels)) * BAR_SHARE
        for n in range(len(self.labels)):
            below = 0.0
            for number, series in enumerate(self.series, 1):
                if value := series.values[n]:
                    y, height = self._y(below + value), self._y(below) - self._y(below + value)
                    yield Bar(number, _text(self._x(n) - width / 2), _text(y), _text(width), _text(height))
                    below += value

    def _runs(self, number: int) -> Iterator[Line]:
        points: list[str] = []
        for n, value in enumerate((*self.series[number - 1].values, None)):
            if value is not None:
                points.append(f"{_text(self._x(n))},{_text(self._y(value))}")
            elif points:
                yield Line(number, " ".join(points if len(points) > 1 else points * 2))
                points = []

    def _above_last_bar(self) -> list[Label]:
        last = len(self.labels) - 1
        if not self._newest:
            return []
        return [_centered(self._x(last), self._y(self._sum(last)) - 4, self._number(self._sum(last)))]


def scale(highest: float, *, whole: bool) -> tuple[float, float]:
    """The step of the scale and its top, both easy to read: 1, 2 or 5 times a power of ten. whole: no step below 1."""
    least = highest / INTERVALS
    if least <= 0:
        return 1.0, 1.0
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9))
    step = max(step, 1.0) if whole else step
    return step, step * max(1, math.ceil(highest / step - 1e-9))


def _centered(x: float, y: float, text: str) -> Label:
    """A text about this place, moved so far that none of it is cut off."""
    half = len(text) * CHARACTER / 2
    return Label(_text(max(half, min(x, WIDTH - half))), _text(y), text)


def _tick_text(value: float) -> str:
    return f"{value:,.10g}" if value else "0"


def _text(at: float) -> str:
    return f"{at:.1f}"
