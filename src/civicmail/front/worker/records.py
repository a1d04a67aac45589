"""Jobs of the records desk: searches of requests, and their holds."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext

HOLDS_EVERY = 5_000
"""ms between two looks at holds."""


def records(context: JobContext) -> Iterator[Work]:
    """Make the searches of records requests piece by piece, and keep their holds."""
    from civicmail.desk.records.tasks import Searching, keep_holds

    searching = Searching(context.data, context.clock)
    looked = 0

    def work() -> int:
        nonlocal looked
        now = context.clock()
        changed = 0
        if not 0 <= now - looked < HOLDS_EVERY:
            changed = keep_holds(context.data, now)
            looked = now
        return changed + searching.step()

    yield work
