"""Which links of a message are looked at: of its letter, of those in it, and of HTML files. Pure, and loads no native reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from civicmail.core.message import links as written
from civicmail.core.message.model import Link, ParsedMessage

MAX_LINKS = 20_000
"""Links of a message that are looked at, with those of the letters in it."""
FILE = 512 << 10
"""Bytes of HTML files in which links are looked for."""
_NAMESPACES = ("http://www.w3.org/", "http://schemas.")
"""What HTML files name and nobody follows."""


def family(message: ParsedMessage) -> Iterator[ParsedMessage]:
    """It and those in it."""
    yield message
    for child in message.children:
        yield from family(child)


def in_message(message: ParsedMessage, most: int | None = None) -> Iterator[Link]:
    """All links that are looked at: of the letter, of those in it, and of HTML files. most: MOST of them, or one more for whoever
    has to know whether there are."""
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
