"""The text path: a text that is set again from its surviving words."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import pdfa

from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotConverted, NotReleasable
from civicmail.core.redaction.gate import check
from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.text_path import text_pdf
from core.redaction.reading import by_pdfium, by_pdfminer, document, letters, over

NUMBER = "MKE-2026-00041-000009"
LABEL = "[1 · REDACTED §19.36(10)(a)]"


def _set(text: Document, *redactions: Redaction) -> ReleasedFile:
    return text_pdf(text, redactions, title="Message 7", lang="en", number=NUMBER)


@pytest.mark.rule("promise 9", "No redacted word is in the text of a released file, and no other word is lost.")
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_r22_no_redacted_word_survives_and_no_other_word_disappears(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60))
    words = [f"w{n}{data.draw(st.text('abcdefghäéßñжλ0123456789', max_size=8))}z" for n in range(count)]
    first = data.draw(st.integers(0, count - 1))
    last = data.draw(st.integers(first, count - 1))
    gaps = data.draw(st.lists(st.sampled_from((" ", "\n", "\n\n")), min_size=count, max_size=count))
    released = _set(document("".join(w + g for w, g in zip(words, gaps, strict=True))), over(first, last))
    kept = "".join(["Message 7", *words[:first], LABEL, *words[last + 1 :], NUMBER])
    assert letters(by_pdfium(released.content)) == letters(by_pdfminer(released.content)) == letters(kept)


def test_the_words_of_the_file_are_all_that_it_shows() -> None:
    released = _set(document("\n\n".join(["Dear Ann Lee of Wisconsin"] * 60)), over(1, 2), over(6, 6, number=2))
    assert released.pages == 2
    assert released.words[-2:] == (NUMBER, "MKE-2026-00041-000010")
    assert sorted(letters(by_pdfium(released.content))) == sorted(letters("".join(released.words)))


@pytest.mark.rule("promise 9", "The place of a redaction is the same for a short and for a long name.")
def test_box_width_reveals_no_name() -> None:
    short, long = (_set(document(f"from {name} here"), over(1, 2)) for name in ("Ann Lee", "Wilhelmina Abendroth-Oppenheimer"))
    assert short.content == long.content


@pytest.mark.rule("promise 9", "A released file has the same bytes each time, without a time and a random number.")
def test_bytes_are_reproducible() -> None:
    text = document("Dear Ann Lee of Wisconsin\n\nBye")
    assert _set(text, over(1, 2)).content == _set(text, over(1, 2)).content


def test_the_file_is_tagged_for_archives_and_screen_readers() -> None:
    released = _set(document("Dear Ann Lee"), over(1, 2))
    with pikepdf.open(BytesIO(released.content)) as file:
        assert file.Root.MarkInfo.Marked
        assert str(file.Root.Lang) == "en"
        assert file.Root.ViewerPreferences.DisplayDocTitle
        assert "/Info" not in file.trailer
        metadata = file.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"], metadata["pdfuaid:part"]) == ("2", "A", "1")
        assert metadata["dc:title"] == "Message 7"
    findings = pdfa.validate_written(BytesIO(released.content), "2b").findings
    assert {found.rule for found in findings} <= {"ISO_19005_2:6.6.2.3.1-1", "ISO_19005_2:6.6.4-3"}  # it knows no level A and no UA


@pytest.mark.rule("promise 9", "Markup in a message is text in a released file.")
def test_text_is_never_markup() -> None:
    text = '#eval("1") $x$ *bold* _it_ <label> @ref \\n // -- --- ... "quoted" [x] `raw` = heading https://city.example/#a'
    released = _set(document(text))
    assert letters(by_pdfium(released.content)) == letters("Message 7" + text + NUMBER)


@pytest.mark.parametrize("character", ["文", "\U0001f600", "\x01", "\ue000", "\ud83d"])
def test_a_character_without_a_glyph_is_spelled_and_does_not_disappear(character: str) -> None:
    released = _set(document(f"before x{character}y behind"))
    shown = by_pdfium(released.content)
    assert "before" in shown
    assert "behind" in shown
    assert letters(shown) == letters("".join(released.words))


def test_a_long_word_stays_on_the_page() -> None:
    released = _set(document("see https://city.example/" + "a1b2" * 100))
    with pikepdf.open(BytesIO(released.content)) as file:
        width = float(file.pages[0].MediaBox[2])
    page = pypdfium2.PdfDocument(released.content)[0]
    text = page.get_textpage()
    assert max(text.get_charbox(n)[2] for n in range(text.count_chars())) < width - 40


@pytest.mark.parametrize(
    "text", ["Dear حبيبي العربية 12 friend", "Dear Пётр Ильич", "Dear Γιώργος", "Kính gửi Nguyễn", "Nyob zoo Xyooj"]
)
def test_texts_of_other_scripts_pass_the_gate(text: str) -> None:
    released = _set(document(text), over(0))
    with pytest.raises(NotReleasable) as caught:
        check([released], ["abendroth"], ocr=None, balance=Balance(1, 1))
    assert [problem for problem in caught.value.problems if "OCR is not installed" not in problem] == []


def test_an_empty_text_is_a_page_with_its_title() -> None:
    assert letters(by_pdfium(_set(document("")).content)) == letters("Message 7" + NUMBER)


def test_a_number_without_digits_is_on_each_page() -> None:
    released = text_pdf(document("a"), (), title="T", lang="es", number="draft")
    assert released.words == ("T", "a", "draft")


def test_what_cannot_be_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civicmail.core.redaction.text_path.SECONDS", 0.0001)
    with pytest.raises(NotConverted, match="could not be set"):
        _set(document("word\n" * 200_000))
