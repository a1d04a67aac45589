"""What checks ask the domain name system, and what it answers: one question, one plain answer, or an error that passes.

    answer = await resolver.ask("example.net", "TXT")
    answer.values        () where there is no such record; answer.exists says whether the name is there

Whoever answers follows aliases (CNAME), so that nobody else has to. Values are text: TXT its strings joined, one character for each
byte (latin-1); A and AAAA addresses; MX "10 mx.example.net"; PTR names. Names are lower case, without the dot at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]

MAX_VALUE = 8 << 10
"""Characters of one TXT record; the longest that DKIM, SPF and DMARC have in use is a tenth of it."""
MAX_VALUES = 100
"""Records of one answer. Names of large services have about 60 TXT records."""


@dataclass(frozen=True, slots=True)
class Answer:
    """values: as of this module; exists: whether the name is there at all (no NXDOMAIN); cut: something of it was too large and is
    not among the values."""

    values: tuple[str, ...] = ()
    exists: bool = True
    cut: bool = False


NOTHING = Answer(exists=False)


class TemporaryFailure(Exception):
    """There is no answer at this moment. ours: because of our own resolver, and not of whoever has to answer for that name."""

    def __init__(self, why: str, *, ours: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.ours = ours


class Resolver(Protocol):
    """Whom checks ask. Raises Temp."""

    async def ask(self, name: str, kind: Kind) -> Answer: ...


def bounded(values: list[str], *, exists: bool = True) -> Answer:
    """An answer from whatever came: what is too large is left out, and said so."""
    fit = [value for value in values[:MAX_VALUES] if len(value) <= MAX_VALUE]
    return Answer(tuple(fit), exists, len(fit) < len(values))


def is_name(name: str) -> bool:
    """Whether a question for it can be asked at all (RFC 1035 2.3.4)."""
    return 0 < len(name) <= 253 and name.isascii() and all(0 < len(label) < 64 for label in name.split("."))
