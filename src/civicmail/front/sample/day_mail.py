"""An endless supply of messages for a simulated day, by kind.

Messages are made before the day begins and wait in a file, because making them would slow the SMTP clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import BinaryIO, NamedTuple

import orjson

from civicmail.front.sample import people
from civicmail.front.sample.attacks import pretended
from civicmail.front.sample.day_plan import Kind
from civicmail.front.sample.mail import Posting, messages
from civicmail.front.sample.people import Town

_GOOD = ("plain", "reply", "html", "files", "foreign", "newsletter", "forward", "malformed")
_PRETENDED = 0.1
"""Share of junk that is no advertisement: programs in archives, forms, borrowed names."""


class DueMessage(NamedTuple):
    """at: seconds after midnight."""

    at: float
    kind: Kind
    posting: Posting


def keep(file: BinaryIO, letters: Iterable[DueMessage]) -> None:
    """Write each message as a line of JSON [at, kind, sender, recipients, octets] and its octets."""
    for at, kind, (sender, recipients, content) in letters:
        file.write(orjson.dumps([at, kind, sender, recipients, len(content)]) + b"\n" + content)


def kept(file: BinaryIO) -> Iterator[DueMessage]:
    """Read the messages of a file in order."""
    file.seek(0)
    while line := file.readline():
        at, kind, sender, recipients, size = orjson.loads(line)
        yield DueMessage(at, kind, Posting(sender, recipients, file.read(size)))


class DayMail:
    """Supplies messages by kind. known: filters recipients who receive mail here."""

    def __init__(self, seed: int, town: Town, known: Callable[[Posting], Posting | None]) -> None:
        self._known = known
        good = {"inside": self._inside, "outward": self._outward, "inward": self._inward}
        self._ways: dict[Kind, Iterator[Posting]] = {
            kind: filter(is_kind, messages(seed + n, kinds=_GOOD, start=datetime.now(UTC), every=0, town=town))  # type: ignore[misc]  # mypy loses which way it is
            for n, (kind, is_kind) in enumerate(good.items())
        }
        self._ways["junk"] = _junk(Random(seed), seed + 9, town)  # noqa: S311 - the same mail for the same seed

    def next(self, kind: Kind) -> Posting:
        while (reached := self._known(next(self._ways[kind]))) is None:
            pass
        return reached

    @staticmethod
    def _inside(posting: Posting) -> bool:
        return posting.inside and all(_is_ours(r) for r in posting.recipients)

    @staticmethod
    def _outward(posting: Posting) -> bool:
        return posting.inside and not all(_is_ours(r) for r in posting.recipients)

    @staticmethod
    def _inward(posting: Posting) -> bool:
        return not posting.inside


def _is_ours(address: str) -> bool:
    return address.endswith("@" + people.DOMAIN)


def _junk(random: Random, seed: int, town: Town) -> Iterator[Posting]:
    bulk = messages(seed, kinds=("spam",), start=datetime.now(UTC), every=0, town=town)
    boxes = [person.address for person in town.employees]
    false = pretended(town.employees[1].name, datetime.now(UTC))
    while True:
        if random.random() < _PRETENDED:
            sender, content = random.choice(false)
            mark = f"Message-ID: <{random.getrandbits(80):020x}@{sender.partition('@')[2]}>\r\n".encode()
            yield Posting(sender, [random.choice(boxes)], mark + content)
        else:
            yield next(bulk)
