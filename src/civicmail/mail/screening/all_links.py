"""The links of a message that are checked: in its text, in attached messages and in HTML files. Pure, and loads no native
reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from civicmail.core.message import links as written
from civicmail.core.message.model import Link, ParsedMessage

MAX_LINKS = 20_000
"""Links of a message that are checked, including those of attached messages."""
FILE = 512 << 10
"""Bytes of HTML files that are searched for links."""
_NAMESPACES = ("http://www.w3.org/", "http://schemas.")
"""XML namespaces in HTML files, which nobody follows."""


def family(message: ParsedMessage) -> Iterator[ParsedMessage]:
    """It and those in it."""
    yield message
    for child in message.children:
        yield from family(child)


def in_message(message: ParsedMessage, most: int | None = None) -> Iterator[Link]:
    """All links that are checked: in the text, in attached messages and in HTML files. most: the limit, or one more to find out
    whether there are more."""
    return islice(_all(message), MAX_LINKS if most is None else most)


def _all(message: ParsedMessage) -> Iterator[Link]:
    for one in family(message):
        yield from one.links
        yield from _in_files(one)


def _in_files(message: ParsedMessage) -> Iterator[Link]:
    """Of HTML that is attached: what it would open or post to, also by script."""
    for part in message.attachments:
        if part.content_type in ("text/html", "application/xhtml+xml") or part.filename.lower().endswith(
            (".htm", ".html", ".shtml")
        ):
            for url in written.in_text(part.content[:FILE].decode("utf-8", "replace")):
                if not url.startswith(_NAMESPACES):
                    yield Link(url, "", part.path)
