"""Choose the signature of outgoing mail, with the active keys of the installation.

- Mail of our own people and machines, from one of our domains, gets a DKIM signature of each active key of that domain.
- Mail from outside that goes outside again, by an alias, a list or a route, gets an ARC seal with our findings about it, if it
  was screened, because its own signatures may not survive the route.
- Without an active key nothing is added. Mail that should be signed but cannot be waits: unsigned it might be rejected forever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civicmail.core.config.settings import Settings
from civicmail.mail.archive.commit import SPOOL_ABOVE
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier import dkimkeys, signing
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.signing import Pen
from civicmail.mail.screening.authentication_results import METHODS
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.origin import origin

OURS = frozenset({"submission", "relay", "local"})
"""Doors by which our own mail comes in."""
STRANGERS = frozenset({"mx", "lmtp", "relay"})


class Signer:
    """clock: ms since 1970. Keys are read again when their file has changed."""

    def __init__(self, data: Path, settings: Settings, clock: Callable[[], int]) -> None:
        self._data = data
        self._settings = settings
        self._clock = clock
        self._stamp: tuple[int, int] | None = None
        self._pens: list[Pen] = []

    async def finish(self, kept: ArchivedMessage, sent: dict[str, Any]) -> dict[str, Any]:
        """The `sent` object with our signature lines in front of all others. Raises KeysDamaged, DamagedFile."""
        pens = self.pens()
        if not pens or not (is_ours(kept.capture, self._settings) or is_forwarded(kept.capture, self._settings)):
            return sent
        large = kept.capture.size > SPOOL_ABOVE
        lines = await asyncio.to_thread(self._lines, kept, sent, pens) if large else self._lines(kept, sent, pens)
        return {**sent, "prepend": [*lines, *sent["prepend"]]} if lines else sent

    def pens(self) -> list[Pen]:
        """The active keys. Raises KeysDamaged."""
        try:
            state = (dkimkeys.folder(self._data) / "keys.json").stat()
            stamp: tuple[int, int] | None = (state.st_mtime_ns, state.st_ino)
        except FileNotFoundError:
            stamp = None
        if stamp != self._stamp:
            active = [key for key in dkimkeys.listed(self._data) if key.state == "active"]
            self._pens = [Pen(key, dkimkeys.private(self._data, key)) for key in active]
            self._stamp = stamp
        return self._pens

    def _lines(self, kept: ArchivedMessage, sent: dict[str, Any], pens: list[Pen]) -> list[str]:
        now = self._clock() // 1000
        message = signing.read(kept, sent)
        if is_ours(kept.capture, self._settings):
            fit = signing.pens_for(pens, signing.author(message))
            return [line for pen in fit for line in signing.signature(message, pen, now)]
        pen = sealing_pen(pens, self._settings)
        if pen is None:
            return []
        findings = kept.capture.findings
        cv = next((finding.code for finding in findings if finding.check == "arc"), "none")
        return signing.seal(message, pen, self._settings.city.host, findings, cv, now)


def is_ours(capture: Capture, settings: Settings) -> bool:
    """Whether the city's own people or machines sent it, by evidence of the receipt and never by a header: the listener is ours,
    and no server in front names a stranger as its client."""
    return capture.source.kind in OURS and not _is_passed_on(capture, settings)


def is_forwarded(capture: Capture, settings: Settings) -> bool:
    """Whether it came from outside and its sender was authenticated."""
    e = capture.envelope
    outside = capture.source.kind in STRANGERS and not e.login and not is_ours(capture, settings)
    return outside and any(finding.check in METHODS for finding in capture.findings)


def _is_passed_on(capture: Capture, settings: Settings) -> bool:
    return "XFORWARD" in capture.envelope.params and origin(capture.envelope, settings).where == "outside"


def sealing_pen(pens: list[Pen], settings: Settings) -> Pen | None:
    """The RSA key of the first of our domains that has one: who verifies ARC need not know another kind (RFC 8617 4.1.2)."""
    for domain in settings.city.domains:
        for pen in pens:
            if pen.key.algorithm == "rsa" and pen.key.domain == a_labels(domain):
                return pen
    return None
