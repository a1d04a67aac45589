"""The texts of a message in one spelling, part by part: subject, bodies, what HTML hides, files and their names, messages in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from civicmail.core.message import charsets, hypertext
from civicmail.core.message.shapes import Letter, Part
from civicmail.core.sandbox.errors import TOO_LARGE
from civicmail.mail.screening.confidential import attached, canonical
from civicmail.mail.screening.confidential.shapes import Text

SUBJECT, ELSEWHERE, NAME = "subject", "elsewhere", "name"
"""Where a part is named that is the subject, or what only some programs show; below a part, for the name of a file."""

_DEEPEST = 8
_TABLES = frozenset({"text/csv", "text/tab-separated-values"})


@dataclass(slots=True)
class Texts:
    """found: in order; unread: (part, why) of files that were not or not wholly read."""

    found: list[Text] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)


def of(letter: Letter, *, files: bool = True) -> Texts:
    """What the message says. files: its files are read, too."""
    texts = Texts()
    _letter(letter, "", texts, attached.Budget() if files else None, 0)
    return texts


def _letter(letter: Letter, above: str, texts: Texts, budget: attached.Budget | None, depth: int) -> None:
    if len(letter.text) > canonical.LONGEST or len(letter.html_text) > canonical.LONGEST:
        texts.unread.append((above, TOO_LARGE))
    if letter.subject:
        texts.found.append(canonical.of(f"{above}{SUBJECT}", letter.subject))
    if letter.elsewhere_text:
        texts.found.append(canonical.of(f"{above}{ELSEWHERE}", letter.elsewhere_text))
    files = {part.path for part in letter.attachments}
    opened = {child.part for child in letter.children if depth < _DEEPEST}
    for path, text in bodies(letter, files):
        if text:
            texts.found.append(canonical.of(f"{above}{path}", text))
    for part in letter.attachments:
        if any(map(str.isdigit, part.filename)):
            texts.found.append(canonical.of(f"{above}{part.path}/{NAME}", part.filename))
        if budget is not None and part.path not in opened:
            _file(part, above, texts, budget)
    for child in letter.children if depth < _DEEPEST else ():
        _letter(child, f"{above}{child.part}/", texts, budget, depth + 1)


def bodies(letter: Letter, files: set[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of what is shown as the message. Where there is one part of a kind the letter has its text already."""
    bodies = [part for part in letter.parts if part.path not in files and part.content_type.startswith("text/")]
    pages = [part for part in bodies if part.content_type == "text/html"]
    plain = [part for part in bodies if part.content_type != "text/html"]
    if len(plain) == 1:
        yield plain[0].path, letter.text or _decoded(plain[0])
    else:
        yield from ((part.path, _decoded(part)) for part in plain)
    if len(pages) == 1:
        yield pages[0].path, f"{letter.html_text}\n{letter.hidden_text}" if letter.hidden_text else letter.html_text
        return
    for part in pages:
        page = hypertext.read(_decoded(part))
        yield part.path, f"{page.visible}\n{page.hidden}" if page.hidden else page.visible


def _decoded(part: Part) -> str:
    return charsets.decode(part.content, part.charset)[0].replace("\r\n", "\n")


def _file(part: Part, above: str, texts: Texts, budget: attached.Budget) -> None:
    path = f"{above}{part.path}"
    if part.content_type.startswith("text/") and part.content_type != "text/html":
        if budget.takes(part.size):
            texts.found.append(canonical.of(path, _decoded(part), table=part.content_type in _TABLES))
        else:
            texts.unread.append((path, TOO_LARGE))
        return
    said, why = attached.read(part, budget)
    for text, table in said:
        if text:
            texts.found.append(canonical.of(path, text, table=table))
    if why:
        texts.unread.append((path, why))
