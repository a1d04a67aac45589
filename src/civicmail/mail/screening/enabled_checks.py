"""Which checks are made in an installation: those that the settings name, and those of programs whose address they have.

A check is a module: NAME, VERSION, find; where it stands for several names of city/policy/facts.py also CHECKS, the names that are
unavailable when it is; where it wants another budget than the settings' also SECONDS; where it needs something that lasts also
open_(settings, data), whose value is then World.tools[NAME]; where an outer check is for few messages, wants(case); where a joint
check wants something of the limited process that costs time, asks(tool), whose plain values the process is told with each message.
"""

from __future__ import annotations

from typing import Any, Protocol

from civicmail.core.config.settings import Screening
from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ContentCase, NetworkCase

ADDRESSED = {"clamav": "clamd", "rspamd": "rspamd", "spamd": "spamd"}
"""Checks that are made where the setting beside them has an address."""


class ContentCheck(Protocol):
    NAME: str
    VERSION: int

    def find(self, case: ContentCase) -> CheckResult: ...


class NetworkCheck(Protocol):
    NAME: str
    VERSION: int

    async def find(self, case: NetworkCase) -> CheckResult: ...


class CombinedCheck(Protocol):
    NAME: str
    VERSION: int

    def find(self, case: CombinedCase) -> CheckResult: ...


def is_on(name: str, screening: Screening) -> bool:
    """name: as the registries have it; "" for what is looked at in any case."""
    if name in ADDRESSED:
        return bool(getattr(screening, ADDRESSED[name]))
    return not name or name in screening.checks


def is_screened(screening: Screening) -> bool:
    """Whether anything is looked for at all."""
    return bool(screening.checks) or any(getattr(screening, setting) for setting in ADDRESSED.values())


def names_of(check: Any) -> tuple[str, ...]:
    """The names that are unavailable when this check is."""
    return tuple(getattr(check, "CHECKS", ())) or (check.NAME,)
