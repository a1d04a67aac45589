"""Check that clamd and the spam filters answer, and how old the virus signatures are."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from functools import partial

from civicmail.front.checkup.findings import HOUR, Finding, Installation, Level
from civicmail.front.checkup.probe import why_unreachable
from civicmail.mail.screening import clamav, rspamd, spamassassin
from civicmail.mail.screening.clamd import Clamd, ScanReply, is_address
from civicmail.mail.screening.filter_client import program_at

CHECK = "virus scanner"


def clamd(p: Installation) -> Iterator[Finding]:
    """Whether the virus scanner answers, and its signatures are fresh."""
    address = p.settings.screening.clamd
    if not address:
        text = "No virus scanner is asked (screening.clamd is empty), so known malware is recognized by its kind of file alone."
        yield Finding(CHECK, "not-set-up", text, "Name one: civicmail config explain screening.clamd")
        return
    if not is_address(address):
        text = f"screening.clamd is no address: {address}."
        yield Finding(CHECK, "problem", text, "Name it like unix:/run/clamav/clamd.ctl or 127.0.0.1:3310.")
        return
    is_up, version = asyncio.run(_ping(address))
    if not is_up:
        text = f"The virus scanner at {address} does not answer ({version.detail or 'timeout'})."
        yield Finding(CHECK, "problem", text, "Start clamd; until then the check for malware is unavailable, and rules decide.")
        return
    yield from _age(p, version.detail)


async def _ping(address: str) -> tuple[bool, ScanReply]:
    ask = Clamd(address)
    version = await ask.version()
    return version.kind == "clean" and await ask.ping(), version


def _age(p: Installation, version: str) -> Iterator[Finding]:
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


def filters(p: Installation) -> Iterator[Finding]:
    """Whether the spam filters that the settings name answer. Where none is named, our own check is all that judges spam."""
    screening = p.settings.screening
    for name, address, port, question in (
        ("Rspamd", screening.rspamd, rspamd.PORT, b"GET /ping HTTP/1.0\r\n\r\n"),
        ("SpamAssassin", screening.spamd, spamassassin.PORT, b"PING SPAMC/1.5\r\n\r\n"),
    ):
        if not address:
            continue
        check, place = f"spam filter {name}", program_at(address, port)
        if why := why_unreachable((place.host, place.port), partial(_pong, question)):
            text = f"It does not answer at {address} ({why}), so mail is screened without it."
            yield Finding(check, "problem", text, "Start it; until then this check is unavailable, and rules decide.")
        else:
            yield Finding(check, "ok", "It answers.")


def _pong(question: bytes, line: socket.socket) -> str:
    """Why an answer is none of a filter that works; empty where it is one."""
    line.sendall(question)
    answer = b""
    while b"pong" not in answer.lower():
        chunk = line.recv(512)
        if not chunk or len(answer) > 4096:
            return "it says something else"
        answer += chunk
    return ""
