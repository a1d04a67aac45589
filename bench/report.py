"""Results as rows: printed as a table, stored as JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ratio: against ours in the same part (above 1: we are better), None for ours or where it makes no sense."""

    part: str
    who: str
    what: str
    value: float
    unit: str
    ratio: float | None = None
    target: str = ""


@dataclass(slots=True)
class Report:
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *rows: Row) -> None:
        """Take rows in and say them at once: a benchmark is long and its first figures are wanted early."""
        for row in rows:
            self.rows.append(row)
            print(_line(row), flush=True)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)
        print(f"  ({sentence})", flush=True)

    def save(self, folder: Path) -> None:
        """report.txt and report.json in that folder."""
        folder.mkdir(parents=True, exist_ok=True)
        plain: dict[str, Any] = {"machine": machine(), "rows": [asdict(r) for r in self.rows], "notes": self.notes}
        (folder / "report.json").write_text(json.dumps(plain, indent=1) + "\n")
        lines = [machine(), *(_line(r) for r in self.rows), *self.notes]
        (folder / "report.txt").write_text("\n".join(lines) + "\n")


def machine() -> str:
    return f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _line(row: Row) -> str:
    ratio = f"{row.ratio:6.1f} x" if row.ratio is not None else " " * 8
    target = f"  wanted {row.target}" if row.target else ""
    return f"{row.part:<10} {row.who:<24} {row.what:<34} {row.value:12,.2f} {row.unit:<8} {ratio}{target}"
