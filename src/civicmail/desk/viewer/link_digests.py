"""The addresses that a message links to, by their SHA-256, for an approval that names some of them (P-22)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator

from civicmail.core.message import message_parser
from civicmail.core.message.model import ParsedMessage
from civicmail.desk.viewer import runs
from civicmail.desk.viewer.message_view import Run

MAX_URL = 2_000
"""Characters of an address, as the check counts it that holds it (screening/message_reader.py)."""


def links(content: bytes, digests: Collection[str]) -> dict[str, tuple[Run, ...]]:
    """SHA-256, hexadecimal, of the requested links -> the address, as text and never as a link."""
    addresses: dict[str, tuple[Run, ...]] = {}
    for url in _urls(message_parser.parse(content)):
        digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        if digest in digests:
            addresses[digest] = runs.runs_of(url)
    return addresses


def _urls(message: ParsedMessage) -> Iterator[str]:
    yield from (link.url[:MAX_URL] for link in message.links)
    for child in message.children:
        yield from _urls(child)
