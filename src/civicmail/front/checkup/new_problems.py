"""Remember reported problems, so that a lasting problem is reported once and then daily."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from civicmail.front.checkup.findings import HOUR, Finding

REMIND_AFTER_MS = 24 * HOUR
"""ms after which a lasting problem is reported again."""


def file(data: Path) -> Path:
    return data / "heartbeats" / "doctor"


def read(data: Path) -> dict[str, int]:
    """Check -> epoch ms of the last report of its problem; empty if there was none."""
    try:
        plain = orjson.loads(file(data).read_bytes())
        return {str(check): int(at) for check, at in plain.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def write(data: Path, notified: Mapping[str, int]) -> None:
    """Whole, or as it was before. Raises OSError."""
    place = file(data)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    new = place.with_name(f".{place.name}")
    new.write_bytes(orjson.dumps(dict(notified)))
    new.replace(place)


def split(findings: Iterable[Finding], notified: Mapping[str, int], now: int) -> tuple[list[Finding], list[str], dict[str, int]]:
    """Problems to tell now, checks whose problem is over, and what to remember. now: ms."""
    problems = [f for f in findings if f.level == "problem"]
    due = {f.check for f in problems if not 0 <= now - notified.get(f.check, -1) < REMIND_AFTER_MS}
    remembered = {f.check: now if f.check in due else notified[f.check] for f in problems}
    return [f for f in problems if f.check in due], sorted(notified.keys() - remembered), remembered
