"""Large synthetic corpora, labeled as such: the development mail repeated with variations.

Message n has the headers of a real one with a Message-ID of its own (References follow), a date of its own within seven years in
the order of n, and, where the body is plain text, half of its lines and half of another message's in random order. Equal seeds make
equal bytes. Words are as frequent as in real mail, but no new ones appear after the first round, so term dictionaries are a little
smaller than in reality. There is one Received line, so a byte of made mail has more words than one of real mail: sizes are measured
on real mail.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench.corpus import source

BASE = 20_000
FIRST = 1_577_836_800  # 2020-01-01, seconds
SPAN = 7 * 365 * 86_400
_WHEN = re.compile(rb"(?im)^(?:received|x-received|date|delivery-date):[^\n]*\n(?:[ \t][^\n]*\n)*")
_NAMED = re.compile(rb"(?im)^(?:message-id|in-reply-to|references):[^\n]*\n(?:[ \t][^\n]*\n)*")
_ENCODED = re.compile(rb"(?im)^(?:content-type:[ \t]*(?!text/plain)|content-transfer-encoding:[ \t]*(?:base64|quoted-printable))")
_FROM = re.compile(rb"(?m)^(>*From )")


@dataclass(frozen=True, slots=True)
class Made:
    """A corpus of `total` messages over these real ones. name: what mail the real ones are."""

    name: str
    base: list[bytes]
    total: int
    seed: int = 1

    def message(self, number: int) -> bytes:
        """Message 0 to total - 1."""
        round_, at = divmod(number, len(self.base))
        chance = random.Random(f"{self.seed}-{number}")
        head, body = _split(self.base[at])
        when = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(FIRST + SPAN * number // self.total)).encode()
        plain = not _ENCODED.search(head)
        head = _NAMED.sub(lambda field: field[0].replace(b"<", b"<%d." % round_), _WHEN.sub(b"", head))
        if plain and round_:
            body = self._mixed(body, chance)
        return b"Received: by made.example; %s\nDate: %s\n%s\n%s" % (when, when, head, body)

    def _mixed(self, body: bytes, chance: random.Random) -> bytes:
        head, other = _split(chance.choice(self.base))
        lines = body.splitlines(keepends=True)
        if not _ENCODED.search(head):
            lines = lines[: len(lines) // 2 + 1] + other.splitlines(keepends=True)[: len(lines) // 2]
        chance.shuffle(lines)
        return b"".join(lines)

    def mbox(self, path: Path, first: int, count: int) -> int:
        """Write messages first to first + count - 1 as mboxrd; returns their bytes."""
        size = 0
        with path.open("wb") as box:
            for raw in self.messages(first, count):
                size += len(raw)
                box.write(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + _FROM.sub(rb">\1", raw))
                box.write(b"\n" if raw.endswith(b"\n") else b"\n\n")
        return size

    def messages(self, first: int, count: int) -> Iterator[bytes]:
        return (self.message(number) for number in range(first, first + count))


def made(total: int, base: int = BASE) -> Made:
    """A corpus over the first messages of the development mail."""
    name, messages = source()
    return Made(name, list(islice(messages, min(base, total))), total)


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Header block with its last line end, and body."""
    match = re.search(rb"\r?\n\r?\n", raw)
    if not match:
        return raw.rstrip(b"\n") + b"\n", b""
    return raw[: match.start()] + b"\n", raw[match.end() :]
