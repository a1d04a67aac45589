"""Automatic labels for good mail: mail that people of the city sent or answered. Pure except for a small memory.

Only a few messages a day count for each person and in total: the learner needs examples, not everything.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from civicmail.core.message import header_scan
from civicmail.mail.archive.records import Capture

DAY = 86_400_000
SENT_EACH, SENT_ALL = 2, 200
ANSWERED_EACH, ANSWERED_ALL = 5, 500
"""Labels a day, by one person and by all."""
MAX_INBOUND_IDS = 100_000
"""Messages from outside whose answers would be recognized."""

_GOES = frozenset({"deliver", "mark", "encrypt", "redirect"})
_BY_PROGRAMS = ("list-id", "x-autoreply", "x-autorespond")
_ANSWERS = ("in-reply-to", "references")
_BULK = frozenset({b"bulk", b"junk", b"auto_reply", b"list"})


class InboundIds:
    """Hashed Message-IDs of recent mail from outside, each with its capture id."""

    def __init__(self) -> None:
        self._ids: OrderedDict[int, bytes] = OrderedDict()

    def add(self, message_id: str, capture: bytes) -> None:
        if message_id:
            self._ids[_number(message_id)] = capture
            if len(self._ids) > MAX_INBOUND_IDS:
                self._ids.popitem(last=False)

    def capture_answered(self, ids: Iterable[str]) -> bytes | None:
        """The capture with one of these Message-IDs."""
        return next((self._ids[number] for number in map(_number, ids) if number in self._ids), None)

    def arrays(self) -> dict[str, NDArray[Any]]:
        captures = np.frombuffer(b"".join(self._ids.values()), "<u8")
        return {"heard": np.array(list(self._ids), np.uint64), "captures": captures}

    def load(self, numbers: NDArray[Any], captures: NDArray[Any]) -> None:
        """Load the arrays of arrays()."""
        content = captures.astype("<u8").tobytes()
        self._ids.update((number, content[16 * n : 16 * n + 16]) for n, number in enumerate(numbers.tolist()))


class DailyLimit:
    """The limit of automatic labels per day (UTC)."""

    def __init__(self) -> None:
        self._day = -1
        self._counts: dict[tuple[str, str], int] = {}

    def allow(self, how: str, by: str, now: int, *, each: int, most: int) -> bool:
        """Whether another label is allowed; if so it is counted. now: epoch ms."""
        if now // DAY != self._day:
            self._day, self._counts = now // DAY, {}
        own, every = self._counts.get((how, by), 0), self._counts.get((how, ""), 0)
        if own >= each or every >= most:
            return False
        self._counts[how, by], self._counts[how, ""] = own + 1, every + 1
        return True


def is_ours(capture: Capture) -> bool:
    """Whether a person of the city sent the message and it was delivered: rejected or held mail is no example."""
    went = any(disposition.do in _GOES for disposition in capture.dispositions)
    return capture.source.kind == "submission" and bool(capture.envelope.login and capture.envelope.sender) and went


class HeaderTraits(NamedTuple):
    """by_hand: written by a person, because automatic replies answer spam, too (RFC 3834); answers: may name the message that it
    answers (RFC 5322 3.6.4)."""

    by_hand: bool
    answers: bool


def header_traits(raw: bytes) -> HeaderTraits:
    """Parse the header of an outgoing message. Most are no answers, and need no reader."""
    fields = header_scan.firsts(raw, ("auto-submitted", "precedence", *_BY_PROGRAMS, *_ANSWERS))
    automatic = fields.get("auto-submitted", b"no").strip().lower()
    by_program = automatic != b"no" or fields.get("precedence", b"").strip().lower() in _BULK
    return HeaderTraits(not by_program and fields.keys().isdisjoint(_BY_PROGRAMS), not fields.keys().isdisjoint(_ANSWERS))


def _number(message_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(message_id.strip("<> ").encode("utf-8", "replace"), digest_size=8).digest())
