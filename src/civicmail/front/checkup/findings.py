"""The result of a check, and the installation that it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from civicmail.core.config.settings import Settings
from civicmail.mail.archive.reading import Archive

Level = Literal["ok", "not-set-up", "warning", "problem"]
"""not-set-up: not configured; the text says what is lost. Neither a fault nor in order."""
MINUTE = 60_000
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Finding:
    """check: the check's name; text: one sentence; do: the suggested fix, or empty."""

    check: str
    level: Level
    text: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """A data folder, its settings, and the time in ms."""

    data: Path
    settings: Settings
    now: int

    def has_mail(self) -> bool:
        """Whether the archive has any message."""
        return Archive(self.data).count_in(0, self.now) > 0
