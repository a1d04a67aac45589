"""State that all conversations of one gateway process share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from civicmail.core.config.settings import Settings
from civicmail.mail.gateway.authorization import Authorization
from civicmail.mail.gateway.counters import Counters, total
from civicmail.mail.gateway.intake import Spooler
from civicmail.mail.gateway.limits import Admission, Space
from civicmail.mail.gateway.signins import SignIns
from civicmail.mail.pipeline.accept import Pipeline

if TYPE_CHECKING:
    import asyncio

    from civicmail.mail.archive.commit import Clock
    from civicmail.mail.gateway.conversation import Conversation


@dataclass(slots=True)
class GatewayState:
    """The pipeline, the limits and the open conversations of one process. tasks: messages that are being kept at this moment."""

    settings: Settings
    data: Path
    pipeline: Pipeline
    spooler: Spooler
    admission: Admission
    space: Space
    clock: Clock
    domains: frozenset[str]
    people: Authorization
    signins: SignIns
    listeners: dict[str, Counters] = field(default_factory=dict)
    conversations: set[Conversation] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    draining: bool = False

    @property
    def counters(self) -> Counters:
        """Sums of the counters of all listeners."""
        return total(self.listeners.values())

    def counters_of(self, kind: str) -> Counters:
        """Counters of all listeners of this kind."""
        return self.listeners.setdefault(kind, Counters())


def make_state(settings: Settings, data: Path, pipeline: Pipeline, clock: Clock, people: Authorization) -> GatewayState:
    gateway = settings.gateway
    return GatewayState(
        settings=settings,
        data=data,
        pipeline=pipeline,
        spooler=Spooler(pipeline.commit.writer),
        admission=Admission(gateway.max_connections, gateway.max_per_address),
        space=Space(data, gateway.min_free),
        clock=clock,
        domains=frozenset(settings.city.domains),
        people=people,
        listeners={listener.kind: Counters() for listener in gateway.listener},  # zeros are seen before the first message
        signins=SignIns(data, settings.signin, people, pipeline.commit, clock),
    )
