"""Dispositions before any rule: delivery, copies for the record, departments that are not live (P-06, P-23)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import Action, Disposition

Mode = Literal["elsewhere", "observe", "live"]
"""Of a department: its mail passes to the old system; passes, and rules say what they would do; is ours."""

KEPT_SOURCES = frozenset({"import", "journal"})


def dispositions(
    modes: Sequence[Mode | None], source: str, *, settled: Mapping[int, tuple[Action, str]] | None = None, refused: str = ""
) -> tuple[Disposition, ...]:
    """One disposition for each of the envelope's recipients. modes: of their departments, None outside the city; source: the kind
    of entry point. settled: for recipients here whose copy is not simply delivered, its disposition with the rule; refused: the
    rule by which no recipient gets one."""
    if refused:
        return tuple(Disposition(to, "refuse", (refused,)) for to in range(len(modes)))
    if source == "import":
        return tuple(Disposition(to, "kept", ("keep-copy",)) for to in range(len(modes)))
    if source in KEPT_SOURCES:
        return tuple(Disposition(to, "kept", ("keep-copy", *_forecast(mode))) for to, mode in enumerate(modes))
    return tuple(_disposition(to, mode, (settled or {}).get(to)) for to, mode in enumerate(modes))


def _disposition(to: int, mode: Mode | None, settled: tuple[Action, str] | None) -> Disposition:
    if settled is None or mode in ("elsewhere", "observe"):
        return Disposition(to, "deliver", _passing(mode))
    return Disposition(to, settled[0], (settled[1],))


def _passing(mode: Mode | None) -> tuple[str, ...]:
    if mode in ("elsewhere", "observe"):
        return (rule_keys.PASS_ELSEWHERE, *_forecast(mode))
    return ("deliver",)


def _forecast(mode: Mode | None) -> tuple[str, ...]:
    """The disposition that the copy would have if its department were live."""
    return (f"{rule_keys.FORECAST}{rule_keys.DELIVER}",) if mode == "observe" else ()
