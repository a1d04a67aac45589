"""What a query could not look through: captures of which a part has no text, or waits for it, and which might match all the same.

A search that is sworn to says of every capture that it was found, that it might be meant, or that it is not (promise 8):

    found + unsearchable + excluded = all captures of the index
"""

from __future__ import annotations

from dataclasses import dataclass

import tantivy

from civicmail.core.query.tree import And, Everything, Near, Not, Or, Token, Tree, Words
from civicmail.mail.search.attachments import WAITING
from civicmail.mail.search.compile import LARGEST, both, column, compiled
from civicmail.mail.search.counts import still
from civicmail.mail.search.listing import Listed
from civicmail.mail.search.order import counted, everything
from civicmail.mail.search.parallel import each
from civicmail.mail.search.reader import Reader

_OF_CONTENT = frozenset({"", "body", "attachment", "filename", "filetype"})
"""Fields that a part without text may lack words of; headers were read."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Captures by what a query says of them."""

    found: int
    unsearchable: int
    excluded: int

    @property
    def total(self) -> int:
        return self.found + self.unsearchable + self.excluded


def might_match(tree: Tree, *, denied: bool = False) -> Tree:
    """What a capture has to match, whatever the words of its unread parts are: each condition on content is taken as met.
    denied: within NOT, where it is taken as not met."""
    match tree:
        case And(parts):
            return And(tuple(might_match(part, denied=denied) for part in parts))
        case Or(parts):
            return Or(tuple(might_match(part, denied=denied) for part in parts))
        case Not(part):
            return Not(might_match(part, denied=not denied))
        case Words(field) | Token(field) if field in _OF_CONTENT:
            return Not(Everything()) if denied else Everything()
        case Near(left) if left.field in _OF_CONTENT:
            return Not(Everything()) if denied else Everything()
        case _:
            return tree


def sums(reader: Reader, tree: Tree, within: Tree) -> Sums:
    """Count all captures of `within`, each of the three by a query of its own."""
    searchers = reader.searchers()
    all_, hit, unsure = compiled(within), compiled(And((within, tree))), _unsure(tree, within)
    rest = tantivy.Query.boolean_query([(tantivy.Occur.Must, all_), (tantivy.Occur.MustNot, hit), (tantivy.Occur.MustNot, unsure)])
    return Sums(_count(searchers, hit), _count(searchers, unsure), _count(searchers, rest))


def unsearchable(reader: Reader, tree: Tree, within: Tree) -> list[Listed]:
    """The captures that do not match and might, oldest first."""
    query = _unsure(tree, within)
    return sorted((int(f.key[1]), int(f.key[2])) for searcher in reader.searchers() for f in everything(searcher, query))


def _count(searchers: list[tantivy.Searcher], query: tantivy.Query) -> int:
    return sum(each(lambda searcher: counted(searcher, query), searchers))


def _unsure(tree: Tree, within: Tree) -> tantivy.Query:
    unread = tantivy.Query.boolean_query(
        [(tantivy.Occur.Should, query) for query in (column("unreadable", 1, LARGEST), *(still(kind) for kind in WAITING))]
    )
    return both(compiled(And((within, might_match(tree), Not(tree)))), unread)
