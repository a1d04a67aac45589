"""Read reports of strangers in a sandboxed process: no network, no files (core/sandbox)."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from civicmail.core.sandbox.errors import TOO_LARGE, Unreadable
from civicmail.core.sandbox.pool import Pool
from civicmail.core.sandbox.service import Request, Service
from civicmail.mail.screening.reports.shapes import Aggregate, Report, Tls

SECONDS = 10.0
MAX_FILE = 32 << 20
"""Maximum size in bytes of a file."""


class ReadReports(Request[tuple[list[Aggregate], list[Tls]]], frozen=True):
    """The reports in a file, within so many seconds."""

    handler = "civicmail.mail.screening.reports.unpacking:read"
    reply_ratio, reply_free = 0, 256 << 20  # they come compressed, and unpacking has limits of its own

    seconds: float


SERVICE = Service(__name__, (ReadReports,), memory=1 << 30)


class Reader:
    """Use it with `with`. Safe for any number of threads."""

    def __init__(self, processes: int = 1) -> None:
        self._pool = Pool(SERVICE, processes=processes)

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
        aggregates, tls = self._pool.request(ReadReports(SECONDS), content, seconds=SECONDS)
        return [*aggregates, *tls]
