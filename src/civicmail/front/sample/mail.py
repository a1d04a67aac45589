"""The sample city's mail as a stream; a seed always gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from civicmail.front.sample import letters, people
from civicmail.front.sample.malformed import malformed

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

KINDS: dict[str, tuple[letters.Maker, int]] = {
    "plain": (letters.plain, 30),
    "reply": (letters.reply, 22),
    "html": (letters.html_letter, 15),
    "files": (letters.with_files, 10),
    "foreign": (letters.foreign, 6),
    "newsletter": (letters.newsletter, 4),
    "forward": (letters.forward, 3),
    "spam": (letters.spam, 7),
    "malformed": (malformed, 3),
}
"""Each kind with its maker and share."""


class Posting(NamedTuple):
    """A message for a server: reverse path, forward paths, bytes with CRLF."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def inside(self) -> bool:
        """Whether the sender is of the city; such mail comes by a relay listener and may go anywhere."""
        return self.sender.endswith("@" + people.DOMAIN)


def messages(
    seed: int = 1,
    *,
    kinds: tuple[str, ...] = (),
    start: datetime = START,
    every: float = 90,
    town: people.Town = people.SAMPLE,
) -> Iterator[Posting]:
    """Messages without end. kinds: only these (names of KINDS); start: the first Date; every: mean seconds between two.

    From outside only recipients of the city are named in the envelope, as any honest server would do it.
    """
    random = Random(seed)  # noqa: S311 - the same mail for the same seed, nothing to guard
    desk = letters.Desk(random, start, every, town)
    chosen = {name: KINDS[name] for name in kinds} or KINDS
    makers = [maker for maker, _ in chosen.values()]
    shares = [share for _, share in chosen.values()]
    while True:
        written = random.choices(makers, shares)[0](desk)
        recipients = [p.address for p in dict.fromkeys(written.to) if p.inside or written.author.inside]
        if recipients:
            yield Posting(written.author.address, recipients, written.content)
