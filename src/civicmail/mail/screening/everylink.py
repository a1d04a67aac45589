"""Which links of a message are looked at: of its letter, of those in it, and of HTML files. Pure, and loads no native reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from civicmail.core.message import links as written
from civicmail.core.message.shapes import Letter, Link

MOST = 20_000
"""Links of a message that are looked at, with those of the letters in it."""
FILE = 512 << 10
"""Bytes of HTML files in which links are looked for."""
_NAMESPACES = ("http://www.w3.org/", "http://schemas.")
"""What HTML files name and nobody follows."""


def family(letter: Letter) -> Iterator[Letter]:
    """It and those in it."""
    yield letter
    for child in letter.children:
        yield from family(child)


def every(letter: Letter, most: int | None = None) -> Iterator[Link]:
    """All links that are looked at: of the letter, of those in it, and of HTML files. most: MOST of them, or one more for whoever
    has to know whether there are."""
    return islice(_all(letter), MOST if most is None else most)


def _all(letter: Letter) -> Iterator[Link]:
    for one in family(letter):
        yield from one.links
        yield from _in_files(one)


def _in_files(letter: Letter) -> Iterator[Link]:
    """Of HTML that is attached: what it would open or post to, also by script."""
    for part in letter.attachments:
        if part.content_type in ("text/html", "application/xhtml+xml") or part.filename.lower().endswith(
            (".htm", ".html", ".shtml")
        ):
            for url in written.in_text(part.content[:FILE].decode("utf-8", "replace")):
                if not url.startswith(_NAMESPACES):
                    yield Link(url, "", part.path)
