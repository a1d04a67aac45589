"""The interface to DNS for checks: one query, one plain answer, or a temporary failure.

    answer = await resolver.ask("example.net", "TXT")
    answer.values        () if there is no such record; answer.exists says whether the name exists

Implementations follow aliases (CNAME). Values are text: TXT strings joined, one character for each byte (latin-1); A and AAAA
addresses; MX "10 mx.example.net"; PTR names. Names are lower case, without a final dot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]

MAX_VALUE = 8 << 10
"""Characters of one TXT record; the longest DKIM, SPF and DMARC records in use are a tenth of it."""
MAX_VALUES = 100
"""Records of one answer. Names of large services have about 60 TXT records."""


@dataclass(frozen=True, slots=True)
class Answer:
    """exists: whether the name exists at all (no NXDOMAIN); cut: some value was too large and is missing."""

    values: tuple[str, ...] = ()
    exists: bool = True
    cut: bool = False


NOTHING = Answer(exists=False)


class TemporaryFailure(Exception):
    """No answer at this time. ours: our own resolver failed, not the name's servers."""

    def __init__(self, why: str, *, ours: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.ours = ours


class Resolver(Protocol):
    """What checks query. Raises TemporaryFailure."""

    async def ask(self, name: str, kind: Kind) -> Answer: ...


def bounded(values: list[str], *, exists: bool = True) -> Answer:
    """An answer without values that are too large."""
    fit = [value for value in values[:MAX_VALUES] if len(value) <= MAX_VALUE]
    return Answer(tuple(fit), exists, len(fit) < len(values))


def is_name(name: str) -> bool:
    """Whether a name can be queried at all (RFC 1035 2.3.4)."""
    return 0 < len(name) <= 253 and name.isascii() and all(0 < len(label) < 64 for label in name.split("."))
