"""Which checks an installation runs: those named in the settings, and those of programs whose address is set.

A check is a module with NAME, VERSION and find. Optional are:
CHECKS   names of city/policy/facts.py that are unavailable when this check is;
SECONDS  a time limit other than that of the settings;
open_    (settings, data) returns an object that lasts; it becomes CheckContext.tools[NAME];
wants    (case) says whether a network check applies to a message;
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from civicmail.mail.screening.shapes import CheckResult, CombinedCase, ContentCase, NetworkCase

if TYPE_CHECKING:  # the sandboxed process has no settings
    from civicmail.core.config.settings import Screening

ADDRESSED = {"clamav": "clamd", "rspamd": "rspamd", "spamd": "spamd"}
"""Checks that run when this setting has an address."""


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
    """Whether a check runs. name: as in the registries; "" for checks that always run."""
    if name in ADDRESSED:
        return bool(getattr(screening, ADDRESSED[name]))
    return not name or name in screening.checks


def is_screened(screening: Screening) -> bool:
    """Whether any check runs."""
    return bool(screening.checks) or any(getattr(screening, setting) for setting in ADDRESSED.values())


def names_of(check: Any) -> tuple[str, ...]:
    """The names that are unavailable when this check is."""
    return tuple(getattr(check, "CHECKS", ())) or (check.NAME,)
