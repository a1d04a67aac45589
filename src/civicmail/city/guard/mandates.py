"""An examination as a plain value: people, scope, end; and its scope as a query that every search is and-ed with (E5). Pure.

The scope decides, not the examiner's words: `scope.restrict(query, now)` is the only tree that a search in an examination may use,
and `matches(scope.tree(now), view)`, or the equivalent `scope.matcher(now)`, the only test whether one capture may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from civicmail.core.query.fold import exact
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Everything, Not, Or, Range, Text, Token, Tree, View

Ground = Literal["request", "examination", "litigation", "continuity"]

GROUNDS: dict[Ground, str] = {
    "request": "Request for records",
    "examination": "Examination",
    "litigation": "Litigation",
    "continuity": "Continuity of work",
}
"""What a look is for, as pages name it."""

DEFAULT_DAYS = 14
"""Days for which a mandate is good unless something else was asked for."""
MAX_DAYS = 90
URGENT_MS = 4 * 3_600_000
"""ms for which an urgent one is good (E4)."""
UNUSED_MS = 72 * 3_600_000
"""ms after which what was asked and not answered, or approved and not used, lapses (E3)."""

_ADDRESS_FIELDS: tuple[Text, ...] = ("rcpt", "from", "sent")
MATCH_NOTHING = Not(Everything())


@dataclass(frozen=True, slots=True)
class Scope:
    """people: uids; boxes: all addresses of their mailboxes, or of the department's; custodians: names under which imports have
    their mail; since, until: ms of receipt, both included; words: what the query is narrowed to, may be empty; whole: the whole
    archive, narrowed by words, as a request for records needs it (P-21)."""

    people: tuple[str, ...]
    boxes: tuple[str, ...]
    since: int | None = None
    until: int | None = None
    words: str = ""
    custodians: tuple[str, ...] = ()
    whole: bool = False

    def tree(self, now: int) -> Tree:
        """The captures in scope: sent or received by one of the mailboxes, or imported as these people's, in the period, with the
        words.

        Without mailboxes there are none, and of the whole archive without words none either. now: ms, from which newer_than:
        counts.
        """
        parts: list[Tree] = []
        if not self._is_whole:
            parts.append(Or(tuple(self._mailbox_terms())) if self.boxes or self.custodians else MATCH_NOTHING)
        if self.since is not None or self.until is not None:
            parts.append(Range("received", self.since, self.until))
        if self.words.strip():
            parts.append(parse_words(self.words, now))
        return And(tuple(parts))

    def restrict(self, query: Tree, now: int) -> Tree:
        """The given query, restricted to the scope."""
        return And((self.tree(now), query))

    def matcher(self, now: int) -> Callable[[View], bool]:
        """The function matches(self.tree(now), view), made once for many views: 26 ms for each were too long for a department."""
        boxes, names = frozenset(map(exact, self.boxes)), frozenset(map(custodian, self.custodians))
        whole, low, high = self._is_whole, self.since, self.until
        narrowed = parse_words(self.words, now) if self.words.strip() else None

        def covers(view: View) -> bool:
            reached = whole or any(not boxes.isdisjoint(view[field].split()) for field in _ADDRESS_FIELDS)
            if not reached and names.isdisjoint(view["custodian"].split()):
                return False
            if (low is not None and view["received"] < low) or (high is not None and view["received"] > high):
                return False
            return narrowed is None or matches(narrowed, view)

        return covers

    @property
    def _is_whole(self) -> bool:
        return self.whole and bool(self.words.strip())

    def _mailbox_terms(self) -> Iterator[Tree]:
        boxes = [exact(box) for box in self.boxes]
        for field in _ADDRESS_FIELDS:
            for box in boxes:
                yield Token(field, box)
        for name in self.custodians:
            yield Token("custodian", custodian(name))


@dataclass(frozen=True, slots=True)
class Mandate:
    """number: "26-014"; person: uid of the requester, who is the examiner; role: of the examiner, or "department-head";
    departments: codes of the people examined, at the time of the request; starts, until: ms; state: see mandate_states.py."""

    number: str
    ground: Ground
    person: str
    role: str
    reason: str
    scope: Scope
    starts: int
    until: int
    urgent: bool
    state: str
    departments: tuple[str, ...] = ()
    sealed: bool = False

    def is_live(self, now: int) -> bool:
        """Whether content may be viewed at this moment, ms."""
        return self.state in ("approved", "open", "urgent") and self.starts <= now < self.until


def custodian(name: str) -> str:
    """The one token that matches a custodian completely, never a part of another one's name."""
    return f"={exact(name)}"


def parse_words(text: str, now: int, *, accepted: bool = True) -> Tree:
    """The words of a scope as a tree. accepted: of an existing examination. Raises QueryError."""
    return parse(text, now=datetime.fromtimestamp(now / 1000, UTC), accepted=accepted)


def is_wider(before: Scope, after: Scope, now: int) -> bool:
    """Whether a changed scope may cover captures that the previous one did not (E5). Words are narrower only if all previous ones
    are unchanged and more are and-ed; every other change counts as wider."""
    if not set(after.people) <= set(before.people):
        return True
    if before.since is not None and (after.since is None or after.since < before.since):
        return True
    if before.until is not None and (after.until is None or after.until > before.until):
        return True
    old, new = parse_words(before.words, now), parse_words(after.words, now)
    return not (isinstance(old, Everything) or old == new or set(_conjuncts(old)) <= set(_conjuncts(new)))


def _conjuncts(tree: Tree) -> tuple[Tree, ...]:
    return tree.parts if isinstance(tree, And) else (tree,)
