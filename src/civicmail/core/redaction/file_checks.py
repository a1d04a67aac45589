"""The checks of the release gate for one file: each yields a sentence for what it refuses.

A sentence names the file, the check and the place. It shows a mask of what was found, and never the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from civicmail.core.redaction import inspection
from civicmail.core.redaction.inspection import Finding, Inspection, Part
from civicmail.core.redaction.leaks import ForbiddenStrings
from civicmail.core.redaction.page_images import ENDS, JPEG, TIFF
from civicmail.core.redaction.page_ocr import PageOcr
from civicmail.core.redaction.sentences import SENTENCES
from civicmail.core.redaction.shapes import Box, ReleasedFile
from civicmail.core.redaction.text_difference import difference
from civicmail.core.sandbox import pool
from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.core.sandbox.service import Request

PDF, MAIL = "application/pdf", "message/rfc822"
DAT, OPT, XML = "text/x-concordance", "text/x-opticon", "application/xml"
TYPES = {
    PDF: (".pdf",),
    MAIL: (".eml",),
    "text/plain": (".txt",),
    "text/csv": (".csv",),
    "application/json": (".json",),
    TIFF: (ENDS[TIFF],),
    JPEG: (ENDS[JPEG],),
    DAT: (".dat",),
    OPT: (".opt",),
    XML: (".xml",),
}
"""Media type -> the ends of its names. Any other type is refused."""
SIGNS = {DAT: "\x14\xfe\xae"}
"""Media type -> signs between and around its fields, which are no text."""
_NAME = re.compile(r"(?!\.)(?:[^\W]|[ .,()+-]){1,200}")
_HASH = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})(?![0-9A-Za-z])")

Problems = Iterator[str]


@dataclass(frozen=True)
class Production:
    """What all checks know. hashes: SHA-256 of each file of the production, in hexadecimal. ocr: or what of it is missing."""

    forbidden: ForbiddenStrings
    hashes: frozenset[str]
    ocr: PageOcr | str


@dataclass(frozen=True)
class CheckedFile:
    """A file with what readers found in it; each reader reads once. number: from 1, of the files of the production."""

    number: int
    file: ReleasedFile
    production: Production

    @cached_property
    def label(self) -> str:
        """What the file is called in a sentence; a name that may itself be a leak is left out."""
        shown = _NAME.fullmatch(self.file.name) and not self.production.forbidden.find(self.file.name)
        return f"File {self.number} ({self.file.name})" if shown else f"File {self.number}"

    def says(self, sentence: str, page: int = 0) -> str:
        return f"{self.label}{f', page {page}' if page else ''}: {sentence}"

    @cached_property
    def inspection(self) -> Inspection:
        """Raises Unreadable."""
        if self.file.media_type == PDF:
            return self._ask(inspection.InspectPdf())
        if self.file.media_type in ENDS:
            return self._ask(inspection.InspectImage(self.file.media_type))
        if self.file.media_type == MAIL:
            return self._ask(inspection.InspectMail())
        return self._ask(inspection.InspectText(self.file.media_type == "text/csv", SIGNS.get(self.file.media_type, "")))

    @cached_property
    def engines(self) -> dict[str, list[str]]:
        """The text of each page of a PDF by two engines; of other files nothing. Raises Unreadable."""
        if self.file.media_type != PDF:
            return {}
        return {"pdfium": self._ask(inspection.ReadByPdfium()), "pdfminer.six": self._ask(inspection.ReadByPdfminer())}

    def boxes(self) -> list[Finding]:
        return self._ask(inspection.InspectBoxes(list(self.file.boxes))) if self.file.media_type == PDF else []

    def archival(self) -> list[Finding]:
        return self._ask(inspection.CheckArchival()) if self.file.media_type == PDF else []

    def _ask[Reply](self, request: Request[Reply]) -> Reply:
        return pool.shared(inspection.SERVICE).request(request, self.file.content, seconds=inspection.SECONDS)


def check_type(checked: CheckedFile) -> Problems:
    """The name and the type: only types that can be checked, and names without anything that a system may interpret."""
    file = checked.file
    if file.media_type not in TYPES:
        yield checked.says("it is of a type that cannot be checked.")
    elif not file.name.lower().endswith(TYPES[file.media_type]):
        yield checked.says("its name does not fit its type.")
    if not _NAME.fullmatch(file.name):
        yield checked.says("its name has characters that are not allowed.")


def check_objects(checked: CheckedFile) -> Problems:
    """(a) Only objects and parts on the list: one revision, no annotations, scripts, embedded files, layers or foreign metadata."""
    inspection = checked.inspection
    yield from _sentences(checked, inspection.findings)
    for attachment in inspection.attachments:
        if attachment.sha256 not in checked.production.hashes:
            yield checked.says("a file in it is none of the files of this production.")


def check_text(checked: CheckedFile) -> Problems:
    """(b) The text is that of the surviving words, no more and no less, by each of two engines."""
    words = checked.file.words
    engines = checked.engines or {"": [part.text for part in checked.inspection.texts]}
    for engine, texts in engines.items():
        changed = difference("\n".join(texts), words)
        by = f"the text that {engine} reads" if engine else "its text"
        pages = [number for number, text in enumerate(texts, 1) if engine and difference(text, words).unknown]
        if changed.unknown or changed.beyond:
            yield checked.says(f"{by} has {_count(changed.unknown, changed.beyond)} that did not survive.", *pages[:1])
        if changed.missing:
            yield checked.says(f"{by} lacks {changed.missing} letters or digits of the surviving words.")
    for part in checked.inspection.alternatives:
        changed = difference(part.text, words)
        if changed.unknown or changed.beyond:
            yield checked.says(f"{part.place} has {_count(changed.unknown, changed.beyond)} that did not survive.")


def check_forbidden(checked: CheckedFile) -> Problems:
    """(c) No forbidden string in the name, in the text, or anywhere else in the file; no hash of anything that is not released."""
    find = checked.production.forbidden.find
    yield from _masked(checked, "its name", find(checked.file.name))
    for part in _all_text(checked):
        text = part.text
        for digest in set(_HASH.findall(text)) if checked.file.media_type not in (PDF, MAIL) else ():
            if digest.lower() not in checked.production.hashes:
                yield checked.says(f"{part.place} has a hash of something that is not released.")
            text = text.replace(digest, " ")
        yield from _masked(checked, part.place, find(text))


def check_boxes(checked: CheckedFile) -> Problems:
    """(d) Each redacted place is below a burned box; each box is of one color, on its page, and no text is under it."""
    for page, source in checked.file.sources:
        if not any(page == on and _covers(box, source) for on, box in checked.file.boxes):
            yield checked.says("a redacted place has no box over it.", page + 1)
    if checked.file.boxes and checked.file.media_type != PDF:
        yield checked.says("it has boxes, but no pages.")
    yield from _sentences(checked, checked.boxes())


def _covers(box: Box, source: Box) -> bool:
    return box[0] <= source[0] and box[1] <= source[1] and box[2] >= source[2] and box[3] >= source[3]


def check_ocr(checked: CheckedFile) -> Problems:
    """(e) A person who looks at the pages or images, whichever way up, reads no forbidden string."""
    if checked.file.media_type not in (PDF, *ENDS):
        return
    ocr = checked.production.ocr
    if isinstance(ocr, str):
        yield checked.says(f"its pages cannot be checked, because {ocr} is not installed.")
        return
    count = 0
    for count, (text, why) in enumerate(ocr.read(checked.file), 1):
        if why:
            yield checked.says(f"OCR could not read it: {why}.", count)
        yield from _masked(checked, "OCR", checked.production.forbidden.find_in_ocr(text), count)
    if count != checked.inspection.pages:
        yield checked.says("OCR did not see all pages.")


def check_archival(checked: CheckedFile) -> Problems:
    """(f) PDF/A-2, and what a program can check of accessibility."""
    yield from _sentences(checked, checked.archival())


CHECKS: dict[str, Callable[[CheckedFile], Problems]] = {
    "type": check_type,
    "objects": check_objects,
    "text": check_text,
    "forbidden strings": check_forbidden,
    "boxes": check_boxes,
    "OCR": check_ocr,
    "PDF/A": check_archival,
}
"""Every check of a file, by the name that it has on a certificate."""


def problems_of(checked: CheckedFile) -> Problems:
    """Sentences of all checks. What cannot be read is refused."""
    wrong_type = list(check_type(checked))
    yield from wrong_type
    if wrong_type:
        yield from _masked(checked, "its name", checked.production.forbidden.find(checked.file.name))
        return
    for name, check in CHECKS.items():
        try:
            yield from check(checked)
        except Unreadable as error:
            yield checked.says(f"it could not be checked ({name}): {error.why}.")
            return


def _sentences(checked: CheckedFile, findings: Iterable[Finding]) -> Problems:
    for finding in findings:
        yield checked.says(SENTENCES.get(finding.code, CRASHED), finding.page)


def _masked(checked: CheckedFile, place: str, masks: Iterable[str], page: int = 0) -> Problems:
    for shape in masks:
        yield checked.says(f"{place} shows a forbidden string of the shape {shape}", page)


def _all_text(checked: CheckedFile) -> Iterator[Part]:
    inspection = checked.inspection
    for engine, pages in checked.engines.items():
        name = engine.partition(".")[0]
        yield from (Part(f"page {number} by {name}", text) for number, text in enumerate(pages, 1))
        yield Part(f"the text by {name}", "\n".join(pages))
    yield from (*inspection.texts, *inspection.other, *inspection.alternatives)
    yield from (Part("the name of an attached file", attachment.name) for attachment in inspection.attachments)


def _count(words: int, letters: int) -> str:
    return f"{words} words" if words else f"{letters} letters or digits"
