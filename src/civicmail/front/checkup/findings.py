"""The result of a check, and the installation that it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from civicmail.core.config.settings import Settings
from civicmail.mail.archive.reading import Archive

Level = Literal["ok", "not-set-up", "warning", "problem"]
"""not-set-up: nobody has decided for it; the text says what is lost without. It is no fault, and not in order either."""
MINUTE = 60_000
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Finding:
    """check: what was looked at; text: one sentence; do: what a person should do, empty when nothing."""

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
        """Whether anything was kept here yet."""
        return Archive(self.data).count_in(0, self.now) > 0
