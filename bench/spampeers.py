"""Other spam filters on the same mail: bogofilter, trained like ours, and the untrained rules of Rspamd and SpamAssassin."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from civicmail.core.config.settings import Screening, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening import rspamd, spamassassin
from civicmail.mail.screening.check_context import CheckContext
from civicmail.mail.screening.shapes import ExtractedMessage, NetworkCase
from neighbours.assassin import Spamd
from neighbours.milters import Rspamd

Floats = NDArray[np.float64]
NEVER = 0.0
"""The score of a message that a program said nothing of."""


class Bogofilter:
    """A word list of its own, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.learn(b"Subject: x\n\nbegin\n", spam=False)  # it does not judge without a list

    def score(self, raw: bytes) -> float:
        """From 0 to 1."""
        result = subprocess.run(["bogofilter", "-d", str(self.folder), "-TT"], input=raw, capture_output=True, check=False)
        return float(result.stdout.split()[-1])

    def learn(self, raw: bytes, *, spam: bool) -> None:
        kind = "-s" if spam else "-n"
        subprocess.run(["bogofilter", "-d", str(self.folder), kind], input=raw, capture_output=True, check=True)


def is_there(program: str) -> bool:
    return shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin") is not None


def rules_of(name: str, messages: Sequence[bytes], report: Callable[[int], None]) -> Floats:
    """Scores of the untrained rules of rspamd or spamd for each message, without DNS. report: called with the number done."""
    with ExitStack() as stack:
        if name == "rspamd":
            address = f"127.0.0.1:{stack.enter_context(Rspamd(asked=True)).asked}"
        else:
            address = stack.enter_context(Spamd()).address
        return asyncio.run(_ask(name, address, messages, report))


async def _ask(name: str, address: str, messages: Sequence[bytes], report: Callable[[int], None]) -> Floats:
    check = rspamd if name == "rspamd" else spamassassin
    settings = Settings(screening=Screening(rspamd=address, spamd=address))
    world = CheckContext(settings, 0, None, {check.NAME: check.open_(settings, Path("/"))})
    envelope = Envelope("someone@outside.example", (Recipient("ann@city.example"),), 0, "192.0.2.4", "mx.outside.example")
    scores = np.full(len(messages), NEVER)
    for n, raw in enumerate(messages):
        result = await check.find(NetworkCase(raw, ExtractedMessage(), envelope, "mx", True, world))
        scores[n] = result.more.get("score", NEVER)
        if n % 500 == 499:
            report(n + 1)
    return scores
