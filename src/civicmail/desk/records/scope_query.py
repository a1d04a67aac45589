"""The query of a scope: which ones can be agreed, what they reach, and what would narrow them (P-21)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from civicmail.city.guard.errors import field_error
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Everything, Not, Or, Range, Token, Tree
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, search

REVIEWED_AN_HOUR = 120
"""Messages that one person decides in an hour, for estimates: half of what the coding screen is made for."""
SAMPLE = 400
"""Newest hits whose senders and recipients are looked at."""
PEOPLE = 5
_ADDRESS = re.compile(r"[^\s<>,;\"]+@[^\s<>,;\"]+")
_LATER = 400
"""Days; a query that means another period after so long has no fixed period."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a narrower scope would reach. words: how it is narrowed; query: the whole narrower query."""

    words: str
    query: str
    messages: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What a scope reaches now. everything: messages in the index; people: mailboxes of the city among the sampled ones, not all of
    them if more is true; unread: could not be read completely."""

    messages: int
    everything: int
    unread: int
    people: int
    more: bool
    narrower: tuple[Narrowing, ...]

    @property
    def hours(self) -> int:
        """Estimated hours of review, rounded up."""
        return -(-self.messages // REVIEWED_AN_HOUR)

    @property
    def is_wide(self) -> bool:
        """Whether it reaches so much of the archive that it hardly describes anything."""
        return self.everything > 100 and 4 * self.messages > self.everything


def checked(query: str, now: int) -> Tree:
    """The tree of a query that may become a scope. now: ms. Raises Unusable for a query that is empty, matches everything, means
    another period tomorrow, or names a conversation, whose messages only the search finds."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    try:
        tree = parse(query, now=moment)
        later = parse(query, now=moment + timedelta(days=_LATER))
    except QueryError as error:
        raise field_error("query", str(error.message)) from None
    if matches_everything(tree):
        raise field_error("query", "This reaches all mail of the city. A scope needs words, people or days.")
    if tree != later:
        raise field_error("query", "Name days instead of newer_than: or older_than:, whose meaning changes every day.")
    if any(isinstance(leaf, Token) and leaf.field == "thread" for leaf in _leaves(tree)):
        raise field_error("query", "A scope cannot name a conversation. Use the words, people and days of its messages.")
    return tree


def matches_everything(tree: Tree) -> bool:
    """Whether a query leaves nothing out, by its form."""
    match tree:
        case Everything():
            return True
        case And(parts):
            return all(map(matches_everything, parts))
        case Or(parts):
            return any(map(matches_everything, parts))
        case Range(_, None, None):
            return True
        case _:
            return False


def reach(reader: Reader, query: str, now: int, domains: frozenset[str]) -> Reach:
    """Count what a query reaches. reader: of one page; domains: of the city; now: ms. Raises QueryError, NotFinished."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    tree = parse(query, now=moment)
    page = search(reader, tree, limit=SAMPLE, scored=False)
    boxes = _boxes(page.hits, domains)
    narrower = tuple(
        Narrowing(words, narrow, count(reader, parse(narrow, now=moment, accepted=True)))
        for words, narrow in _narrower(query, boxes, moment)
    )
    unread = count(reader, And((tree, Range("unreadable", 1))))
    everything = count(reader, Everything())
    return Reach(page.total, everything, unread, len(boxes), page.total > len(page.hits), narrower if page.total else ())


def _boxes(hits: tuple[Hit, ...], domains: frozenset[str]) -> Counter[str]:
    """Addresses of the city among senders and recipients -> in how many hits."""
    found: Counter[str] = Counter()
    for hit in hits:
        addresses = {a.lower() for text in (hit.from_, *hit.to) for a in _ADDRESS.findall(text)}
        found.update(a for a in addresses if a.rpartition("@")[2] in domains)
    return found


def _narrower(query: str, boxes: Counter[str], moment: datetime) -> Iterator[tuple[str, str]]:
    """(words, query) of narrower scopes."""
    today = moment.date()
    for years, words in ((1, "the last 12 months"), (3, "the last three years")):
        yield f"Only {words}", f"({query}) date:{today.replace(year=today.year - years, day=1):%Y-%m-%d}..{today:%Y-%m-%d}"
    for box, _ in boxes.most_common(PEOPLE):
        yield f"Only mail of {box}", f"({query}) (from:{box} OR rcpt:{box})"
    yield "Only messages with files", f"({query}) has:attachment"


def _leaves(tree: Tree) -> Iterator[Tree]:
    match tree:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)
        case Not(part):
            yield from _leaves(part)
        case _:
            yield tree
