"""A list of phrases as one automaton of RE2: linear in the text, and nothing that a text could make slow."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Literal

import re2

WORDS = "use-words"
"""The name of the content check, under which the combined check gets its results."""

Kind = Literal["campaign", "commercial", "severe", "infringement", "exempt"]
KINDS: tuple[Kind, ...] = ("campaign", "commercial", "severe", "infringement", "exempt")
_MEMORY = 64 << 20
_MANY = r"\S{1,40}(?:\s{1,4}\S{1,40}){0,2}"
_PIECE = re.compile(r"\s+|[()|*?]|[^\s()|*?]+")
_SIGNS = {"(": "(?:", ")": ")", "|": "|", "?": "?", "*": _MANY}


@dataclass(frozen=True, slots=True)
class Phrase:
    """words: as in the list. marker: a signal of its own; threat: is reported to people at once."""

    id: str
    words: str
    marker: bool = False
    threat: bool = False


@dataclass(frozen=True, slots=True)
class Phrases:
    """One list. hosts: words of domains (exempt.toml, infringement.toml)."""

    kind: Kind
    version: int
    phrases: tuple[Phrase, ...]
    hosts: tuple[str, ...] = ()
    automaton: Any = field(default=None, repr=False, compare=False)
    each: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    def hits(self, text: str) -> Iterator[tuple[Phrase, int, int]]:
        """The phrases in a text, each once, with its first place."""
        for number in sorted(self.automaton.Match(text.encode("utf-8", "replace")) or ()):
            match = self.each[number].search(text)
            if match is not None:
                yield self.phrases[number], match.start(), match.end()


def pattern(words: str) -> str:
    """The pattern of a phrase: whole words, in any case, with any white space between them. Raises ValueError for an unclosed
    "("."""
    if words.count("(") != words.count(")"):
        raise ValueError(f"a ( stays open in: {words}")
    made = "".join(_SIGNS.get(piece) or (r"\s{1,4}" if piece.isspace() else re2.escape(piece)) for piece in _PIECE.findall(words))
    return rf"(?i)(?:^|[^\w]){made}(?:[^\w]|$)"


def load(kind: Kind) -> Phrases:
    """Load a list of the package. Raises ValueError and KeyError if it is not well-formed."""
    return read(kind, tomllib.loads(files("civicmail.mail.screening.use").joinpath(f"lists/{kind}.toml").read_text("utf-8")))


def read(kind: Kind, plain: dict[str, Any]) -> Phrases:
    """plain: the file, parsed."""
    listed = tuple(Phrase(p["id"], p["words"], p.get("marker", False), p.get("threat", False)) for p in plain["phrase"])
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    automaton = re2.Set.SearchSet(options)
    for phrase in listed:
        automaton.Add(pattern(phrase.words))
    automaton.Compile()
    each = tuple(re2.compile(pattern(phrase.words), options) for phrase in listed)
    return Phrases(kind, plain["version"], listed, tuple(plain.get("hosts", ())), automaton, each)


LISTS: dict[Kind, Phrases] = {kind: load(kind) for kind in KINDS}
