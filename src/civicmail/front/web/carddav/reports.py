"""WebDAV reports: addressbook-multiget, addressbook-query (RFC 6352 8.6, 8.7), sync-collection (RFC 6578). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from civicmail.front.web.carddav import resources
from civicmail.front.web.carddav.address_book import Book
from civicmail.front.web.carddav.cards import Card, Version
from civicmail.front.web.carddav.filters import NoSuchCollation, fits
from civicmail.front.web.carddav.xml import NotRead, card, d, gone, multistatus, problem, response

NOT_ALLOWED = 403


def run_report(book: Book, report: Element) -> tuple[int, bytes]:
    """Status and body. Raises NotRead."""
    try:
        match report.tag:
            case tag if tag == card("addressbook-multiget"):
                return 207, multistatus(_multiget(book, report))
            case tag if tag == card("addressbook-query"):
                return 207, multistatus(_query(book, report))
            case tag if tag == d("sync-collection"):
                return _sync(book, report)
    except NoSuchCollation:
        return NOT_ALLOWED, problem(card("supported-collation"))
    except LookupError:
        return NOT_ALLOWED, problem(card("supported-address-data"))
    return NOT_ALLOWED, problem(d("supported-report"))


def _multiget(book: Book, report: Element) -> Iterator[Element]:
    for element in report.findall(d("href")):
        href = (element.text or "").strip()
        entry = resources.card_at(book, unquote(urlsplit(href).path))
        yield gone(href) if entry is None else _response_for(entry, report, href)


def _query(book: Book, report: Element) -> Iterator[Element]:
    limit, count = _most(report), 0
    for entry in book.cards.values():
        if not fits(entry, report.find(card("filter"))):
            continue
        if limit is not None and count >= limit:
            yield gone(resources.BOOK, "507 Insufficient Storage")
            return
        count += 1
        yield _response_for(entry, report, resources.href_of(entry))


def _most(report: Element) -> int | None:
    text = (report.findtext(f"{card('limit')}/{card('nresults')}") or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotRead("nresults")
    return int(text)


def _sync(book: Book, report: Element) -> tuple[int, bytes]:
    """No former states are stored: a client with another token starts over by ETags (RFC 6578 3.2)."""
    token, now = (report.findtext(d("sync-token")) or "").strip(), f"{resources.STATE}{book.tag}"
    if token and token != now:
        return NOT_ALLOWED, problem(d("valid-sync-token"))
    cards = () if token else book.cards.values()
    return 207, multistatus([_response_for(entry, report, resources.href_of(entry)) for entry in cards], now)


def _response_for(entry: Card, report: Element, href: str) -> Element:
    prop = report.find(d("prop"))
    properties = None if prop is None else [property_.tag for property_ in prop]
    data = None if prop is None else prop.find(resources.DATA)
    return response(href, resources.of_card(entry, None if data is None else _version(data)), properties)


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
