"""Resources below /dav/ and their properties (RFC 4918, 5397, 6352, 6578). Pure."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from civicmail.front.web.carddav.address_book import Book
from civicmail.front.web.carddav.cards import Card, Version
from civicmail.front.web.carddav.filters import COLLATIONS
from civicmail.front.web.carddav.xml import Values, card, cs, d, holding, linked

ROOT, PRINCIPAL, HOME, BOOK = "/dav/", "/dav/me/", "/dav/books/", "/dav/books/city/"
STATE = "urn:civicmail:book:"
DATA = card("address-data")
CARD_TYPE = "text/vcard; charset=utf-8"
MAX_BODY = 1 << 20
"""Bytes of a request, as max-resource-size says it."""


def href_of(entry: Card) -> str:
    return f"{BOOK}{entry.uid}.vcf"


def card_at(book: Book, path: str) -> Card | None:
    """The card at a path, or None."""
    name = path.removeprefix(BOOK)
    return book.cards.get(name.removesuffix(".vcf")) if name != path and name.endswith(".vcf") else None


def below(book: Book, path: str) -> Iterator[tuple[str, Values]] | None:
    """The resource at a path and its members, or None."""
    if path == BOOK:
        return _book(book)
    if (entry := card_at(book, path)) is not None:
        return iter([(path, of_card(entry))])
    rest = {ROOT: [PRINCIPAL, HOME], PRINCIPAL: [], HOME: [BOOK]}.get(path)
    return None if rest is None else ((child, _collection(book, child)) for child in (path, *rest))


def _book(book: Book) -> Iterator[tuple[str, Values]]:
    yield BOOK, _collection(book, BOOK)
    for entry in book.cards.values():
        yield href_of(entry), of_card(entry)


def of_card(entry: Card, version: Version | None = None) -> Values:
    """Properties of a card. version: of the card text, which only reports request."""
    values: dict[str, str | list[Element]] = {
        d("resourcetype"): "",
        d("getetag"): entry.etag,
        d("getcontenttype"): CARD_TYPE,
        d("displayname"): entry.entry.name,
        **_common(),
    }
    return values if version is None else {**values, DATA: entry.text(version)}


def _common() -> dict[str, str | list[Element]]:
    may = Element(d("privilege"))
    may.append(Element(d("read")))
    return {
        d("current-user-principal"): linked(PRINCIPAL),
        d("current-user-privilege-set"): [may],
        d("owner"): linked(PRINCIPAL),
    }


def _collection(book: Book, path: str) -> Values:
    kinds = {PRINCIPAL: [d("principal")], BOOK: [card("addressbook")]}.get(path, [])
    values: dict[str, str | list[Element]] = {d("resourcetype"): holding(d("collection"), *kinds), **_common()}
    if path == PRINCIPAL:
        own = {d("principal-URL"): linked(PRINCIPAL), card("addressbook-home-set"): linked(HOME)}
        values |= {d("displayname"): "Civicmail", **own}
    if path == BOOK:
        values |= _of_book(book)
    return values


def _of_book(book: Book) -> dict[str, str | list[Element]]:
    city = next(iter(book.cards.values())).city if book.cards else ""
    types = [Element(card("address-data-type"), {"content-type": "text/vcard", "version": v}) for v in ("3.0", "4.0")]
    reports = []
    for name in (card("addressbook-query"), card("addressbook-multiget"), d("sync-collection")):
        reports.append(report := Element(d("supported-report")))
        (inner := Element(d("report"))).append(Element(name))
        report.append(inner)
    collations = []
    for name in COLLATIONS:
        collations.append(element := Element(card("supported-collation")))
        element.text = name
    return {
        d("displayname"): city,
        card("addressbook-description"): "People, offices and lists of the city. Read only.",
        card("supported-address-data"): types,
        card("supported-collation-set"): collations,
        card("max-resource-size"): str(MAX_BODY),
        d("supported-report-set"): reports,
        d("sync-token"): f"{STATE}{book.tag}",
        cs("getctag"): book.tag,
    }
