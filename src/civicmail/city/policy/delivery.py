"""The rule before all others: what was accepted is delivered (P-06); copies for the record are kept (P-23)."""

from __future__ import annotations

from civicmail.city.policy.shapes import Disposition

KEPT_SOURCES = frozenset({"import", "journal"})


def dispositions(recipients: int, source: str) -> tuple[Disposition, ...]:
    """One disposition for each of the envelope's recipients; source is the kind of door the message came in by."""
    if source in KEPT_SOURCES:
        return tuple(Disposition(to, "kept", ("keep-copy",)) for to in range(recipients))
    return tuple(Disposition(to, "deliver", ("deliver",)) for to in range(recipients))
