"""What the gateway holds for checks, as one immutable value that is exchanged whole when something of it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from civicmail.city.access.snapshot import Snapshot
from civicmail.core.config.settings import Settings


@dataclass(frozen=True, slots=True)
class CheckContext:
    """settings: of the installation; now: ms; snapshot: who there is, None where nothing was published. Tools are what checks have
    opened at start, by check name (a resolver, a mapped model, a socket's address): each check's module says what it looks for."""

    settings: Settings
    now: int
    snapshot: Snapshot | None = None
    tools: dict[str, Any] = field(default_factory=dict)

    @property
    def domains(self) -> tuple[str, ...]:
        """The city's mail domains, lower case."""
        return tuple(domain.lower() for domain in self.settings.city.domains)
