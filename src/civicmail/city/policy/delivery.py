"""The rules before all others: what was accepted is delivered (P-06), copies for the record are kept (P-23), and where a department
is not live yet no rule acts: what would be done with its mail is forecast, and stands beside what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from civicmail.city.policy.shapes import Disposition

Mode = Literal["elsewhere", "observe", "live"]
"""Of a department: its mail passes to the old system; passes, and rules say what they would do; is ours."""

KEPT_SOURCES = frozenset({"import", "journal"})


def dispositions(modes: Sequence[Mode | None], source: str) -> tuple[Disposition, ...]:
    """One disposition for each of the envelope's recipients. modes: of their departments, None outside the city; source: the kind
    of door the message came in by."""
    if source == "import":
        return tuple(Disposition(to, "kept", ("keep-copy",)) for to in range(len(modes)))
    if source in KEPT_SOURCES:
        return tuple(Disposition(to, "kept", ("keep-copy", *_forecast(mode))) for to, mode in enumerate(modes))
    return tuple(Disposition(to, "deliver", _passing(mode)) for to, mode in enumerate(modes))


def _passing(mode: Mode | None) -> tuple[str, ...]:
    if mode in ("elsewhere", "observe"):
        return ("pass-elsewhere", *_forecast(mode))
    return ("deliver",)


def _forecast(mode: Mode | None) -> tuple[str, ...]:
    """What would be done with the copy if its department were live."""
    return ("forecast:deliver",) if mode == "observe" else ()
