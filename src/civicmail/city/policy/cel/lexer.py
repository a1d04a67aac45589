"""The words of an expression. Literals are those of CEL that rules need: whole numbers, text in quotes, true and false."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from civicmail.city.policy.errors import BadExpression

MAX_CHARACTERS = 20_000
Kind = Literal["name", "int", "text", "sign", "end"]
_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<int>[0-9]+)
      | (?P<text>"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*')
      | (?P<sign>&&|\|\||==|!=|<=|>=|[!<>()\[\],.+-])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\?\"'`])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_MAX_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Token:
    """at: offset of its first character in the expression; value: of a literal, else its spelling."""

    kind: Kind
    value: str | int
    at: int


def tokenize(source: str) -> list[Token]:
    """The words of an expression, "end" last. Raises BadExpression."""
    if len(source) > MAX_CHARACTERS:
        raise BadExpression(f"it is longer than {MAX_CHARACTERS} characters", 0)
    result: list[Token] = []
    at = 0
    while at < len(source):
        word = _TOKEN.match(source, at)
        if word is None:
            open_text = source[at] in "\"'"
            raise BadExpression("the text is not closed" if open_text else f"{source[at]!r} means nothing here", at)
        match word.lastgroup:
            case "int":
                result.append(Token("int", _int(word[0], at), at))
            case "text":
                result.append(Token("text", _text(word[0][1:-1], at + 1), at))
            case "name":
                result.append(Token("name", word[0], at))
            case "sign":
                result.append(Token("sign", word[0], at))
        at = word.end()
    result.append(Token("end", "", len(source)))
    return result


def _int(digits: str, at: int) -> int:
    if len(digits) > 19 or int(digits) > _MAX_INT:
        raise BadExpression("the number is larger than 64 bits hold", at)
    return int(digits)


def _text(inner: str, at: int) -> str:
    """A text literal without its quotes, escapes replaced."""
    if "\\" not in inner:
        return inner

    def plain(match: re.Match[str]) -> str:
        simple, x, u, long, other = match.groups()
        if simple is not None:
            return _ESCAPED.get(simple, simple)
        if other is not None:
            raise BadExpression(f"there is no escape \\{other}; a backslash itself is written \\\\", at + match.start())
        code = int(x or u or long, 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise BadExpression("the escape is no character", at + match.start())
        return chr(code)

    return _ESCAPE.sub(plain, inner)
