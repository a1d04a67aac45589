"""Find the people with whom a person had mail: those to whom they wrote first, then those who wrote to them. Without Django.

They come from the index of the person's own mail, so nothing else is stored. No body is read, and mail that was withheld from the
person names nobody: neither spam nor phishing gets an address offered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from civicmail.core.query.fold import exact, tokens
from civicmail.core.query.scopes import sent_from
from civicmail.core.query.tree import And, Or, Text, Token, Tree, Words
from civicmail.desk.mailbox import scope
from civicmail.desk.mailbox.compose import NamedAddress
from civicmail.desk.mailbox.recipients import address_of
from civicmail.desk.mailbox.scope import OwnMail
from civicmail.mail.search.reader import Reader
from civicmail.mail.search.search import Hit, search

MAX_MESSAGES = 100
"""Messages of each direction that are looked at, the newest first."""
MAX_WORDS = 6
_PRINTED = re.compile(r"\A(?:(.*) )?<([^<>]+)>\Z", re.DOTALL)


def find(reader: Reader, mine: OwnMail, words: str) -> list[NamedAddress]:
    """Correspondents of whose name or address each of the words begins a part, the most frequent ones first."""
    terms = [word for word in words.split()[:MAX_WORDS] if tokens(word)]
    if not terms or not mine.boxes:
        return []
    written_to = And((sent_from(mine.addresses), _beginning("to", terms)))
    came_from = And((scope.received(mine), _beginning("from", terms)))
    names: dict[str, NamedAddress] = {}
    ranks = [_count(reader, tree, people, terms, names) for tree, people in ((written_to, _to), (came_from, _from))]
    own = {address for box in mine.boxes if box.kind == "own" for address in box.addresses}
    return [names[key] for key in dict.fromkeys(key for rank in ranks for key, _ in rank.most_common()) if key not in own]


def _count(
    reader: Reader, tree: Tree, people: Callable[[Hit], Iterable[str]], terms: list[str], names: dict[str, NamedAddress]
) -> Counter[str]:
    """How often each address occurs; `names` gets the newest name of each."""
    counts: Counter[str] = Counter()
    for hit in search(reader, tree, limit=MAX_MESSAGES, scored=False).hits:
        for named in filter(None, map(_named, people(hit))):
            if _fits(named, terms):
                key = named.address.lower()
                counts[key] += 1
                names.setdefault(key, named)
    return counts


def _beginning(field: Text, terms: list[str]) -> Tree:
    """Messages in whose field each of the words begins a word, an address or its domain."""
    return And(tuple(Or(tuple(_leaves(field, term))) for term in terms))


def _leaves(field: Text, term: str) -> Iterator[Tree]:
    if "@" in term:
        yield Token(field, exact(term), prefix=True)
    else:
        yield Words(field, tokens(term), prefix=True)
        yield Token(field, f"@{exact(term)}", prefix=True)


def _fits(named: NamedAddress, terms: list[str]) -> bool:
    """Whether it is this one of a message's people that the words are about."""
    begins = (*tokens(named.name), *tokens(named.address), exact(named.address))
    prefixes = [part for term in terms for part in ([exact(term)] if "@" in term else tokens(term))]
    return all(any(word.startswith(part) for word in begins) for part in prefixes)


def _to(hit: Hit) -> Iterable[str]:
    return hit.to


def _from(hit: Hit) -> Iterator[str]:
    yield hit.from_


def _named(printed: str) -> NamedAddress | None:
    """An address as the index stores it, with the name of its header; None for what mail cannot be sent to."""
    match = _PRINTED.match(printed)
    name, plain = (match[1] or "", match[2]) if match else ("", printed)
    address = address_of(plain)
    return NamedAddress(address, " ".join(name.split())) if address and "<" not in name else None
