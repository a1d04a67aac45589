"""The combined check "exact-list": values of the message that are in one of the city's lists, with the name of the same row (P-19).

It makes nine bare digits a certain finding. It adds to the findings of the detectors; its kinds are `list:NAME`.
"""

from __future__ import annotations

from pathlib import Path

from civicmail.city.policy.dispositions import FactValue, Finding
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.mail.screening.confidential import candidates, exact_lists
from civicmail.mail.screening.confidential.errors import ListUnusable
from civicmail.mail.screening.confidential.shapes import CHECK
from civicmail.mail.screening.shapes import NOTHING, CheckResult, CombinedCase, unavailable

log = get_logger()

NAME = "exact-list"
VERSION = 1
CHECKS = (CHECK,)
SCANS = "scans"
"""The check that makes this one's candidates anew with the words of pictures (scans.py)."""
MAX_FINDINGS = 10
"""Findings of one list."""


_NOT_READ = -1
"""Modification time of a folder that is read again for each message."""


class Lists:
    """The lists of an installation, mapped; read anew when their folder changes. Not safe for two threads at once."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._stamp: int | None = None
        self._key = b""
        self._lists: list[exact_lists.Exact] = []
        self.wrong = ""

    def look(self) -> tuple[bytes, list[exact_lists.Exact]]:
        """Read the key and the current lists; `wrong` names an unusable list and the reason."""
        try:
            stamp: int | None = (self._data / exact_lists.FOLDER).stat().st_mtime_ns
        except FileNotFoundError:
            stamp = None
        except OSError as error:
            self._lists, self._stamp, self.wrong = [], _NOT_READ, str(error)
            return self._key, self._lists
        if stamp != self._stamp or stamp == _NOT_READ:
            self._stamp = stamp
            self._read()
        return self._key, self._lists

    def _read(self) -> None:
        self._lists, self.wrong = [], ""
        try:
            files = exact_lists.there(self._data)
            self._key = exact_lists.read_key(self._data) if files else b""
            self._lists = [exact_lists.read(path, self._key) for path in files]
        except (ListUnusable, OSError) as error:
            if isinstance(error, OSError):
                self._stamp = _NOT_READ  # a full table of files is over soon; a list that is wrong waits for another
            self.wrong = str(error)
            log.error("a list of values cannot be used, so what is confidential is not found out", error=self.wrong)


def open_(_settings: Settings, data: Path) -> Lists:
    return Lists(data)


def has_lists(tool: object) -> bool:
    """Whether there are lists, so that values to be looked up are wanted."""
    return isinstance(tool, Lists) and bool(tool.look()[1])


def find(case: CombinedCase) -> CheckResult:
    """Look up the candidates. Raises TypeError or ValueError if a compromised sandboxed process returned invalid values."""
    tool = case.context.tools.get(NAME)
    if not isinstance(tool, Lists):
        return NOTHING
    key, every = tool.look()
    if tool.wrong:
        return unavailable(CHECK, "lists", VERSION)
    lookup = (case.more.get(SCANS) or case.more.get(CHECK, {})).get("candidates")
    if not every or not lookup:
        return NOTHING
    words = [str(word) for word in lookup["words"][: candidates.WORDS]]
    findings: list[Finding] = []
    kinds: dict[str, int] = {}
    for value, part, offset, length in lookup["ids"][: candidates.IDS]:
        hashed = exact_lists.identifier_hash(key, str(value))
        for one in every:
            beside = one.names(hashed)
            if beside and any(exact_lists.name_hash(key, str(value), word) in beside for word in words):
                kind = f"list:{one.name}"
                kinds[kind] = kinds.get(kind, 0) + 1
                if kinds[kind] <= MAX_FINDINGS:
                    findings.append(Finding(CHECK, kind, str(part), int(offset), int(length), f"…{str(value)[-2:]}", 99, VERSION))
    return CheckResult(tuple(findings), _facts(case, kinds)) if kinds else NOTHING


def _facts(case: CombinedCase, kinds: dict[str, int]) -> dict[str, FactValue]:
    """The detectors' facts, with these findings added."""
    high, count = case.facts.get("confidential.high", ()), case.facts.get("confidential.count", 0)
    known = high if isinstance(high, tuple) else ()
    return {
        "confidential.high": (*known, *sorted(kinds)),
        "confidential.count": (count if isinstance(count, int) else 0) + sum(kinds.values()),
    }
