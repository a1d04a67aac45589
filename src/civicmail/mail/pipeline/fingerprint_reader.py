"""Compute fingerprints and tokens from the bytes of a message. Pure; runs only in sandboxed processes (fingerprints.py)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from civicmail.core.message import links, message_parser
from civicmail.core.message.header_scan import content_hash
from civicmail.core.message.model import ParsedMessage
from civicmail.core.query.fold import fold
from civicmail.mail.pipeline import user_reports
from civicmail.mail.pipeline.fingerprints import (
    MAX_HOSTS,
    MAX_LIST,
    MAX_TOKEN,
    MAX_WORD,
    MAX_WORDS,
    Fingerprint,
    ReadFingerprint,
    ReadReport,
    ReadTokens,
    ReportContent,
    SpellTokens,
    TokenNumbers,
    clean,
    clean_strings,
)
from civicmail.mail.screening import all_links, bands, tokens


def read_fingerprint(raw: bytes, request: ReadFingerprint) -> Fingerprint:
    return fingerprint_of(raw, request.domains)


def read_report(raw: bytes, request: ReadReport) -> ReportContent:
    return report_of(raw, request.domains)


def fingerprint_of(raw: bytes, domains: Collection[str] = ()) -> Fingerprint:
    """domains: the city's, whose hosts do not count."""
    return of_letter(message_parser.parse(raw), content_hash(raw), domains)


def of_letter(message: ParsedMessage, whole: bytes, domains: Collection[str] = ()) -> Fingerprint:
    """whole: digest for a message without words."""
    words = " ".join(tokens.text_of(message).split())
    text = hashlib.sha256(words.encode("utf-8", "replace") if words else whole).hexdigest()
    author = clean(message.from_[0].addr.lower()) if message.from_ else ""
    near = tuple(bands.compute(tokens.text_of(message)))
    hosts = frozenset(clean_strings(_hosts(message, domains), MAX_HOSTS))
    return Fingerprint(text, near, hosts, author, clean_strings(fold(message.subject).split(), MAX_WORDS))


def report_of(raw: bytes, domains: Collection[str] = ()) -> ReportContent:
    """The content of a report by mail."""
    message = message_parser.parse(raw)
    subject, text, numbers = user_reports.forwarded(message)
    return ReportContent(
        marks=_inside(message, raw, domains),
        ids=clean_strings(user_reports.attached_ids(message), user_reports.MAX_MESSAGES),
        links=tuple((clean(purpose), token[:MAX_TOKEN]) for purpose, token in user_reports.our_links(message)[:MAX_HOSTS]),
        numbers=clean_strings(numbers, MAX_HOSTS),
        subject=clean(subject),
        bands=tuple(bands.compute(text)),
        quotes=bool(text) and not message.children,
    )


def read_tokens(raw: bytes, _request: ReadTokens) -> TokenNumbers:
    message = message_parser.parse(raw)
    text = tokens.text_of(message)
    packed = tokens.pack(tokens.tokens(raw, message, text))
    return TokenNumbers(packed["counts"], packed["numbers"], tuple(bands.compute(text)), message.list_id[:MAX_LIST])


def spell_tokens(raw: bytes, _request: SpellTokens) -> dict[str, dict[int, str]]:
    families = tokens.spelled(raw, message_parser.parse(raw))
    return {family: {number: words[:MAX_WORD] for number, words in names.items()} for family, names in families.items()}


def _inside(message: ParsedMessage, raw: bytes, domains: Collection[str]) -> Fingerprint:
    """The fingerprint of the attached message, else of the report."""
    for child in message.children:
        return of_letter(child, content_hash(raw), domains)
    files = [part.content for part in message.attachments if part.filename.lower().endswith(".eml")]
    return fingerprint_of(files[0] if files else raw, domains)


def _hosts(message: ParsedMessage, domains: Collection[str]) -> list[str]:
    hosts = dict.fromkeys(links.real(link.url).host for link in all_links.in_message(message))
    return [host for host in hosts if host and "@" not in host and not _is_ours(host, domains)]


def _is_ours(host: str, domains: Collection[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)
