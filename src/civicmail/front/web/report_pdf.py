"""The report of a department as PDF/A-2a and PDF/UA-1, set by the same sandboxed typesetter as released records (P-28)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format

from civicmail.city.pages.charts import Chart
from civicmail.city.pages.listing import Column
from civicmail.core.redaction import layout
from civicmail.core.redaction.text_path import PDF, set_layout

NOTE = "Numbers are sums of the month; no person is ranked."


def pdf_response(
    *,
    name: str,
    title: str,
    sentences: Sequence[str],
    figures: Iterable[tuple[str, str, str]],
    tables: Sequence[layout.Layout],
    now: datetime,
) -> HttpResponse:
    """name: of the file, and before the numbers of its pages; figures: (what, value, beside). Raises NotConverted."""
    lines = [f"{what}: {value} ({beside})" for what, value, beside in figures]
    made = f"Made on {date_format(timezone.localtime(now), 'F j, Y')}. {NOTE}"
    paragraphs = [[[line] for line in each] for each in (sentences, lines, [made]) if each]
    content = layout.layout(title=title, lang="en", number=f"{name}-1", paragraphs=paragraphs, tables=tables)
    response = HttpResponse(set_layout(content).content, content_type=PDF)
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def chart_table(chart: Chart) -> layout.Layout:
    """The numbers of a chart, with its sentence."""
    head = [chart.head, *(f"{series.name}, {chart.unit}" if chart.unit else series.name for series in chart.series)]
    rows = [[label, *(number or "–" for number in numbers)] for label, numbers in chart.rows]
    return layout.table(f"{chart.title}: {chart.sentence}", head, rows)


def list_table(caption: str, columns: Sequence[Column], rows: Iterable[object]) -> layout.Layout:
    """The rows of a list."""
    return layout.table(caption, [c.label for c in columns], [[str(c.cell(row).text) for c in columns] for row in rows])
