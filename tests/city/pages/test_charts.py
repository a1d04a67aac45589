"""Charts as geometry (city/pages/charts.py): nothing outside the picture, nothing out of proportion, nothing for a script."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.pages.charts import BOTTOM, HEIGHT, TOP, WIDTH, Chart, Series, scale
from civicmail.front.web.templatetags import cm

VALUES = st.none() | st.floats(0, 1e9, allow_nan=False) | st.integers(0, 1000)


@st.composite
def charts(draw: st.DrawFn, kind: Literal["bars", "lines"] | None = None) -> Chart:
    """Up to 40 labels and three series, with gaps."""
    count = draw(st.integers(0, 40))
    labels = tuple(f"Nov {n}" for n in range(count))
    rows = draw(st.lists(st.tuples(*[VALUES] * count), min_size=1, max_size=3))
    series = tuple(Series(f"Series {n}", values) for n, values in enumerate(rows))
    unit, decimals = draw(st.sampled_from(["", "%", "h"])), draw(st.integers(0, 1))
    of = kind or draw(st.sampled_from(["bars", "lines"]))
    return Chart("c", "Mail", "It rises.", "Day", labels, series, of, unit, decimals)


@given(charts())
def test_everything_lies_in_the_picture(chart: Chart) -> None:
    """Bars, lines, numbers at their ends, and the labels of the scale."""
    for label in (*chart.grid, chart.axis, *chart.below, *chart.dots, *chart.ends):
        assert 0 <= float(label.x) <= WIDTH and 0 <= float(label.y) <= HEIGHT
    for label in chart.below:
        assert len(label.text) * 3.7 <= float(label.x) <= WIDTH - len(label.text) * 3.7
    for bar in chart.bars:
        assert float(bar.x) >= 0 and float(bar.x) + float(bar.width) <= WIDTH
        assert float(bar.y) >= TOP - 0.2 and float(bar.y) + float(bar.height) <= BOTTOM + 0.2
    for line in chart.lines:
        for point in line.points.split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH and TOP - 0.2 <= y <= BOTTOM + 0.2


@given(st.floats(1e-6, 1e12), st.booleans())
def test_a_scale_reaches_the_highest_value_in_a_few_easy_steps(highest: float, whole: bool) -> None:
    step, top = scale(highest, whole=whole)
    assert top >= highest * (1 - 1e-6) and 1 <= round(top / step) <= 4
    assert f"{step:e}"[0] in "125" and (not whole or step >= 1)


@given(charts("bars"))
def test_a_stack_is_as_high_as_its_values_together(chart: Chart) -> None:
    """No bar where there is nothing, and none that hides another."""
    values = [value for series in chart.series for value in series.values if value]
    assert len(chart.bars) == len(values)
    drawn, top = sum(float(bar.height) for bar in chart.bars), chart._scale[1]
    assert drawn == pytest.approx(sum(values) / top * (BOTTOM - TOP), abs=0.2 * len(values) + 0.2)


@given(charts("lines"))
def test_a_line_ends_where_nothing_is_known(chart: Chart) -> None:
    """A gap is not drawn over."""
    for number, series in enumerate(chart.series, 1):
        runs = sum(a is None and b is not None for a, b in zip((None, *series.values), series.values, strict=False))
        assert sum(line.series == number for line in chart.lines) == runs


@given(charts())
def test_the_table_has_every_number_once(chart: Chart) -> None:
    assert [label for label, _ in chart.rows] == list(chart.labels)
    assert all(len(numbers) == len(chart.series) for _, numbers in chart.rows)


@given(charts("lines"))
def test_numbers_at_the_ends_do_not_cover_each_other(chart: Chart) -> None:
    heights = sorted(float(label.y) for label in chart.ends)
    assert all(b - a >= 13.8 for a, b in pairwise(heights))


def test_the_newest_label_is_always_below_and_no_two_touch() -> None:
    hours = tuple(f"{n} p.m." for n in range(24))
    chart = Chart("c", "Mail", "", "Hour", hours, (Series("Messages", (1,) * 24),))
    xs = [float(label.x) for label in chart.below]
    assert chart.below[-1].text == hours[-1] and all(b - a > 7 * 6 for a, b in pairwise(xs))


@pytest.mark.rule("P-31", "A chart has a sentence, a picture with a name, and its numbers as a table; no inline style or script.")
@pytest.mark.parametrize("language", ["en", "es"])
def test_the_picture_needs_no_style_and_no_script(language: str) -> None:
    """The content security policy allows neither; what a page gives is escaped, and a comma is no decimal point."""
    from django.utils import translation

    chart = Chart(
        "c", "<b>Mail</b>", "1 & 2", "Day", ("a", "b"), (Series("x", (1.5, 2.5)), Series("y", (2, None))), "lines", "h", 1
    )
    with translation.override(language):
        html = render_to_string("components/chart.html", cm.chart(chart))
    tree = ElementTree.fromstring(html)
    svg = next(tree.iter("svg"))
    assert svg.get("role") == "img" and svg.get("aria-labelledby") == "c-title c-say"
    assert not any(element.get("style") or element.tag in ("style", "script", "b") for element in tree.iter())
    assert {line.get("data-series") for line in tree.iter("polyline")} == {"1", "2"}
    assert [[cell.text for cell in row] for row in tree.iter("tr")][1:] == [["a", "1.5", "2.0"], ["b", "2.5", "–"]]
    assert all(part.count(",") == 1 for line in tree.iter("polyline") for part in (line.get("points") or "").split())


def test_a_chart_of_nothing_says_so() -> None:
    chart = Chart("c", "Mail", "", "Day", ("a",), (Series("x", (None,)),))
    assert not chart.is_known and "Nothing is recorded yet." in render_to_string("components/chart.html", cm.chart(chart))
