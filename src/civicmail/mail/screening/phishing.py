"""Signs that are common in phishing and rare in honest mail, measured on public mail of both kinds (bench/phishing.py). A content
check for mail from outside.

No sign proves anything. A finding tells which sign it is and where; rules decide what the reader is told.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import unquote

from civicmail.city.policy.dispositions import Finding
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.screening import urls
from civicmail.mail.screening.companies import companies
from civicmail.mail.screening.domains import a_labels, is_domain
from civicmail.mail.screening.shapes import NOTHING, CheckResult, ContentCase
from civicmail.mail.screening.skeleton import shown
from civicmail.mail.screening.webservices import services

NAME = "phishing"
VERSION = 1

MASK = 120
LINKS = 300
"""Links that are checked; a phishing page's own are among the first."""
READERS = 20
TEXT = 20_000
STYLED, HIDDEN = 3, 3
"""Letters of a mathematical alphabet in a line; words with invisible characters in a text."""
PADDED = ((1_500, 2), (800, 8))
"""Characters that HTML hides, and the ratio to those it shows."""
SHORT = 80
"""Length of a text beside a picture that says nothing."""

_INVISIBLE = re.compile(r"[A-Za-z][\u034f\u180e\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]+(?=[A-Za-z])")
_IN_LINES = re.compile(r"[A-Za-z]\xad+(?=[A-Za-z])")  # in a text it says where a word may be parted
_STYLE = re.compile(r"[\u24b6-\u24e9\U0001d400-\U0001d7ff\U0001f130-\U0001f189]")
_NUMBERED = re.compile(r"(?:^|[.-])(?:\d{1,3}[.-]){3}\d{1,3}[.-]")
"""A provider's generated name for a rented address."""
_PICTURE = re.compile(rb"<img\b[^<>]{0,2000}?\bsrc\s*=\s*[\"']?\s*https?:", re.IGNORECASE)


services(), companies()  # their lists are read now: there are no files later


def find(case: ContentCase) -> CheckResult:
    """Fact phishing.signs: the codes of the findings, without duplicates."""
    if not case.request.inbound:
        return NOTHING
    findings = tuple({finding.code: finding for finding in _all(case)}.values())
    return CheckResult(findings, {"phishing.signs": tuple(finding.code for finding in findings)}) if findings else NOTHING


def _all(case: ContentCase) -> Iterator[Finding]:
    letter = case.letter
    yield from _of_author(case, letter)
    yield from _of_reader(case, letter)
    yield from _of_links(case, letter)
    yield from _of_letters(letter)
    yield from _of_text(letter)


def _of_author(case: ContentCase, message: ParsedMessage) -> Iterator[Finding]:
    """Signs in the author: a company's name, an address that nobody can answer, or a top-level domain that honest senders avoid."""
    if len(message.from_) != 1:
        return
    author = message.from_[0]
    domain = a_labels(author.domain)
    if not _is_anywhere(domain) or _STYLE.search(author.addr):
        yield _finding("nowhere", "from", author.addr)
    elif kind := services(case.request.web_services).kind(domain, ""):
        yield _finding(kind, "from", shown(domain))
    if name := companies(case.request.companies).borrowed(author.display, domain):
        yield _finding("company", "from", f"{name} {author.addr}")


def _is_anywhere(domain: str) -> bool:
    """Whether an answer can be delivered; a bracketed IP address counts (RFC 5321 4.1.3)."""
    return domain.startswith("[") or (is_domain(domain) and urls.can_be(domain))


def _of_reader(case: ContentCase, message: ParsedMessage) -> Iterator[Finding]:
    """Signs that the reader's address was inserted: in subject or name, or behind a link for the page's script."""
    readers = [one for one in case.request.recipients[:READERS] if "@" in one]
    author = message.from_[0].addr.lower() if message.from_ else ""
    if not readers or author in readers:
        return
    for place, text in (("subject", message.subject), ("from", message.from_[0].display if message.from_ else "")):
        if "@" in text and any(one in text.lower() for one in readers):
            yield _finding("reader", place, next(one for one in readers if one in text.lower()))
            return
    if message.list_id:
        return
    for link in message.links[:LINKS]:
        if "#" in link.url and (one := _named(link.url.partition("#")[2], readers)):
            yield _finding("reader", link.part, one)
            return


def _named(fragment: str, readers: list[str]) -> str:
    """The reader whose address is in the URL fragment, plain or in base64, where only the page's script sees it."""
    plain = unquote(fragment)
    for one in readers:
        if one in plain.lower() or base64.b64encode(one.encode()).rstrip(b"=")[:-1].decode() in plain:
            return one
    return ""


def _of_links(case: ContentCase, message: ParsedMessage) -> Iterator[Finding]:
    """Links to services that hide who runs a page; each kind once."""
    listed, author = services(case.request.web_services), _author(message)
    kinds: dict[str, Finding] = {}
    for link in message.links[:LINKS]:
        place = urls.read(link.url)
        if place is None or not place.host or place.is_address or urls.registrable(place.host) == author:
            continue
        kind = listed.kind(place.host, link.url) or ("numbered" if _NUMBERED.search(place.host) else "")
        if kind and kind not in kinds:
            kinds[kind] = _finding(kind, link.part, shown(place.host))
    yield from kinds.values()


def _author(message: ParsedMessage) -> str:
    return urls.registrable(a_labels(message.from_[0].domain)) if message.from_ else ""


def _of_letters(message: ParsedMessage) -> Iterator[Finding]:
    """Words written so that a program reads something else than a person."""
    display = message.from_[0].display if message.from_ else ""
    for place, line in (("subject", message.subject), ("from", display)):
        if line.isascii():
            continue
        if len(_STYLE.findall(line)) >= STYLED or _INVISIBLE.search(line) or _IN_LINES.search(line):
            yield _finding("letters", place, line)
            return
    text = message.html_text[:TEXT] or message.text[:TEXT]
    if not text.isascii() and len(_INVISIBLE.findall(text)) >= HIDDEN:
        yield _finding("letters", "", "words with invisible signs")


def _of_text(message: ParsedMessage) -> Iterator[Finding]:
    """Much hidden text, or a picture instead of text: both are meant for filters."""
    seen = len(message.html_text.strip())
    hidden = len(message.hidden_text)
    if any(hidden >= least and hidden > times * seen for least, times in PADDED):
        yield _finding("padding", "", f"{hidden} characters hidden, {seen} shown")
    if message.links and seen < SHORT and len(message.text.strip()) < SHORT:
        page = next((part for part in message.parts if part.content_type == "text/html"), None)
        if page is not None and _PICTURE.search(page.content[:TEXT]):
            yield _finding("picture", page.path, f"a picture from elsewhere, {seen} characters")


def _finding(code: str, part: str, mask: str) -> Finding:
    return Finding(NAME, code, part=part, mask=mask[:MASK], version=VERSION)
