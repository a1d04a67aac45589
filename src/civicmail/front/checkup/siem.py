"""Check how far SIEM receivers are behind, from files that the worker writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from civicmail.core.disk.published import Published, published_as_json
from civicmail.front.checkup.findings import MINUTE, Finding, Installation, Level

MAX_LAG_MS = 10 * MINUTE


@dataclass(slots=True)
class Forwarded:
    """positions: journal to the last record that was confirmed; at: ms when that was written; taken: ms of the last that was
    confirmed, 0 for none; sent: how many in all; waiting: ms of the oldest event that is not confirmed, 0 without one; problem: why
    the last one was not taken."""

    name: str
    positions: dict[str, int] = field(default_factory=dict)
    at: int = 0
    taken: int = 0
    sent: int = 0
    waiting: int = 0
    problem: str = ""
    v: int = 1


def forwarded_to(name: str) -> Published[Forwarded]:
    """The file with the state of a receiver, which the worker writes durably, because confirmed events are not sent again."""
    return published_as_json(f"siem/{name}.json", f"the state of the SIEM receiver {name}", Forwarded)


def siem(p: Installation) -> Iterator[Finding]:
    """Whether each receiver has security events that are older than ten minutes."""
    for receiver in p.settings.oversight.siem:
        check, known = f"SIEM {receiver.name}", forwarded_to(receiver.name).last(p.data)
        if known is None:
            yield Finding(check, "warning", "It was sent nothing yet.", f"civicmail run --data {p.data}")
            continue
        waited = max(0, p.now - known.waiting) if known.waiting else 0
        if known.problem or waited > MAX_LAG_MS:
            level: Level = "problem" if waited > MAX_LAG_MS else "warning"
            why = f" {known.problem.rstrip('.')}." if known.problem else ""
            text = f"The oldest event that it did not confirm has waited {waited // 1000:,} seconds.{why}"
            yield Finding(check, level, text, f"Look at {receiver.url}. Nothing is lost: it is sent again by itself.")
        else:
            yield Finding(check, "ok", f"It has every event; {known.sent:,} were sent.")
