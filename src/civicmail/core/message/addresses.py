"""Parse address fields: RFC 5322 3.4, the obsolete forms of 4.4, and what senders write instead.

Comments, groups, routes, quoted local parts, missing angle brackets, semicolons between addresses, raw 8-bit and encoded words in
wrong places are accepted. Encoded words are decoded after the structure is determined, so that no word can introduce an address.
"""

from __future__ import annotations

import re
from functools import lru_cache

from civicmail.core.message import encoded_words, limits
from civicmail.core.message.model import Address

_ATOM = r"[^\s<>@\",;:\\()\[\]]+"
_SIMPLE = re.compile(
    rf"\s*+(?:(?:\"([^\"\\<>]*+)\"|([^<>@\",;:\\()\[\]]*+))\s*+<({_ATOM})@([A-Za-z0-9.-]++)>|({_ATOM})@([A-Za-z0-9.-]++))\s*+(?:,|\Z)"
)
_TOKEN = re.compile(
    r'"((?:[^"\\]++|\\.)*+)(?:"|\\?\Z)|\[([^\[\]]*+)\]?|\(|\\.|[<>@,;:\])\\]|\s++|[^\s<>@",;:\\()\[\]]++',
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_WITHIN_LOCAL = re.compile(r"[@\s<>,;\x00-\x1f]")
_WITHIN = re.compile(r"([^\s<>@\",;:()]+)@([^\s<>@\",;:()]+)")


def parse(value: str) -> tuple[Address, ...]:
    """The mailboxes of an unfolded field value whose encoded words are not decoded yet; empty groups give none. Never raises."""
    return _remembered(value) if len(value) <= _REMEMBER else _parse(value)


def _parse(value: str) -> tuple[Address, ...]:
    parsed: list[Address] = []
    at, end = 0, len(value)
    while at < end and len(parsed) < limits.ADDRESSES:
        match = _SIMPLE.match(value, at)
        if match is None:
            return tuple((parsed + _Reader(value[at:]).read())[: limits.ADDRESSES])
        quoted, phrase, local, domain, bare, bare_domain = match.groups()
        display = quoted or phrase or ""
        domain = (domain or bare_domain).lower().rstrip(".")
        parsed.append(Address(_display(display) if display else "", _word(local or bare), domain))
        at = match.end()
    return tuple(parsed)


# The same people write again and again; long lists are not worth the memory.
_REMEMBER = 512
_remembered = lru_cache(maxsize=4096)(_parse)


def _display(words: str) -> str:
    words = encoded_words.words(words) if "=?" in words else words
    words = _CONTROL.sub(" ", words) if not words.isprintable() else words
    words = words.strip()
    return words[1:-1] if len(words) > 2 and words[0] == words[-1] == "'" else words


def _word(local: str) -> str:
    """A local part that is an encoded word is decoded, unless that would make another address of it."""
    if not local.startswith("=?"):
        return local
    decoded = encoded_words.words(local)
    return local if _WITHIN_LOCAL.search(decoded) else decoded


class _Reader:
    """Reads an address list token by token; each kind of token has its place in one mailbox until a separator ends it."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.addresses: list[Address] = []
        self.in_group = False
        self.clear()

    def clear(self) -> None:
        self.phrase: list[str] = []
        self.angle: list[str] | None = None
        self.comments: list[str] = []
        self.closed = False
        self.before = 0
        self.quoted = False

    def read(self) -> list[Address]:
        at = 0
        while at < len(self.value) and len(self.addresses) < limits.ADDRESSES:
            match = _TOKEN.match(self.value, at)
            if match is None:  # cannot happen: the last alternatives cover every character
                break
            piece = match[0]
            at = match.end()
            if piece == "(":
                at = self.comment(at)
            elif match[1] is not None and (len(piece) == 1 or piece[-1] != '"'):
                at = match.start() + 1  # an unclosed quote is no quote; an address may follow it
            else:
                self.take(piece, match)
        self.flush()
        return self.addresses

    def comment(self, at: int) -> int:
        """Skip a comment with its nested ones; keep its words as a possible name. An open one ends with the value."""
        depth = 1
        for match in _PARENTHESIS.finditer(self.value, at):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0:
                self.comments.append(_QUOTED_PAIR.sub(r"\1", self.value[at : match.start()]))
                return match.end()
        return len(self.value)

    def take(self, piece: str, match: re.Match[str]) -> None:
        if piece in (",", ";") and not (self.angle and not self.closed and self.angle[-1:] and self.angle[0] == "@"):
            self.flush()
            if piece == ";":
                self.in_group = False
        elif piece == ":" and self.angle is None:
            # The text before the colon is a group's name (3.4) unless it contains an address.
            if "@" not in self.phrase:
                self.clear()
                self.in_group = True
        elif piece == ":" and self.angle is not None:
            self.angle.clear()  # the route of RFC 5322 4.4 ends here
        elif piece == "<":
            if self.angle and self.closed:  # a comma is missing between two mailboxes
                behind = self.phrase[self.before :]
                self.phrase = self.phrase[: self.before]
                self.flush()
                self.phrase = behind
            self.angle, self.closed = [], False
        elif piece == ">":
            self.closed, self.before = True, len(self.phrase)
        elif piece.isspace():
            if self.angle is None or self.closed:
                self.phrase.append(" ")
        else:
            word = _QUOTED_PAIR.sub(r"\1", match[1]) if match[1] is not None else piece
            self.quoted = self.quoted or match[1] is not None
            (self.phrase if self.angle is None or self.closed else self.angle).append(word)

    def flush(self) -> None:
        phrase, angle = self.phrase, self.angle
        comments, quoted = self.comments, self.quoted
        self.clear()
        if angle is not None and any(angle):
            self.add("".join(phrase), "".join(angle))
        elif "@" in phrase:
            self.bare(phrase, comments)
        elif words := "".join(phrase).strip():
            self.nameless(words, quoted)

    def bare(self, phrase: list[str], comments: list[str]) -> None:
        """An address without brackets: the words that touch the @; the rest is the name."""
        words = [part for part in phrase if part != " "]
        spaced = [at > 0 and phrase[at - 1] == " " for at, part in enumerate(phrase) if part != " "]
        left = right = len(words) - 1 - words[::-1].index("@")
        while left > 0 and (not spaced[left] or words[left] in ".@" or words[left - 1] == "."):
            left -= 1
        while right + 1 < len(words) and (not spaced[right + 1] or words[right] in ".@" or words[right + 1] == "."):
            right += 1
        address = "".join(words[left : right + 1])
        words = words[:left] + words[right + 1 :]
        self.add(" ".join(words or comments), address)

    def nameless(self, words: str, quoted: bool) -> None:
        """Words without an address: an encoded word that hides one, a local name, or half of "Last, First <a@b>"."""
        decoded = _display(words)
        if "=?" in words and (match := _WITHIN.search(decoded)):
            self.add(decoded[: match.start()].rstrip('<" ').lstrip('" '), match[0])
        elif " " in words or quoted or "=?" in words:
            self.addresses.append(Address(decoded, "", ""))
        else:
            self.addresses.append(Address("", decoded, ""))

    def add(self, display: str, address: str) -> None:
        local, _, domain = address.rpartition("@") if "@" in address else (address, "", "")
        display = _display(display)
        # "Last, First <a@b>": a name that a comma cut in two; its first half came as an entry without an address.
        if display and self.addresses and not self.addresses[-1].domain and not self.in_group:
            last = self.addresses.pop()
            display = f"{last.display or last.local}, {display}"
        self.addresses.append(Address(display, _word(local), domain.strip().rstrip(".").lower()))
