"""The content check "use-words": phrases of the lists in the sender's own words, and their places. It decides nothing.

Only subject and text of insiders' mail are searched, without quotations: a person who forwards a resident's complaint did not say
it. License marks are also searched in files (P-13).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from civicmail.core.message.model import ParsedMessage, is_stray
from civicmail.mail.screening.confidential import canonical, texts
from civicmail.mail.screening.confidential.shapes import Text
from civicmail.mail.screening.confidential.texts import SUBJECT, bodies
from civicmail.mail.screening.shapes import NOTHING, CheckResult, ContentCase
from civicmail.mail.screening.use.phrases import LISTS, WORDS

NAME = WORDS
VERSION = 2
CHECKS = ("use",)
CHARACTERS = 200_000
"""Characters of a message that are searched; people write shorter texts."""

_QUOTED = re.compile(r"^[ \t]{0,3}>[^\n]*$", re.MULTILINE)
_OTHERS = re.compile(
    r"^(?:-{3,20} ?(?:Original Message|Forwarded message|Forwarded by)|_{20}|On [^\n]{10,200} wrote:\s*$|Begin forwarded message:"
    r"|From: [^\n]{3,200}\n(?:Sent|Date|To): )",
    re.MULTILINE,
)
"""Lines above quoted text."""


def find(case: ContentCase) -> CheckResult:
    """more: by list {phrase: [part, offset, length]}, with "directed": phrases of the severe list beside "you" in one sentence."""
    if case.request.inbound:
        return NOTHING
    hits: dict[str, Any] = {}
    for text in own(case.letter):
        for kind, listed in LISTS.items():
            for phrase, start, end in listed.hits(text.text):
                hits.setdefault(kind, {}).setdefault(phrase.id, [text.part, *text.place(start, end)])
                if kind == "severe" and _is_directed(text.text, start, end):
                    hits["directed"] = True
    for text in _in_files(case):
        for phrase, start, end in LISTS["infringement"].hits(text.text[:CHARACTERS]):
            hits.setdefault("infringement", {}).setdefault(phrase.id, [text.part, *text.place(start, end)])
    return CheckResult(more=hits) if hits else NOTHING


def _in_files(case: ContentCase) -> Iterator[Text]:
    """Texts of the attached files: a license mark is in the copy itself."""
    files = {part.path for part in case.letter.attachments} - {child.part for child in case.letter.children}
    if files:
        yield from (text for text in texts.shared(case).texts if text.part.partition("/")[0] in files)


def own(message: ParsedMessage) -> Iterator[Text]:
    """Subject and text as the sender wrote them, in one spelling. Where there are plain text and HTML, the plain text alone."""
    if message.subject:
        yield canonical.of(SUBJECT, message.subject)
    left = CHARACTERS
    texts = list(bodies(message, {part.path for part in message.attachments}))
    pages = {part.path for part in message.parts if part.content_type == "text/html"}
    plain = [one for one in texts if one[0] not in pages and one[1].strip()]
    is_there = any(not is_stray(path) for path, _ in plain)  # words around the parts stand for no HTML: nobody is shown them
    for path, text in plain if is_there else texts:
        yield canonical.of(path, _unquoted(text[:left]))
        left -= len(text)
        if left <= 0:
            return


def _unquoted(text: str) -> str:
    """The text up to where it quotes, with quoted lines blanked so that offsets stay."""
    others = _OTHERS.search(text)
    return _QUOTED.sub(lambda m: " " * len(m[0]), text[: others.start()] if others else text)


_YOU = re.compile(r"\b(?:you|your|you're|u r)\b", re.IGNORECASE)
_SENTENCE = 120


def _is_directed(text: str, start: int, end: int) -> bool:
    return _YOU.search(text, max(0, start - _SENTENCE), min(len(text), end + _SENTENCE)) is not None
