"""The reports of an address book: multiget and query (RFC 6352 8.6, 8.7), sync-collection (RFC 6578). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from civicmail.front.web.carddav import tree
from civicmail.front.web.carddav.book import Book
from civicmail.front.web.carddav.cards import Card, Version
from civicmail.front.web.carddav.filters import NoSuchCollation, fits
from civicmail.front.web.carddav.xml import NotRead, card, d, gone, multistatus, problem, response

NOT_ALLOWED = 403


def answered(book: Book, asked: Element) -> tuple[int, bytes]:
    """Status and body. Raises NotRead."""
    try:
        match asked.tag:
            case tag if tag == card("addressbook-multiget"):
                return 207, multistatus(_named(book, asked))
            case tag if tag == card("addressbook-query"):
                return 207, multistatus(_queried(book, asked))
            case tag if tag == d("sync-collection"):
                return _changed(book, asked)
    except NoSuchCollation:
        return NOT_ALLOWED, problem(card("supported-collation"))
    except LookupError:
        return NOT_ALLOWED, problem(card("supported-address-data"))
    return NOT_ALLOWED, problem(d("supported-report"))


def _named(book: Book, asked: Element) -> Iterator[Element]:
    for element in asked.findall(d("href")):
        href = (element.text or "").strip()
        found = tree.card_at(book, unquote(urlsplit(href).path))
        yield gone(href) if found is None else _of(found, asked, href)


def _queried(book: Book, asked: Element) -> Iterator[Element]:
    most, count = _most(asked), 0
    for found in book.cards.values():
        if not fits(found, asked.find(card("filter"))):
            continue
        if most is not None and count >= most:
            yield gone(tree.BOOK, "507 Insufficient Storage")
            return
        count += 1
        yield _of(found, asked, tree.place(found))


def _most(asked: Element) -> int | None:
    text = (asked.findtext(f"{card('limit')}/{card('nresults')}") or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotRead("nresults")
    return int(text)


def _changed(book: Book, asked: Element) -> tuple[int, bytes]:
    """Nothing is remembered of former states: whoever has another one than this begins anew (RFC 6578 3.2), by ETags."""
    token, now = (asked.findtext(d("sync-token")) or "").strip(), f"{tree.STATE}{book.tag}"
    if token and token != now:
        return NOT_ALLOWED, problem(d("valid-sync-token"))
    cards = () if token else book.cards.values()
    return 207, multistatus([_of(found, asked, tree.place(found)) for found in cards], now)


def _of(found: Card, asked: Element, href: str) -> Element:
    prop = asked.find(d("prop"))
    wanted = None if prop is None else [one.tag for one in prop]
    data = None if prop is None else prop.find(tree.DATA)
    return response(href, tree.of_card(found, None if data is None else _version(data)), wanted)


def _version(data: Element) -> Version:
    """Raises LookupError for a form that there is not."""
    if data.get("content-type", "text/vcard") != "text/vcard":
        raise LookupError
    match data.get("version", "3.0"):
        case "3.0":
            return "3.0"
        case "4.0":
            return "4.0"
    raise LookupError
