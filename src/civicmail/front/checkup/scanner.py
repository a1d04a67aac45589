"""The virus scanner: whether it answers, and how old its signatures are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from civicmail.front.checkup.findings import HOUR, Finding, Level, Patient
from civicmail.mail.screening import clamav
from civicmail.mail.screening.clamd import Answer, Clamd, is_address

CHECK = "virus scanner"


def clamd(p: Patient) -> Iterator[Finding]:
    """Whether the virus scanner answers, and its signatures are fresh."""
    address = p.settings.screening.clamd
    if not address:
        text = "No virus scanner is asked (screening.clamd is empty), so known malware is recognised by its kind of file alone."
        yield Finding(CHECK, "not-set-up", text, "Name one: civicmail config explain screening.clamd")
        return
    if not is_address(address):
        text = f"screening.clamd is no address: {address}."
        yield Finding(CHECK, "problem", text, "Name it like unix:/run/clamav/clamd.ctl or 127.0.0.1:3310.")
        return
    there, version = asyncio.run(_asked(address))
    if not there:
        text = f"The virus scanner at {address} does not answer ({version.said or 'timeout'})."
        yield Finding(CHECK, "problem", text, "Start clamd; until then the check for malware is unavailable, and rules decide.")
        return
    yield from _age(p, version.said)


async def _asked(address: str) -> tuple[bool, Answer]:
    ask = Clamd(address)
    version = await ask.version()
    return version.kind == "clean" and await ask.ping(), version


def _age(p: Patient, version: str) -> Iterator[Finding]:
    made = clamav.signatures(version)
    hours = (p.now - made) // HOUR
    if made < 0:
        yield Finding(CHECK, "ok", f"The virus scanner answers ({version}); its signatures have no date: they are your own.")
    elif p.now - made > clamav.STALE:
        level: Level = "problem" if p.now - made > clamav.TOO_OLD else "warning"
        text = f"The signatures of the virus scanner are {hours} hours old."
        yield Finding(CHECK, level, text, "See why freshclam does not update them: journalctl -u clamav-freshclam.")
    else:
        yield Finding(CHECK, "ok", f"The virus scanner answers; its signatures are {max(hours, 0)} hours old.")
