"""Reading reports of strangers in a limited process: no network, no files (core/sandbox)."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

import orjson

from civicmail.core.sandbox.errors import CRASHED, TOO_LARGE, Unreadable
from civicmail.core.sandbox.pool import Pool
from civicmail.mail.screening.reports import shapes
from civicmail.mail.screening.reports.shapes import Report

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.screening.reports.worker")
SECONDS = 10.0
MAX_FILE = 32 << 20
"""Maximum size in bytes of a file."""


class Reader:
    """Use it with `with`. Safe for any number of threads."""

    def __init__(self, processes: int = 1) -> None:
        self._pool = Pool(COMMAND, processes=processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    def read(self, content: bytes) -> list[Report]:
        """The reports in a file. Raises Unreadable."""
        if len(content) > MAX_FILE:
            raise Unreadable(TOO_LARGE)
        answer = self._pool.request({}, content, seconds=SECONDS)
        try:
            return [shapes.from_plain(one) for one in orjson.loads(answer)]
        except (TypeError, KeyError, ValueError, AttributeError):  # the process was taken over
            raise Unreadable(CRASHED) from None
