"""Five hundred planted words: of the marked ones nothing survives in what is released, and of the others nothing is lost (R22)."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from functools import cache
from itertools import chain

import pikepdf
import pypdfium2
import pytest
from pdfminer.high_level import extract_text

from civicmail.core.redaction import gate
from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.forbidden import forbidden_strings
from civicmail.core.redaction.leaks import squeeze
from civicmail.core.redaction.native_path import native_eml
from civicmail.core.redaction.picture_path import picture_pdf
from civicmail.core.redaction.read import document_of
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.sheet_path import sheet_csv, sheet_pdf
from civicmail.core.redaction.text_path import text_pdf
from civicmail.core.sandbox.ocr import find_tesseract
from core.redaction import pdfs
from core.redaction.planted import Planted, planted
from tools import find_covered_text

CODE = "§19.36(10)(a)"
OCR_SCALE = 200 / 72
pytestmark = pytest.mark.neighbour("tesseract")


@dataclass(frozen=True, slots=True)
class Derived:
    """What a planted file became."""

    source: Planted
    files: tuple[ReleasedFile, ...]
    forbidden: frozenset[str]


@cache
def derived() -> tuple[Derived, ...]:
    """Each planted file, redacted and released in every way that its kind has."""
    return tuple(_derive(source, f"PR-2026-00041-{1000 * n:06}") for n, source in enumerate(planted(), 1))


def _derive(source: Planted, number: str) -> Derived:
    document = document_of(source.content, source.name, media_type=source.media_type, ocr=find_tesseract("eng"))
    redactions = _marked(document, source.marked)
    files: tuple[ReleasedFile, ...]
    if document.kind == "pages":
        files = (picture_pdf(source.content, document, redactions, title="Released", lang="en", number=number),)
    elif document.kind == "sheet":
        listed = sheet_pdf(document, redactions, title="Released", lang="en", number=number)
        files = (*sheet_csv(document, redactions, number=number), listed)
    else:
        files = (text_pdf(document, redactions, title="Released", lang="en", number=number),)
        if source.media_type == "message/rfc822":
            files = (*files, native_eml(document, redactions, number=number))
    return Derived(source, files, forbidden_strings(document, redactions))


def _marked(document: Document, marked: list[str]) -> list[Redaction]:
    """A redaction of each word that has a marked one in it."""
    found = [n for n, word in enumerate(document.words) if any(squeeze(m) in squeeze(word.text) for m in marked)]
    return [Redaction(number, CODE, n, n) for number, n in enumerate(found, 1)]


def everything(file: ReleasedFile) -> Iterator[str]:
    """What a released file says to anybody who looks, each part by itself; without any code of ours."""
    yield file.name
    yield file.content.decode("latin-1")
    if file.media_type == "message/rfc822":
        for part in message_from_bytes(file.content, policy=default).walk():
            yield from map(str, part.values())
            if not part.is_multipart():
                yield (part.get_payload(decode=True) or b"").decode("utf-8", "replace")  # type: ignore[union-attr]
    if file.media_type == "application/pdf":
        yield from chain(by_pdfium(file), [extract_text(io.BytesIO(file.content))], in_objects(file))


def by_pdfium(file: ReleasedFile) -> list[str]:
    with pypdfium2.PdfDocument(file.content) as document:
        return [page.get_textpage().get_text_range() for page in document]


def by_ocr(file: ReleasedFile) -> str:
    ocr = find_tesseract("eng")
    assert ocr is not None
    texts = []
    with pypdfium2.PdfDocument(file.content) as document:
        for page in document:
            held = io.BytesIO()
            page.render(scale=OCR_SCALE, grayscale=True).to_pil().save(held, "PNG")
            texts.append(ocr.words(held.getvalue())[0])
    return "\n".join(texts)


def in_objects(file: ReleasedFile) -> Iterator[str]:
    """Every stream and string of a PDF."""
    with pikepdf.open(io.BytesIO(file.content)) as pdf:
        for obj in pdf.objects:
            if isinstance(obj, pikepdf.Stream) and "/Width" not in obj:
                data = obj.read_bytes()
                yield data.decode("latin-1")
                yield data.decode("utf-16-be", "replace")
            elif isinstance(obj, pikepdf.Object):
                yield str(obj.unparse(), "latin-1") if isinstance(obj.unparse(), bytes) else str(obj)


def test_the_planted_words_are_five_hundred_and_in_sixty_places() -> None:
    words = [word for source in planted() for word in source.words]
    assert len(words) == len(set(words)) >= 500
    assert len({(source.name, place) for source in planted() for place in source.places}) >= 60
    for word in words:
        assert not any(word in other for other in words if other != word)


@pytest.mark.rule(
    "promise 9", "No planted word that was redacted or never shown is in any released byte, for any of three readers."
)
def test_r22_no_marked_word_survives_anywhere() -> None:
    for made in derived():
        gone = {squeeze(word) for word in (*made.source.marked, *made.source.unseen)}
        for file in made.files:
            said = squeeze("\n".join(everything(file)))
            assert [word for word in gone if word in said] == [], f"{made.source.name} became {file.name}"
            if file.media_type == "application/pdf":
                seen = squeeze(by_ocr(file))
                assert [word for word in gone if word in seen] == [], f"{made.source.name} became {file.name}"


@pytest.mark.rule("promise 9", "Every planted word that was not redacted is in what was released.")
def test_r22_every_unmarked_word_survives() -> None:
    for made in derived():
        for text in (*({"": ""} if not made.source.kept else {}), *(squeeze(_shown(file)) for file in made.files)):
            assert [word for word in made.source.kept if squeeze(word) not in text] == [], made.source.name


def _shown(file: ReleasedFile) -> str:
    if file.media_type == "application/pdf":
        return "".join(by_pdfium(file))
    return "".join(everything(file))


@pytest.mark.rule("promise 9", "A program that looks for text under boxes finds none in what is released.")
def test_r22_no_text_is_under_a_box() -> None:
    for made in derived():
        for file in made.files:
            if file.media_type == "application/pdf":
                assert find_covered_text.covered(file.content) == Counter(), made.source.name


def test_the_program_that_looks_for_covered_text_finds_it() -> None:
    """Manafort, 2019; white on white; a layer that says more than the picture."""
    box = b"#place(dx: 0pt, dy: -14pt, rect(width: 300pt, height: 20pt, fill: black))"
    assert find_covered_text.covered(pdfs.set_text("secret words", box))[1] == 11
    assert find_covered_text.covered(pdfs.set_text("", b'#text(fill: white, "secret")'))[1] == 6
    assert find_covered_text.covered(pdfs.set_picture(layer=(*pdfs.PLACED, ("secret", 160.0, 95.0))))[1] == 6
    assert find_covered_text.covered(pdfs.set_text("not secret")) == Counter()
    assert find_covered_text.covered(pdfs.set_picture()) == Counter()


def test_r22_the_planted_production_passes_the_gate() -> None:
    files = [file for made in derived() for file in made.files]
    forbidden = frozenset(chain.from_iterable(made.forbidden | set(made.source.unseen) for made in derived()))
    certificates = gate.check(files, forbidden, ocr=find_tesseract("eng"), balance=Balance(len(files), redacted=len(files)))
    assert len(certificates) == len(files) >= 14


def test_r22_the_planted_production_without_redactions_does_not_pass() -> None:
    """The gate sees each planted word that a reviewer forgot."""
    made = next(one for one in derived() if one.source.media_type == "text/plain")
    document = document_of(made.source.content, made.source.name, media_type=made.source.media_type)
    file = text_pdf(document, (), title="Released", lang="en", number="PR-1")
    with pytest.raises(gate.NotReleasable) as refused:
        gate.check([file], made.source.marked, ocr=find_tesseract("eng"), balance=Balance(1, redacted=1))
    assert any("page 1 by pdfminer" in problem for problem in refused.value.problems)
    assert any("OCR" in problem for problem in refused.value.problems)
