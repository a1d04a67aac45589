"""Operators of the search language: name -> reader of its value.

A reader gets one Value and answers a Tree, or None where the value has no letter and no digit; it raises QueryError with the
place and one sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Literal

from civicmail.core.config.sentence import sentence
from civicmail.core.query import values
from civicmail.core.query.errors import QueryError
from civicmail.core.query.fold import LONGEST, exact, tokens
from civicmail.core.query.tree import ADDRESSES, EXACT, TEXTS, Digits, Everything, Near, Number, Or, Range, Text, Token, Tree, Words

FARTHEST = 50  # words of AROUND
FARTHEST_PHRASE = 20  # the index queries each distance between phrases separately
SHORTEST_ID = 12  # digits to which an identifier may be cut: fewer would fit several captures


@dataclass(frozen=True, slots=True)
class Value:
    """One word or phrase of the query. position: its start; operator: before it, "" for a free word."""

    text: str
    quoted: bool
    position: int
    operator: str
    now: datetime

    def wrong(self, expected: str, hint: str = "") -> QueryError:
        facts = {"operator": self.operator, "wanted": expected, "text": self.text, "at": self.position + 1}
        return QueryError(self.position, sentence("{operator}: needs {wanted}, not “{text}” (character {at}).", **facts), hint)


def words(value: Value, field: Text | Literal[""] = "") -> Tree | None:
    """A word, a phrase, or with a star at the end the beginning of one."""
    text, prefix = _star(value)
    word_list = tokens(text)
    if not word_list:
        if any(len(word) > LONGEST for word in text.split()):
            raise QueryError(
                value.position,
                sentence(
                    "The word at character {at} is longer than {most} characters; such words are not indexed.",
                    at=value.position + 1,
                    most=LONGEST,
                ),
            )
        if prefix and value.text == "*" and not value.operator:
            return Everything()
        return None
    return Words(field, word_list, prefix)


def free(value: Value) -> Tree | None:
    """A word without operator; an address also finds itself as a whole in the address fields."""
    tree = words(value)
    text, prefix = _star(value)
    if tree is None or value.quoted or "@" not in text.strip("@<>") or not (address := exact(text.strip("<>,;"))):
        return tree
    return Or((tree, *(Token(field, address, prefix) for field in ADDRESSES if field != "rcpt")))


def near(left: Value, right: Value, most: int, position: int) -> Near:
    """AROUND most, at position: words or phrases, both free or both of the operator before the left one."""
    at = {"most": most, "at": position + 1}
    if left.operator and (left.operator not in TEXTS or left.operator in EXACT):
        raise QueryError(
            position,
            sentence(
                "AROUND {most} at character {at} cannot stand behind {operator}:, which has no words.", **at, operator=left.operator
            ),
        )
    field: Text | Literal[""] = next((name for name in TEXTS if name == left.operator), "")
    match [words(value, field) for value in (left, right)]:
        case [Words() as one, Words() as other]:
            single = len(one.tokens) == len(other.tokens) == 1
        case _:
            raise QueryError(
                position, sentence("AROUND {most} at character {at} needs a word with letters or digits on each side.", **at)
            )
    farthest = FARTHEST if single else FARTHEST_PHRASE
    if not 1 <= most <= farthest:
        if single:
            message = sentence(
                "AROUND {most} at character {at}: the number between may be 1 to {farthest}.", **at, farthest=farthest
            )
        else:
            message = sentence(
                "AROUND {most} at character {at}: the number between may be 1 to {farthest} where one side is a phrase.",
                **at,
                farthest=farthest,
            )
        raise QueryError(position, message, f"AROUND {farthest}")
    return Near(one, other, most)


def _star(value: Value) -> tuple[str, bool]:
    """The text without a star at its end, and whether there was one."""
    text = value.text.rstrip() if value.quoted else value.text
    prefix = text.endswith("*")
    text = text[:-1] if prefix else text
    if (star := text.find("*")) >= 0:
        at = value.position + star + (1 if value.quoted else 0)
        raise QueryError(at, sentence("The * at character {at} may only stand at the end of a word.", at=at + 1))
    return text, prefix


def _text(field: Text) -> Callable[[Value], Tree | None]:
    return lambda value: words(value, field)


def _address(field: Text) -> Callable[[Value], Tree | None]:
    """ann@x.example whole, @x.example or x.example the domain, ann.lee or ann@ a local part, ann a word, "ann lee" a phrase."""

    def read(value: Value) -> Tree | None:
        text, prefix = _star(value)
        token = exact(text.strip("<>,;"))
        if value.quoted or not ("@" in token or "." in token.strip(".")):
            return words(value, field)
        if "@" in token:
            return Token(field, token, prefix)
        if prefix:
            return Or((Token(field, "@" + token, True), Token(field, token, True)))
        return Or((Token(field, "@" + token), Token(field, token + "@")))

    return read


def _identifier(value: Value) -> Tree | None:
    text, prefix = _star(value)
    if not (token := exact(text.strip().removeprefix("<").removesuffix(">"))):
        raise value.wrong(sentence("a Message-ID"))
    return Token("messageid", token, prefix)


def _thread(value: Value) -> Tree | None:
    if not (token := exact(value.text.strip().removeprefix("<").removesuffix(">"))):
        raise value.wrong(sentence("a Message-ID, a capture id or a SHA-256"))
    return Token("thread", token)


def _filetype(value: Value) -> Tree | None:
    text, prefix = _star(value)
    if not (token := exact(text.strip().removeprefix("."))):
        raise value.wrong(sentence("a file type such as pdf or image/png"))
    return Token("filetype", token, prefix)


def _hexadecimal(value: Value) -> str:
    digits = value.text.removesuffix("*").replace("-", "").lower()
    if not SHORTEST_ID <= len(digits) <= 64 or any(c not in "0123456789abcdef" for c in digits):
        raise value.wrong(sentence("{least} to 64 hexadecimal digits", least=SHORTEST_ID))
    return digits


def _id(value: Value) -> Tree | None:
    digits = _hexadecimal(value)
    return Or((Digits("id", digits), Digits("sha256", digits))) if len(digits) <= 32 else Digits("sha256", digits)


def _has(value: Value) -> Tree | None:
    if value.text.lower() in {"attachment", "attachments"}:
        return Range("attachments", 1)
    raise value.wrong(sentence("the word attachment"), "attachment")


def _is(value: Value) -> Tree | None:
    if value.text.lower() == "unreadable":
        return Range("unreadable", 1)
    raise value.wrong(sentence("the word unreadable"), "unreadable")


def _number(field: Number, read: Callable[[Value], tuple[int | None, int | None]]) -> Callable[[Value], Tree | None]:
    def reader(value: Value) -> Tree | None:
        try:
            return Range(field, *read(value))
        except ValueError as error:
            raise value.wrong(error.args[0]) from None

    return reader


_before = _number("date", lambda v: (None, values.date(v.text)[0] - 1))
_after = _number("date", lambda v: (values.date(v.text)[0], None))

OPERATORS: dict[str, Callable[[Value], Tree | None]] = {
    "from": _address("from"),
    "to": _address("to"),
    "cc": _address("cc"),
    "bcc": _address("bcc"),
    "rcpt": _address("rcpt"),
    "subject": _text("subject"),
    "body": _text("body"),
    "attachment": _text("attachment"),
    "filename": _text("filename"),
    "filetype": _filetype,
    "has": _has,
    "is": _is,
    "larger": _number("size", lambda v: (values.size(v.text) + 1, None)),
    "smaller": _number("size", lambda v: (None, values.size(v.text) - 1)),
    "before": _before,
    "older": _before,
    "after": _after,
    "newer": _after,
    "on": _number("date", lambda v: values.date(v.text)),
    "date": _number("date", lambda v: values.dates(v.text)),
    "newer_than": _number("received", lambda v: (values.before_now(v.text, v.now), None)),
    "older_than": _number("received", lambda v: (None, values.before_now(v.text, v.now) - 1)),
    "list": _text("list"),
    "messageid": _identifier,
    "rfc822msgid": _identifier,
    "thread": _thread,
    "custodian": _text("custodian"),
    "folder": _text("folder"),
    "label": _text("folder"),
    "id": _id,
    "sha256": lambda value: Digits("sha256", _hexadecimal(value)),
}


def nearest(name: str) -> str:
    """The operator that a misspelt name may have meant, with its colon, or ""."""
    close = get_close_matches(name, OPERATORS, n=1, cutoff=0.6)
    return f"{close[0]}:" if close else ""
