"""Metrics as text: OpenMetrics 1.0, or Prometheus 0.0.4. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from civicmail.core.disk.metrics import Histogram, Key, Value
from civicmail.front.metrics.families import FAMILIES, Family

OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"


def media_type(accept: str) -> str:
    """The media type for an Accept header."""
    return OPEN_METRICS if "application/openmetrics-text" in accept.lower() else PLAIN


def text(values: Mapping[Key, Value], media: str = OPEN_METRICS) -> str:
    """Every family that has a value, in the order of the catalogue. What another version of the program has counted is left out."""
    lines: list[str] = []
    rows: dict[str, list[tuple[tuple[str, ...], Value]]] = {}
    for (name, labels), value in values.items():
        rows.setdefault(name, []).append((labels, value))
    for family in FAMILIES:
        samples = [row for row in rows.get(family.name, []) if _fits(family, *row)]
        if samples:
            lines += _head(family, media)
            for labels, value in sorted(samples, key=lambda row: row[0]):
                lines += _samples(family, labels, value)
    return "\n".join([*lines, *(["# EOF"] if media == OPEN_METRICS else [])]) + "\n"


def _fits(family: Family, labels: tuple[str, ...], value: Value) -> bool:
    return len(labels) == len(family.labels) and isinstance(value, Histogram) == (family.type == "histogram")


def _head(family: Family, media: str) -> Iterator[str]:
    """The older format has the names of samples, and knows neither units nor infos."""
    new = media == OPEN_METRICS
    name = family.name if new else family.sampled
    yield f"# HELP {name} {_escaped(family.help)}"
    yield f"# TYPE {name} {family.type if new or family.type != 'info' else 'gauge'}"
    if new and family.unit:
        yield f"# UNIT {name} {family.unit}"


def _samples(family: Family, labels: tuple[str, ...], value: Value) -> Iterator[str]:
    named = tuple(zip(family.labels, labels, strict=True))
    if not isinstance(value, Histogram):
        yield f"{family.sampled}{_labels(named)} {_number(value)}"
        return
    count = 0
    for bound, number in zip((*value.bounds, math.inf), value.counts, strict=True):
        count += number
        yield f"{family.name}_bucket{_labels((*named, ('le', _number(float(bound)))))} {count}"
    yield f"{family.name}_count{_labels(named)} {count}"
    yield f"{family.name}_sum{_labels(named)} {_number(value.sum)}"


def _labels(named: tuple[tuple[str, str], ...]) -> str:
    return f"{{{','.join(f'{name}="{_escaped(value)}"' for name, value in named)}}}" if named else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if isinstance(value, float) and math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)
