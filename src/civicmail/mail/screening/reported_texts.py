"""The near-duplicate bands of reported spam and of good mail, for near_duplicate.py. Pure.

A report counts at once when an officer made it or the model agrees. Otherwise it counts when another person reports a
near-duplicate, so that nobody alone turns the city's newsletter into spam for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicmail.mail.screening.bands import ALIKE, BANDS
from civicmail.mail.screening.duplicate_index import Keys, NearDuplicateIndex

MAX_REPORTED = 5_000
MAX_GOOD = 20_000


@dataclass(slots=True)
class Report:
    """counts: whether it is trusted."""

    key: str
    by: str
    text: Keys
    counts: bool


class ReportedTexts:
    """The most recent texts."""

    def __init__(self) -> None:
        self._reports: dict[tuple[str, str], Report] = {}
        self._good: dict[str, Keys] = {}

    def report(self, key: str, by: str, text: Keys, *, counts: bool) -> None:
        """Add a report. A text without bands is too short to compare."""
        if not len(text):
            return
        report = Report(key, by, text, counts)
        for other in self._reports.values():
            if other.by != by and int(np.count_nonzero(other.text == text)) >= ALIKE:
                other.counts = report.counts = True
        self._reports.pop((key, by), None)
        self._reports[key, by] = report
        _cut(self._reports, MAX_REPORTED)

    def good(self, key: str, text: Keys) -> None:
        if len(text):
            self._good.pop(key, None)
            self._good[key] = text
            _cut(self._good, MAX_GOOD)

    def forget(self, key: str, by: str) -> None:
        """Forget what this person said of the message."""
        self._reports.pop((key, by), None)
        self._good.pop(key, None)

    def messages(self) -> set[str]:
        """The keys of all messages."""
        return {key for key, _ in self._reports} | set(self._good)

    def forget_all(self, key: str) -> None:
        """Forget all reports of a message that is no longer kept."""
        self._good.pop(key, None)
        for who in [who for who in self._reports if who[0] == key]:
            del self._reports[who]

    def indexes(self) -> tuple[NearDuplicateIndex, NearDuplicateIndex]:
        """Indexes of the reported texts that count, and of good ones."""
        return NearDuplicateIndex.from_texts([r.text for r in self._reports.values() if r.counts]), NearDuplicateIndex.from_texts(
            self._good.values()
        )

    def plain(self) -> dict[str, Any]:
        return {"reports": [[r.key, r.by, r.counts] for r in self._reports.values()], "good": list(self._good)}

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"reports": _joined([r.text for r in self._reports.values()]), "good": _joined(list(self._good.values()))}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ReportedTexts:
        texts = cls()
        reports, good = (np.array(arrays[name], np.uint64).reshape(-1, BANDS) for name in ("reports", "good"))
        for (key, by, counts), text in zip(plain["reports"], reports, strict=True):
            texts._reports[key, by] = Report(key, by, text, counts)
        texts._good.update(zip(plain["good"], good, strict=True))
        return texts


def _joined(texts: list[Keys]) -> NDArray[Any]:
    return np.concatenate(texts) if texts else np.zeros(0, np.uint64)


def _cut(newest_last: dict[Any, Any], most: int) -> None:
    while len(newest_last) > most:
        del newest_last[next(iter(newest_last))]
