"""A network check that asks SpamAssassin (spamd's SYMBOLS): its score, threshold and rules.

It is evidence and never a verdict: it takes 70 ms and more, and its rules are older than most spam. Protocol: spamd/PROTOCOL of
Apache SpamAssassin 4.0.
"""

from __future__ import annotations

import re
from pathlib import Path

from civicmail.core.config.settings import Settings
from civicmail.mail.screening.filter_client import Program, program_at
from civicmail.mail.screening.second_opinions import opinion, second_opinion
from civicmail.mail.screening.shapes import CheckResult, NetworkCase

NAME = "spamd"
VERSION = 1
SECONDS = 12.0
PORT = 783
MAX_BYTES = 512_000
"""As spamc limits it: the rules take minutes for more."""
_MARGIN = 0.5
_FIRST = re.compile(rb"SPAMD/[\d.]+ 0 ")
_SPAM = re.compile(rb"(?mi)^Spam: *(?:true|false|yes|no) *; *(-?[\d.]+) */ *(-?[\d.]+) *\r?$")


def open_(settings: Settings, data: Path) -> Program:
    return program_at(settings.screening.spamd, PORT)


async def find(case: NetworkCase) -> CheckResult:
    """Only for mail from outside."""

    async def ask(program: Program) -> CheckResult:
        head = f"SYMBOLS SPAMC/1.5\r\nContent-length: {len(case.raw)}\r\n\r\n".encode()
        return judged(await program.exchange(head, case.raw, SECONDS - _MARGIN, half=True))

    return await second_opinion(case, NAME, VERSION, MAX_BYTES, ask)


def judged(reply: bytes) -> CheckResult:
    """The result of a reply. Raises ValueError for an invalid one."""
    head, _, body = reply.partition(b"\r\n\r\n")
    match = _SPAM.search(head)
    if not _FIRST.match(head) or match is None:
        raise ValueError("spamd did not answer with a score")
    symbols = [s for s in body.decode("ascii", "replace").strip().split(",") if re.fullmatch(r"\w{1,80}", s)]
    return opinion(NAME, VERSION, float(match[1]), float(match[2]), symbols)
