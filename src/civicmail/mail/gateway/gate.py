"""What all conversations of one gateway process share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from civicmail.core.config.settings import Settings
from civicmail.mail.gateway.counters import Counters
from civicmail.mail.gateway.intake import Spooler
from civicmail.mail.gateway.limits import Admission, Space
from civicmail.mail.pipeline.accept import Pipeline

if TYPE_CHECKING:
    import asyncio

    from civicmail.mail.archive.commit import Clock
    from civicmail.mail.gateway.conversation import Conversation


def now_ms() -> int:
    """The wall clock, ms since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Gate:
    """The pipeline, the limits and the open conversations of one process. tasks: messages that are being kept at this moment."""

    settings: Settings
    data: Path
    pipeline: Pipeline
    spooler: Spooler
    admission: Admission
    space: Space
    clock: Clock
    domains: frozenset[str]
    counters: Counters = field(default_factory=Counters)
    conversations: set[Conversation] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    draining: bool = False


def make_gate(settings: Settings, data: Path, pipeline: Pipeline, clock: Clock) -> Gate:
    gateway = settings.gateway
    return Gate(
        settings=settings,
        data=data,
        pipeline=pipeline,
        spooler=Spooler(pipeline.commit.writer),
        admission=Admission(gateway.max_connections, gateway.max_per_address),
        space=Space(data, gateway.min_free),
        clock=clock,
        domains=frozenset(settings.city.domains),
    )
