"""Every byte of a released PDF belongs to an object or to its one table."""

from __future__ import annotations

import io

import pikepdf
import pytest

from civicmail.core.redaction.inspection import InspectPdf
from civicmail.core.redaction.pdf_layout import layout_problem
from civicmail.core.redaction.pdf_objects import inspect_pdf
from core.redaction import pdfs
from core.redaction.test_gate import SPOILED_BYTES, SPOILED_OBJECTS, TEXT


def problem(content: bytes) -> str:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return layout_problem(content, pdf)


def test_what_our_writers_make_is_regular() -> None:
    text = pdfs.set_text(TEXT)
    assert problem(text) == problem(pdfs.set_picture()) == problem(pdfs.changed(text, lambda _: None)) == ""
    with pikepdf.open(io.BytesIO(text)) as pdf:
        held = io.BytesIO()
        pdf.save(held, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert problem(held.getvalue()) == "hidden-bytes", "objects in a stream cannot be seen from outside"


@pytest.mark.rule("promise 9", "A PDF with bytes between or behind its objects is not released.")
@pytest.mark.parametrize("name", sorted(set(SPOILED_BYTES) - {"bytes before the beginning"}))
def test_r22_bytes_of_no_object_are_noticed(name: str) -> None:
    assert problem(SPOILED_BYTES[name](pdfs.set_text(TEXT))) in ("hidden-bytes", "old-revisions")


@pytest.mark.parametrize("name", SPOILED_OBJECTS)
def test_r22_an_object_that_is_not_on_the_list_is_noticed(name: str) -> None:
    change, _ = SPOILED_OBJECTS[name]
    spoiled = pdfs.changed(pdfs.set_text(TEXT), change)
    assert inspect_pdf(spoiled, InspectPdf()).findings
    assert not inspect_pdf(pdfs.set_text(TEXT), InspectPdf()).findings
