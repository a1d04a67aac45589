"""The query tree, and the view of a capture that it is matched against.

Tree: Everything, And, Or, Not over the leaves Words, Near, Token, Range, Digits (identifiers) and Among (captures that are named
one by one). All are plain frozen values. View is one capture as the leaves see it: a dict of field name to folded text (see
fold.py) or number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

Text = Literal[
    "subject",
    "body",
    "attachment",
    "from",
    "to",
    "cc",
    "bcc",
    "rcpt",
    "filename",
    "filetype",
    "list",
    "messageid",
    "thread",
    "custodian",
    "folder",
    "sent",
    "source",
    "withheld",
    "mailfrom",
]
Number = Literal["received", "date", "size", "given", "attachments", "unreadable"]

FREE: tuple[Text, ...] = ("subject", "body", "attachment", "from", "to", "cc", "bcc", "filename")
ADDRESSES: tuple[Text, ...] = ("from", "to", "cc", "bcc", "rcpt")
EVIDENCE: tuple[Text, ...] = ("sent", "source", "withheld", "mailfrom")  # for scopes and traces: no operator uses them
EXACT: tuple[Text, ...] = ("filetype", "messageid", "thread", *EVIDENCE)  # only whole tokens, whose order has no meaning
TEXTS: tuple[Text, ...] = (*FREE, "rcpt", "filetype", "list", "messageid", "thread", "custodian", "folder", *EVIDENCE)
NUMBERS: tuple[Number, ...] = ("received", "date", "size", "given", "attachments", "unreadable")

View = TypedDict(
    "View",
    {
        "subject": str,
        "body": str,
        "attachment": str,
        "from": str,
        "to": str,
        "cc": str,
        "bcc": str,
        "rcpt": str,
        "filename": str,
        "filetype": str,
        "list": str,
        "messageid": str,
        "thread": str,
        "custodian": str,
        "folder": str,
        "sent": str,
        "source": str,
        "withheld": str,
        "mailfrom": str,
        "received": int,
        "date": int,
        "size": int,
        "given": int,
        "attachments": int,
        "unreadable": int,
        "id": str,
        "sha256": str,
    },
)
View.__doc__ = """One capture as a query sees it.

Texts hold folded tokens separated by spaces; address fields hold for each address the folded words of the display name, the
whole address, the words of the local part, "local@" and "@domain". Between two file names stands the token "|", which no query has;
custodian ends with the whole of itself as one token behind "=", which no query has either.
sent: address of the mailbox that sent it, by evidence and never by a header; source: the kind of door that it came by and "door",
nothing for an import; withheld: only where a copy was not given out when it came in: whose (addresses), what was done with it
("hold", "hold:ann@city.example"), and the id of the capture. thread: the Message-ID of the first message of the conversation, as
far as the capture itself names it. received, date: ms since 1970 UTC; size: bytes; given: without the fields that no recipient is
given; attachments: how many; unreadable: pieces that could not be read; id, sha256: lower-case hexadecimal digits. folder: where an
imported message lay.
"""


@dataclass(frozen=True, slots=True)
class Everything:
    """Every capture."""


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Tree


@dataclass(frozen=True, slots=True)
class Words:
    """These tokens adjacent in one field; field "" means any one of FREE. prefix: the last token is a prefix."""

    field: Text | Literal[""]
    tokens: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """Both in one field, in either order, with at most `most` tokens between the end of one and the start of the other. Both sides
    have the same field."""

    left: Words
    right: Words
    most: int


@dataclass(frozen=True, slots=True)
class Token:
    """One whole token, including punctuation (an address, a domain, an identifier). prefix: it is a prefix."""

    field: Text
    token: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """A number from low to high, both included; None leaves an end open."""

    field: Number
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Digits:
    """An identifier that begins with these lower-case hexadecimal digits."""

    field: Literal["id", "sha256"]
    digits: str


@dataclass(frozen=True, slots=True)
class Among:
    """One of these captures, by the 32 digits of its id. For labels; no operator uses it."""

    ids: frozenset[str]


Tree = Everything | And | Or | Not | Words | Near | Token | Range | Digits | Among
