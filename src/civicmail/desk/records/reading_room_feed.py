"""The Atom feed of the public reading room (RFC 4287). Pure: the same publications give the same bytes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
EMPTY = "1970-01-01T00:00:00+00:00"
"""When a feed without entries was updated."""


@dataclass(frozen=True, slots=True)
class Entry:
    slug: str
    title: str
    summary: str
    published: datetime


def atom(entries: Sequence[Entry], *, title: str, author: str, domain: str, address: Callable[[str], str]) -> bytes:
    """The feed, newest first. domain: of the city, for identifiers that stay whatever the address is (RFC 4151); address: slug ->
    where it is, "" for the room itself."""
    feed = ET.Element("feed", xmlns=ATOM)
    _add(feed, "id", f"tag:{domain},2026:public-records")
    _add(feed, "title", title)
    ET.SubElement(feed, "link", href=address(""))
    ET.SubElement(ET.SubElement(feed, "author"), "name").text = author
    _add(feed, "updated", max(entries, key=lambda one: one.published).published.isoformat() if entries else EMPTY)
    for one in entries:
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", f"tag:{domain},2026:public-records/{one.slug}")
        _add(entry, "title", one.title)
        ET.SubElement(entry, "link", href=address(one.slug))
        _add(entry, "published", one.published.isoformat())
        _add(entry, "updated", one.published.isoformat())
        _add(entry, "summary", one.summary or one.title)
    ET.indent(feed)
    content: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
