"""The table of consequences, as data: proposals by number of violations, grounds of decisions, data of procedures (V2). Pure.

    table = load()                       the default; load(path): a city's own
    table.proposed("staff", 1, severe=False).outcome == "suspension"

The table only proposes: an officer decides, and may depart from it with a reason.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from civicmail.core.config.errors import ConfigError

FILE = "strikes.toml"
DEFAULT_PATH = Path(__file__).with_name(FILE)
Outcome = Literal["none", "warning", "suspension", "restriction", "ended", "permanent"]
OUTCOMES: dict[Outcome, str] = {
    "none": "Nothing follows",
    "warning": "Warning and training",
    "suspension": "Mail suspended",
    "restriction": "Mail restricted",
    "ended": "Access ended",
    "permanent": "Barred for good",
}
MAX_DAYS = 365


@dataclass(frozen=True, slots=True)
class Consequence:
    """days: of a suspension or restriction, 0 where it has none."""

    outcome: Outcome
    days: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """steps: after the first strike, the second …; years: for which a strike counts."""

    steps: tuple[Consequence, ...]
    severe: Consequence
    years: int

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Outcomes that may be decided: those on the ladder, and none."""
        outcomes_: dict[Outcome, None] = {"none": None}
        outcomes_ |= {step.outcome: None for step in (*self.steps, self.severe)}
        return tuple(outcomes_)


@dataclass(frozen=True, slots=True)
class Procedure:
    """kinds: of people for whom it can be chosen; asks: (key, label) of data to record."""

    id: str
    name: str
    kinds: tuple[str, ...]
    asks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """grounds: id to name."""

    ladders: dict[str, Ladder]
    grounds: dict[str, str]
    procedures: tuple[Procedure, ...]

    def proposed(self, ladder: str, before: int, *, severe: bool) -> Consequence:
        """The consequence that the table proposes. before: violation points that count already."""
        steps_of = self.ladders[ladder]
        return steps_of.severe if severe else steps_of.steps[min(max(before, 0), len(steps_of.steps) - 1)]

    def procedures_for(self, kind: str) -> list[Procedure]:
        """Procedures that can be chosen for a kind of people."""
        return [procedure for procedure in self.procedures if kind in procedure.kinds]


def load(path: Path | None = None) -> Table:
    """Raises ConfigError for a file that is no such table."""
    path = path if path is not None and path.exists() else DEFAULT_PATH
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, _changed: int) -> Table:
    try:
        with path.open("rb") as file:
            return _table(tomllib.load(file))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path.name} is no table of consequences: {error}") from error


def _table(plain: dict[str, Any]) -> Table:
    ladders = {name: _ladder(steps) for name, steps in plain["ladder"].items()}
    if missing := {"staff", "outside", "elected"} - ladders.keys():
        raise ValueError(f"no ladder for {', '.join(sorted(missing))}")
    if shut := {"suspension", "permanent"} & set(ladders["elected"].outcomes):
        raise ValueError(f"elected officials are restricted, never silenced: {', '.join(sorted(shut))}")
    procedures = tuple(
        Procedure(p["id"], p["name"], tuple(p["kinds"]), tuple((a["id"], a["name"]) for a in p["asks"])) for p in plain["procedure"]
    )
    return Table(ladders, {g["id"]: g["name"] for g in plain["ground"]}, procedures)


def _ladder(plain: dict[str, Any]) -> Ladder:
    steps = tuple(map(_consequence, plain["steps"]))
    if not steps or not 1 <= plain["years"] <= 50:
        raise ValueError("a ladder has steps, and years from 1 to 50")
    return Ladder(steps, _consequence(plain["severe"]), int(plain["years"]))


def _consequence(plain: dict[str, Any]) -> Consequence:
    consequence = Consequence(plain["outcome"], int(plain.get("days", 0)))
    if consequence.outcome not in OUTCOMES or (consequence.outcome in ("suspension", "restriction")) != (
        1 <= consequence.days <= MAX_DAYS
    ):
        raise ValueError(f"{consequence.outcome} for {consequence.days} days")
    return consequence
