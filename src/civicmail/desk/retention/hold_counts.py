"""How many messages each legal hold covers: a file that the worker writes, so that no page searches the archive (docs/formats.md,
"Retention")."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.disk.published import published_as_json
from civicmail.core.query.errors import QueryError
from civicmail.mail.archive import holds
from civicmail.mail.search.counts import count
from civicmail.mail.search.errors import DamagedIndex, NotIndexed
from civicmail.mail.search.reader import Reader

MAX_AGE_MS = 3_600_000
"""ms until all are counted again, because later mail is covered, too."""
log = get_logger()


@dataclass(frozen=True, slots=True)
class HoldCounts:
    """at: when they were counted, epoch ms; messages: by id of the hold."""

    at: int = 0
    messages: dict[str, int] = field(default_factory=dict)


FILE = published_as_json("retention/holds.json", "the counts of legal holds", HoldCounts)


def current(data: Path) -> HoldCounts:
    """The last counts; none before the first."""
    return FILE.last(data) or HoldCounts()


def step(data: Path, now: int) -> int:
    """Count again if a hold came or went, or after an hour; how many were counted. now: epoch ms."""
    in_force = [record.hold for record in holds.history(data) if record.ended is None]
    former = current(data)
    names = {hold.id for hold in in_force}
    if names == former.messages.keys() and (not names or 0 <= now - former.at < MAX_AGE_MS):
        return 0
    try:
        reader = Reader(data)
        messages = {hold.id: count(reader, hold.tree) for hold in in_force}
    except (NotIndexed, DamagedIndex, QueryError) as error:
        log.warning("legal holds could not be counted", problem=type(error).__name__)
        return 0
    FILE.write(data, HoldCounts(now, messages))
    return len(names)
