"""The immutable context for checks, replaced as a whole when anything changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.settings import Settings


@dataclass(frozen=True, slots=True)
class CheckContext:
    """now: epoch ms; snapshot: of the directory, None if none was published; tools: what checks opened at start (a resolver, a
    mapped model, a socket's address), by check name."""

    settings: Settings
    now: int
    snapshot: Snapshot | None = None
    tools: dict[str, Any] = field(default_factory=dict)

    @property
    def domains(self) -> tuple[str, ...]:
        """The city's mail domains, lower case."""
        return tuple(domain.lower() for domain in self.settings.city.domains)
