"""The texts of a message in one spelling, part by part: subject, bodies, what HTML hides, files and their names, messages in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from civicmail.core.archives.errors import TOO_LARGE
from civicmail.core.filetype.identify import identify
from civicmail.core.message import charsets, html_text
from civicmail.core.message.model import ParsedMessage, Part
from civicmail.mail.screening.confidential import attachments, canonical
from civicmail.mail.screening.confidential.shapes import Text
from civicmail.mail.screening.shapes import ContentCase

SUBJECT, ELSEWHERE, NAME = "subject", "elsewhere", "name"
"""Where a part is named that is the subject, or what only some programs show; below a part, for the name of a file."""

MEMO = "texts"
FOLDED = canonical.LONGEST
"""Characters of a message that are brought into one spelling where it is not ASCII: a microsecond each."""
_DEEPEST = 8
_TABLES = frozenset({"text/csv", "text/tab-separated-values"})
_PLAIN = frozenset({"text", "html", "letter", "nothing", "unknown", "empty"})
"""Declared types of files that are read as text."""


@dataclass(slots=True)
class Texts:
    """found: in order; unread: (part, why) of files that were not completely read; pictures: how many may contain words; folded:
    non-ASCII characters of texts."""

    texts: list[Text] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    pictures: int = 0
    folded: int = 0

    def add(self, part: str, text: str, *, table: bool = False) -> None:
        """Add a file, to be read as far as it is text."""
        plain = text.isascii()
        self.folded += 0 if plain else len(text)
        fits = plain or self.folded <= FOLDED
        if text and fits:
            self.texts.append(canonical.of(part, text, table=table))
        if len(text) > canonical.LONGEST or not fits:
            self.unread.append((part, TOO_LARGE))


def shared(case: ContentCase) -> Texts:
    """The texts of the message, read once for all checks. Files of mail from outside are not read, because strangers' own data is
    not ours to protect before we have it."""
    if MEMO not in case.memo:
        case.memo[MEMO] = read(case.letter, inside=not case.request.inbound)
    texts: Texts = case.memo[MEMO]
    return texts


def read(message: ParsedMessage, *, inside: bool = True) -> Texts:
    """The texts of the message. inside: also read its files."""
    texts, budget = Texts(), attachments.Budget() if inside else None
    _letter(message, "", texts, budget, 0)
    texts.pictures = budget.pictures if budget is not None else 0
    return texts


def files(message: ParsedMessage, above: str = "", depth: int = 0) -> Iterator[tuple[str, Part]]:
    """The files of the message and of attached messages, each with its path."""
    opened = _opened(message, depth)
    yield from ((f"{above}{part.path}", part) for part in message.attachments if part.path not in opened)
    for child in message.children if depth < _DEEPEST else ():
        yield from files(child, f"{above}{child.part}/", depth + 1)


def _opened(message: ParsedMessage, depth: int) -> set[str]:
    """The parts that are read as messages."""
    return {child.part for child in message.children if depth < _DEEPEST}


def _letter(message: ParsedMessage, above: str, texts: Texts, budget: attachments.Budget | None, depth: int) -> None:
    texts.add(f"{above}{SUBJECT}", message.subject)
    texts.add(f"{above}{ELSEWHERE}", message.elsewhere_text)
    files = {part.path for part in message.attachments}
    opened = _opened(message, depth)
    for path, text in bodies(message, files):
        texts.add(f"{above}{path}", text)
    for part in message.attachments:
        if any(map(str.isdigit, part.filename)):
            texts.add(f"{above}{part.path}/{NAME}", part.filename)
        if budget is not None and part.path not in opened:
            _file(part, above, texts, budget)
    for child in message.children if depth < _DEEPEST else ():
        _letter(child, f"{above}{child.part}/", texts, budget, depth + 1)


def bodies(message: ParsedMessage, files: set[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of the displayed message. If there is one part of a kind, the parsed message already has its text."""
    bodies = [part for part in message.parts if part.path not in files and part.content_type.startswith("text/")]
    pages = [part for part in bodies if part.content_type == "text/html"]
    plain = [part for part in bodies if part.content_type != "text/html"]
    if len(plain) == 1:
        yield plain[0].path, message.text or _decoded(plain[0])
    else:
        yield from ((part.path, _decoded(part)) for part in plain)
    if len(pages) == 1:
        yield pages[0].path, f"{message.html_text}\n{message.hidden_text}" if message.hidden_text else message.html_text
        return
    for part in pages:
        page = html_text.read(_decoded(part))
        yield part.path, f"{page.visible}\n{page.hidden}" if page.hidden else page.visible


def _decoded(part: Part, content: bytes | None = None) -> str:
    """content: the beginning of it, where that is all that is read."""
    return charsets.decode(part.content if content is None else content, part.charset)[0].replace("\r\n", "\n")


def _file(part: Part, above: str, texts: Texts, budget: attachments.Budget) -> None:
    path = f"{above}{part.path}"
    if part.content_type.startswith("text/") and part.content_type != "text/html" and identify(part.content).reading in _PLAIN:
        content, why = budget.cut(part.content)
        text = _decoded(part, content)
        budget.characters -= len(text)
        texts_read = [(text, part.content_type in _TABLES)]
    else:
        texts_read, why = attachments.read(part, budget)
    for text, table in texts_read:
        texts.add(path, text, table=table)
    if why:
        texts.unread.append((path, why))
