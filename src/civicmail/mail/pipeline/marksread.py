"""Marks out of the bytes of a message, and what the learner knows of it: what limited processes do (marksworker.py), and nobody
else. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from civicmail.core.message import links, message_parser
from civicmail.core.message.header_scan import content_hash
from civicmail.core.message.model import ParsedMessage
from civicmail.core.query.fold import fold
from civicmail.mail.pipeline import reported
from civicmail.mail.pipeline.marks import HOSTS_MOST, WORDS_MOST, Marks, Said, cut, strings
from civicmail.mail.screening import bands, everylink, tokens


def marks_of(raw: bytes, domains: Collection[str] = ()) -> Marks:
    """Of the bytes of a message. domains: of the city, whose hosts say nothing."""
    return of_letter(message_parser.parse(raw), content_hash(raw), domains)


def of_letter(message: ParsedMessage, whole: bytes, domains: Collection[str] = ()) -> Marks:
    """whole: digest for a message without words."""
    words = " ".join(tokens.text_of(message).split())
    text = hashlib.sha256(words.encode("utf-8", "replace") if words else whole).hexdigest()
    author = cut(message.from_[0].addr.lower()) if message.from_ else ""
    near = tuple(bands.of(tokens.text_of(message)))
    hosts = frozenset(strings(_hosts(message, domains), HOSTS_MOST))
    return Marks(text, near, hosts, author, strings(fold(message.subject).split(), WORDS_MOST))


def report_of(raw: bytes, domains: Collection[str] = ()) -> Said:
    """What a report by mail is about."""
    message = message_parser.parse(raw)
    subject, text, numbers = reported.forwarded(message)
    return Said(
        marks=_inside(message, raw, domains),
        ids=strings(reported.attached(message), reported.MOST),
        links=reported.links(message),
        numbers=numbers,
        subject=cut(subject),
        bands=tuple(bands.of(text)),
        quotes=bool(text) and not message.children,
    )


def numbers_of(raw: bytes) -> bytes:
    """Numbers and bands for the learner: a line of JSON, and the numbers as bytes behind it."""
    message = message_parser.parse(raw)
    text = tokens.text_of(message)
    packed = tokens.pack(tokens.tokens(raw, message, text))
    said = {"counts": packed["counts"], "bands": bands.of(text), "list": message.list_id[:255]}
    line, content = json.dumps(said).encode(), bytes(packed["numbers"])
    return line + b"\n" + content


def spelt_of(raw: bytes) -> bytes:
    """What each number stands for: {family: [[number, words]]}."""
    found = tokens.spelled(raw, message_parser.parse(raw))
    return json.dumps({family: list(names.items()) for family, names in found.items()}).encode()


def _inside(message: ParsedMessage, raw: bytes, domains: Collection[str]) -> Marks:
    """Of the message that is attached, else of the whole report."""
    for child in message.children:
        return of_letter(child, content_hash(raw), domains)
    files = [part.content for part in message.attachments if part.filename.lower().endswith(".eml")]
    return marks_of(files[0] if files else raw, domains)


def _hosts(message: ParsedMessage, domains: Collection[str]) -> list[str]:
    found = dict.fromkeys(links.real(link.url).host for link in everylink.every(message))
    return [host for host in found if host and "@" not in host and not _is_ours(host, domains)]


def _is_ours(host: str, domains: Collection[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
