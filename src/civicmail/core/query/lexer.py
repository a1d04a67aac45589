"""Split a query into lexemes with positions: parentheses, AND OR NOT and "-", AROUND n, operators, phrases, words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from civicmail.core.config.sentence import sentence
from civicmail.core.query.errors import QueryError
from civicmail.core.query.operators import OPERATORS

Kind = Literal["(", ")", "AND", "OR", "NOT", "AROUND", "operator", "phrase", "word", "end"]

LONGEST_QUERY = 32_768
_CONNECTIVES: dict[str, Kind] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
_QUOTES = str.maketrans("“”„", '"""')
_OPERATOR = re.compile(r"([A-Za-z][A-Za-z0-9_]*):([/\\]?)")
_WORD = re.compile(r'[^\s()"]+')
_AROUND = re.compile(r'AROUND(?:\s+(\d{1,6})|\s*\(\s*(\d{1,6})\s*\))(?![^\s()"])')
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Lexeme:
    """text: the operator's name in lower case, the words without quotes, or the number of AROUND; end: the offset behind it."""

    kind: Kind
    text: str
    position: int
    end: int


def lexemes(text: str) -> list[Lexeme]:
    """All words of a query and an "end"; raises QueryError for a quotation mark that is never closed."""
    if len(text) > LONGEST_QUERY:
        raise QueryError(
            LONGEST_QUERY,
            sentence("A query may have {most:,} characters; this one has {count:,}.", most=LONGEST_QUERY, count=len(text)),
        )
    text = text.translate(_QUOTES)
    result: list[Lexeme] = []
    at = _skip(text, 0)
    while at < len(text):
        lexeme = _next(text, at, value=bool(result) and result[-1].kind == "operator" and result[-1].end == at)
        result.append(lexeme)
        at = _skip(text, lexeme.end)
    result.append(Lexeme("end", "", len(text), len(text)))
    return result


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _next(text: str, at: int, *, value: bool) -> Lexeme:
    """The lexeme at `at`. value: it follows an operator directly, so it is taken literally."""
    character = text[at]
    if character in "()":
        return Lexeme("(" if character == "(" else ")", character, at, at + 1)
    if character == '"':
        close = text.find('"', at + 1)
        if close < 0:
            raise QueryError(at, sentence("The quotation mark at character {at} is never closed.", at=at + 1), '"')
        return Lexeme("phrase", text[at + 1 : close], at, close + 1)
    if character == "-" and not value and at + 1 < len(text) and not text[at + 1].isspace() and text[at + 1] not in ")-":
        return Lexeme("NOT", "-", at, at + 1)
    if not value and (around := _AROUND.match(text, at)):
        return Lexeme("AROUND", around[1] or around[2], at, around.end())
    operator = None if value else _OPERATOR.match(text, at)
    if operator and (operator[1].lower() in OPERATORS or not operator[2]):  # http://… and C:\\… are words
        return Lexeme("operator", operator[1].lower(), at, operator.end(1) + 1)
    word = _WORD.match(text, at)
    end = word.end() if word else at + 1
    content = text[at:end]
    return Lexeme("word" if value else _CONNECTIVES.get(content, "word"), content, at, end)
