"""Check how far webhooks are behind, from files that the worker writes, without a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.core.disk.published import Published, published_as_json
from civicmail.front.checkup.findings import MINUTE, Finding, Installation, Level

MAX_LAG_MS = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class HookStatus:
    """State of one webhook. at: epoch ms when written; lag: age in ms of the oldest undelivered entry; told: epoch ms of the last
    delivery, 0 for none; problem: why the last delivery failed."""

    name: str
    at: int
    lag: int
    told: int
    problem: str


def status_of(name: str) -> Published[HookStatus]:
    """The file with the state of a webhook, which the worker writes."""
    return published_as_json(f"hooks/{name}.json", f"the state of the webhook {name}", HookStatus)


def hooks(p: Installation) -> Iterator[Finding]:
    """Check that each webhook is less than ten minutes behind."""
    for hook in p.settings.oversight.webhook:
        check, status = f"webhook {hook.name}", status_of(hook.name).last(p.data)
        if status is None:
            yield Finding(check, "warning", "It was told nothing yet.", f"civicmail run --data {p.data}")
        elif status.problem or status.lag > MAX_LAG_MS:
            waited = (
                f"The oldest entry that it was not told has waited {(status.lag + max(0, p.now - status.at)) // 1000:,} seconds"
            )
            why = f": {status.problem}." if status.problem else "."
            level: Level = "problem" if status.lag > MAX_LAG_MS else "warning"
            yield Finding(check, level, waited + why, f"Look at {hook.url}, and at the page Webhooks. Nothing is lost.")
        else:
            yield Finding(check, "ok", "It was told of every entry.")
