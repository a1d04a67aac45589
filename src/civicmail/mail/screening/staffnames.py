"""Match the directory's names however others write them: order, initials, middle names, titles and lookalike letters do not
matter. Pure.

    people(snapshot, "REYES, Dana M. (Parks)")      the people who may be meant
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from civicmail.city.snapshot.from_header import is_hidden
from civicmail.city.snapshot.snapshot import Person, Snapshot
from civicmail.core.message.lookalike import skeleton

Key = tuple[str, str]
"""Two words of a name in alphabetical order, as skeletons; a longer name has several keys."""

LONGEST = 255
WORDS, SEGMENTS = 6, 6
_ADDRESS = re.compile(r"\S*@\S*")
_SEGMENT = re.compile(r"[()\[\]{}|/;\u2022\u00b7]+|\s(?:via|on behalf of|for|from|at|[\u2013\u2014-]+)\s", re.IGNORECASE)
"""Separators between a name and a department, a list or another name."""
_APART = re.compile(r"[\s.,:!\"\u201c\u201d_+*#<>-]+")
_BACKWARDS = "\u202e"
"""The text after it is shown from right to left."""
_QUIET = str.maketrans("", "", "'\u2019\u2018`\u00b4")
_BESIDE = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "hon", "honorable", "judge", "mayor",
    "deputy", "chief", "officer", "sgt", "sergeant", "lt", "lieutenant", "capt", "captain", "det", "detective", "cmdr",
    "commander", "director", "commissioner", "councilmember", "councilman", "councilwoman", "council", "member", "alder",
    "alderman", "alderwoman", "alderperson", "supervisor", "clerk", "treasurer", "attorney", "atty", "rev", "fr", "rabbi",
    "jr", "sr", "ii", "iii", "iv", "phd", "md", "jd", "esq", "cpa", "pe", "aia", "pmp", "mba", "mpa", "rn", "dds", "dvm",
    "fwd", "re", "the", "de", "del", "la", "las", "los", "der", "den", "ter", "da", "dos", "das", "di", "du", "le", "von",
    "van", "el", "al", "bin", "ibn", "y", "e",
})  # fmt: skip
"""Titles and particles that are optional."""
_GENERATIONS = frozenset(map(skeleton, ("jr", "sr", "ii", "iii", "iv", "junior", "senior")))


def words(name: str) -> tuple[str, ...]:
    """The words of a name as skeletons, in order, without titles and initials; "Family, Given" is reversed."""
    plain = name.translate(_QUIET)
    family, comma, given = plain.partition(",")
    if comma and _parts(given):
        plain = f"{given.replace(',', ' ')} {family}"
    return tuple(_parts(plain))[:WORDS]


def _parts(text: str) -> list[str]:
    every = [(look, word) for word in _APART.split(text) if (look := skeleton(word))]
    if len(every) > 3 and all(len(look) == 1 for look, _ in every):
        return [skeleton("".join(look for look, _ in every))]  # l i k e  t h i s
    long = [(look, word) for look, word in every if len(look) > 1]
    plain = [look for look, word in long if word.casefold() not in _BESIDE]
    return plain if len(plain) > 1 or len(long) < 2 else [look for look, _ in long]  # Quyên Le, Dean Judge


def _segments(name: str) -> list[str]:
    plain = _ADDRESS.sub(" ", visible(name))
    pieces = [piece for piece in _SEGMENT.split(plain) if piece.strip()][:SEGMENTS]
    return [*pieces, plain[::-1]] if _BACKWARDS in name[:LONGEST] else pieces


def visible(name: str) -> str:
    """The beginning of a name without invisible characters, which only hide it from matching (fromfield.is_hidden)."""
    name = name[:LONGEST]
    if name.isascii() and name.isprintable():
        return name
    plain = unicodedata.normalize("NFC", name)
    return "".join(" " if c in "\t\r\n\u2028\u2029" else c for c in plain if c in "\t\r\n\u2028\u2029" or not is_hidden(c))


def generation(name: str) -> frozenset[str]:
    """Jr, Sr, III: father and son are two people."""
    return frozenset(_GENERATIONS & set(map(skeleton, _APART.split(name[:LONGEST]))))


@lru_cache(maxsize=1 << 16)  # a large city has 20,000 names, and each is asked again with each new snapshot
def known_by(name: str) -> frozenset[Key]:
    """The keys of a directory name: the given name with each of the last two family names, and both in one word."""
    parts = words(visible(name))
    if len(parts) < 2:
        return frozenset(("", part) for part in parts)
    family = parts[1:][-2:]
    return frozenset({*(_key(parts[0], other) for other in family), *(("", skeleton(parts[0] + other)) for other in family)})


@lru_cache(maxsize=1 << 13)  # whoever writes to the city writes again
def lookup_keys(name: str) -> frozenset[Key]:
    """The keys to look up for a written name: in each segment, the first and the last word with every other word."""
    return frozenset(key for piece in _segments(name) for key in _lookup_keys(words(piece)))


def _lookup_keys(parts: tuple[str, ...]) -> Iterator[Key]:
    if len(parts) == 1:
        yield "", parts[0]
    for end in {0, len(parts) - 1} if parts else ():
        yield from (_key(parts[end], other) for at, other in enumerate(parts) if at != end)


def is_same(name: str, other: str) -> bool:
    """Whether two names may belong to one person; never for two generations."""
    return generation(name) == generation(other) and not lookup_keys(name).isdisjoint(known_by(other))


def _key(given: str, other: str) -> Key:
    return (given, other) if given < other else (other, given)


class Index:
    """The names of a snapshot by key. Updating to the next snapshot costs only its changes."""

    def __init__(self) -> None:
        self._named: Mapping[str, tuple[str, ...]] = {}
        self._keys: dict[Key, set[str]] = {}

    def from_snapshot(self, snapshot: Snapshot) -> Index:
        """Update the index to this snapshot."""
        named = snapshot.by_name
        if named is not self._named:
            for name in self._named.keys() - named.keys():
                for key in known_by(name):
                    self._keys[key].discard(name)
            for name in named.keys() - self._named.keys():
                for key in known_by(name):
                    self._keys.setdefault(key, set()).add(name)
            self._named = named
        return self

    def names(self, name: str) -> list[str]:
        """The directory names that a written name may mean."""
        return sorted({known for key in lookup_keys(name) for known in self._keys.get(key, ())})


_index, _indexing = Index(), threading.Lock()
"""Index of the latest snapshot: one in a process, used by several threads."""


def people(snapshot: Snapshot, name: str) -> tuple[Person, ...]:
    """The people whose name this may be, without machines."""
    with _indexing:
        names = _index.from_snapshot(snapshot).names(name)
    matches = (snapshot.people[id_] for known in names for id_ in snapshot.by_name[known])
    return tuple(person for person in matches if not person.machine)


def addresses_of(snapshot: Snapshot, people: Iterable[Person]) -> frozenset[str]:
    """The addresses from which these people send: city addresses and registered outside ones."""
    people = tuple(people)
    boxes = (snapshot.mailboxes.get(grant.mailbox) for person in people for grant in person.grants)
    here = {address for box in boxes if box is not None for address in (box.id, *box.addresses)}
    return frozenset(here.union(*(person.outside for person in people)))
