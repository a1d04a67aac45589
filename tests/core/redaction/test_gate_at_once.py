"""The gate checks several files at once, and says what it found in their order (R22)."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from civicmail.core.redaction import gate, page_ocr
from civicmail.core.sandbox.ocr import Ocr
from core.redaction import pdfs
from core.redaction.test_gate import BLIND, FORBIDDEN, NO_ITEMS


@dataclass(frozen=True, slots=True)
class TwoAtATime(Ocr):
    """Reads no page before two are there."""

    both: threading.Barrier | None = None

    def words_any_way_up(self, picture: bytes) -> tuple[str, str]:
        assert self.both is not None
        self.both.wait(60)
        return "", ""


def test_r22_pages_of_several_files_are_read_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file has one page, so one file after another would never give two."""
    monkeypatch.setattr(gate, "_AT_ONCE", 2)
    monkeypatch.setattr(page_ocr, "_PROCESSORS", 2)
    ocr = TwoAtATime("", "", finds_orientation=True, both=threading.Barrier(2))
    pair = [pdfs.text_file(), replace(pdfs.text_file(), name="copy.pdf")]
    assert [c.name for c in gate.check(pair, FORBIDDEN, ocr=ocr, balance=NO_ITEMS)] == ["letter.pdf", "copy.pdf"]


def test_r22_outcomes_come_in_the_order_of_the_files_and_a_gate_closes_while_it_checks() -> None:
    files = [replace(pdfs.text_file(), name=f"{number}.pdf") for number in range(1, 9)]
    files[1] = replace(files[1], words=("another",))
    with closing(gate.Gate([file.name for file in files], (), FORBIDDEN, ocr=BLIND)) as whole:
        outcomes = whole.check_files(enumerate(files, 1))
        first, second = next(outcomes), next(outcomes)
    assert first.certificate is not None and first.certificate.name == "1.pdf" and first.problems == []
    assert second.certificate is None and second.problems[0].startswith("File 2 (2.pdf), page 1: the text")
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(("gate", "ocr"))]
