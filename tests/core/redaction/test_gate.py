"""The release gate refuses every known failure of redaction, with a sentence that shows no secret (R22, promise 9)."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from civicmail.core.redaction import file_checks, gate
from civicmail.core.redaction.balance import Balance
from civicmail.core.redaction.errors import NotReleasable
from civicmail.core.redaction.shapes import ReleasedFile
from civicmail.core.sandbox.ocr import Ocr, find_tesseract
from core.redaction import pdfs
from core.redaction.pdfs import BOX, NUMBER, PLACED, SECRET, UNDER_BOX, WORDS

FORBIDDEN = (SECRET, NUMBER)
TEXT = " ".join(WORDS)
PICTURE = tuple(word for word, _, _ in PLACED)


@dataclass(frozen=True, slots=True)
class BlindOcr(Ocr):
    """Sees nothing: for leaks that another check must notice."""

    def words_any_way_up(self, picture: bytes) -> tuple[str, str]:
        assert picture.startswith(b"P5 ")
        return "", ""


BLIND = BlindOcr("", "", finds_orientation=True)
NO_ITEMS = Balance(0)


def refusals(*files: ReleasedFile, ocr: Ocr | None = BLIND, allowed: Sequence[str] = (), balance: Balance = NO_ITEMS) -> list[str]:
    """What the gate says about a production, without the names of files; [] where it passes."""
    try:
        gate.check(files, FORBIDDEN, allowed=allowed, ocr=ocr, balance=balance)
    except NotReleasable as error:
        for secret in FORBIDDEN:
            assert secret.lower() not in str(error).lower()
        return [problem.partition(": ")[2] or problem for problem in error.problems]
    return []


def plain(text: str, *, name: str = "log.txt", media_type: str = "text/plain", words: Sequence[str] | None = None) -> ReleasedFile:
    return ReleasedFile(name, media_type, text.encode(), tuple(words if words is not None else text.split()))


@pytest.mark.neighbour("tesseract")
@pytest.mark.rule("promise 9", "A production leaves only if every file passes every check of the release gate.")
def test_r22_a_production_as_it_should_be_passes_every_check() -> None:
    files = (pdfs.text_file(), pdfs.picture_file(), plain("Log of 2 redactions."))
    certificates = gate.check(files, FORBIDDEN, ocr=find_tesseract("eng"), balance=Balance(3, released_in_full=1, redacted=2))
    assert [c.name for c in certificates] == ["letter.pdf", "scan.pdf", "log.txt"]
    assert all(c.checks == (*file_checks.CHECKS, gate.BALANCE) for c in certificates)


@pytest.mark.rule("promise 9", "One refused file keeps back its whole production, and no sentence shows what was redacted.")
def test_r22_one_refused_file_keeps_back_the_whole_production() -> None:
    assert refusals(pdfs.text_file(), plain(f"about {SECRET}")) == ["the text shows a forbidden string of the shape xxxxxxxxx"]


# -- (a) objects -----------------------------------------------------------------------------------------------------------


def annotated(pdf: pikepdf.Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 9, 9]), Contents=String("note"))
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])


def scripted(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def with_form(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=Array([]))


def layered(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OCProperties = Dictionary(OCGs=Array([]))


def with_file(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["plan.txt"] = b"the whole plan"


def with_thumbnail(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Thumb = pdf.make_stream(b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1)


def with_author(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo.Author = String("Ann")


def with_foreign_metadata(pdf: pikepdf.Pdf) -> None:
    packet = pdf.Root.Metadata.read_bytes().replace(
        b"<x:xmpmeta ", b'<x:xmpmeta xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    )
    pdf.Root.Metadata.write(packet)


def with_private_data(pdf: pikepdf.Pdf) -> None:
    pdf.Root.PieceInfo = Dictionary(Word=Dictionary(Private=String("draft")))


def cropped(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.CropBox = Array([0, 0, 100, 100])


def with_outlined_letters(pdf: pikepdf.Pdf) -> None:
    drawn_over(b"0 0 m 10 10 20 20 30 0 c f")(pdf)


def with_drawn_font(pdf: pikepdf.Pdf) -> None:
    fonts = pdf.pages[0].obj.Resources.Font
    fonts.F9 = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type3))


def with_other_entry(pdf: pikepdf.Pdf) -> None:
    pdf.Root["/Draft"] = String("kept")


def see_through(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Resources["/ExtGState"] = Dictionary(g9=Dictionary(ca=0.95))


def drawn_over(content: bytes) -> pdfs.Change:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        page.obj.Contents = pdf.make_stream(page.obj.Contents.read_bytes() + b"\n" + content)

    return change


SPOILED_OBJECTS: dict[str, tuple[pdfs.Change, str]] = {
    "annotation": (annotated, "it has annotations."),
    "script": (scripted, "it has a script or another action."),
    "form": (with_form, "it has form fields."),
    "layer": (layered, "it has layers or hidden optional content."),
    "file": (with_file, "it has a tree of names, which may hold files and scripts."),
    "thumbnail": (with_thumbnail, "it has a thumbnail of a page."),
    "author": (with_author, "it has metadata that was not written by this program."),
    "foreign metadata": (with_foreign_metadata, "it has metadata that was not written by this program."),
    "private data": (with_private_data, "it has private data of another program."),
    "cropped": (cropped, "a page is larger than what is shown of it."),
    "letters as curves": (with_outlined_letters, "a page of text has pictures, curves or other drawings."),
    "letters as drawings": (with_drawn_font, "it has a font whose letters are drawings."),
    "unlisted entry": (with_other_entry, "it has an object or an entry that is not on the list."),
    "see-through": (see_through, "something is drawn that can be seen through."),
    "hidden text": (drawn_over(b"BT 3 Tr ET"), "a page has text in a mode that does not fit it."),
    "picture in the content": (
        drawn_over(b"BI /W 1 /H 1 /BPC 8 /CS /G ID \0 EI"),
        "a page has a picture in its content.",
    ),
}


@pytest.mark.rule("promise 9", "A released PDF has only objects that are on a list.")
@pytest.mark.parametrize("name", SPOILED_OBJECTS)
def test_r22_what_a_pdf_may_not_have_is_refused(name: str) -> None:
    change, sentence = SPOILED_OBJECTS[name]
    assert sentence in refusals(pdfs.text_file(pdfs.changed(pdfs.set_text(TEXT), change)))


def updated(content: bytes) -> bytes:
    """An incremental update: the old revision is still there."""
    trailer = content.rpartition(b"trailer")[2]
    again = content[content.index(b"1 0 obj") : content.index(b"endobj") + 7]
    added = content + b"\n" + again
    more = b"<</Prev %s" % trailer.split(b"startxref")[1].split()[0]
    table = b"xref\n1 1\n%010d 00000 n\r\ntrailer" % (len(content) + 1)
    return added + table + trailer.replace(b"<<", more, 1).split(b"startxref")[0] + b"startxref\n%d\n%%%%EOF\n" % len(added)


def with_comment(content: bytes) -> bytes:
    at = content.index(b"endobj\n") + 7
    return content[:at] + b"% the old text\n" + content[at:]


def with_comment_in_object(content: bytes) -> bytes:
    return content.replace(b"/Type/Pages", b"/Type%x\n/Pages", 1).replace(b"/Type /Pages", b"/Type%x\n/Pages", 1)


SPOILED_BYTES: dict[str, Callable[[bytes], bytes]] = {
    "old revision": updated,
    "comment": with_comment,
    "comment in an object": with_comment_in_object,
    "bytes behind the end": lambda content: content + b"\nthe old text",
    "bytes before the beginning": lambda content: b"the old text\n" + content,
    "an object that no table lists": lambda content: content.replace(b"xref\n0", b"99 0 obj\n(the old text)\nendobj\nxref\n0", 1),
}


@pytest.mark.rule("promise 9", "A released PDF has one revision, and no byte outside its objects.")
@pytest.mark.parametrize("name", SPOILED_BYTES)
def test_r22_bytes_that_no_reader_shows_are_refused(name: str) -> None:
    content = SPOILED_BYTES[name](pdfs.set_text(TEXT))
    found = refusals(pdfs.text_file(content))
    hidden = {"it has bytes that belong to no object.", "it has more than one revision.", "its structure has defects."}
    assert hidden & set(found) or any("could not be checked" in sentence for sentence in found), found


def test_r22_an_object_that_nothing_uses_is_refused() -> None:
    with pikepdf.open(io.BytesIO(pdfs.set_text(TEXT))) as pdf:
        number = len(pdf.objects) + 1
    content = pdfs.set_text(TEXT)
    at = content.rindex(b"xref\n0 ")
    unused = b"%d 0 obj\n(the old text)\nendobj\n" % number
    table, _, rest = content[at:].partition(b"trailer")
    table = table.replace(b"0 %d" % number, b"0 %d" % (number + 1), 1) + b"%010d 00000 n \n" % at
    trailer = rest.replace(b"/Size %d" % number, b"/Size %d" % (number + 1), 1)
    trailer = trailer.replace(b"startxref\n%d" % at, b"startxref\n%d" % (at + len(unused)))
    spoiled = content[:at] + unused + table + b"trailer" + trailer
    assert "it has objects that nothing uses." in refusals(pdfs.text_file(spoiled))


SPOILED_PICTURES: dict[str, tuple[Callable[[], bytes], str]] = {
    "box over the picture": (
        lambda: pdfs.set_picture(boxes=(), more=b"0 0 0 rg 150 677 150 25 re f"),
        "something is drawn over the picture of a page.",
    ),
    "place of a photo": (
        lambda: pdfs.set_picture(jpeg=pdfs.saved_as_jpeg(pdfs.draw(PLACED, (BOX,)), exif=b"Exif\0\0the place")),
        "a picture has metadata, such as a place or a preview.",
    ),
    "comment of a photo": (
        lambda: pdfs.set_picture(jpeg=pdfs.saved_as_jpeg(pdfs.draw(PLACED, (BOX,)), comment=b"by Ann")),
        "a picture has metadata, such as a place or a preview.",
    ),
    "bytes behind a photo": (
        lambda: pdfs.set_picture(jpeg=pdfs.saved_as_jpeg(pdfs.draw(PLACED, (BOX,))) + b"the old text"),
        "it has bytes that belong to no object.",
    ),
    "picture below": (
        lambda: pdfs.changed(pdfs.set_picture(), lambda pdf: pdf.pages[0].obj.Resources.XObject.update({"/Im1": _pixel(pdf)})),
        "a page has more than one picture, or one that is not shown.",
    ),
    "picture with a mask": (
        lambda: pdfs.changed(
            pdfs.set_picture(), lambda pdf: pdf.pages[0].obj.Resources.XObject.Im0.stream_dict.update({"/SMask": _pixel(pdf)})
        ),
        "it has a picture with a mask or an alternative.",
    ),
}


def _pixel(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pdf.make_stream(
        b"\0", Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1, ColorSpace=Name.DeviceGray, BitsPerComponent=8
    )


@pytest.mark.parametrize("name", SPOILED_PICTURES)
def test_r22_a_page_is_one_picture_and_nothing_is_below_or_above_it(name: str) -> None:
    make, sentence = SPOILED_PICTURES[name]
    assert sentence in refusals(pdfs.picture_file(make(), boxes=()))


def test_r22_a_photo_that_is_a_picture_alone_passes() -> None:
    assert refusals(pdfs.picture_file(pdfs.set_picture(jpeg=pdfs.saved_as_jpeg(pdfs.draw(PLACED, (BOX,)))))) == []


# -- (b) text --------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("promise 9", "Two text engines read from a released PDF no more and no less than the surviving words.")
def test_r22_a_black_rectangle_over_text_is_refused() -> None:
    """Manafort, 2019: the text is still there."""
    covered = b"#place(dx: 0pt, dy: -14pt, rect(width: 200pt, height: 20pt, fill: black))"
    content = pdfs.set_text(f"{TEXT} cat", covered)
    found = refusals(pdfs.text_file(content))
    assert [sentence for sentence in found if "did not survive" in sentence] == [
        f"the text that {engine} reads has 1 words that did not survive." for engine in ("pdfium", "pdfminer.six")
    ]


def test_r22_a_word_in_the_text_layer_of_a_scan_that_did_not_survive_is_refused() -> None:
    found = refusals(pdfs.picture_file(pdfs.set_picture(layer=(*PLACED, ("HIV", 72.0, 400.0)))))
    assert found == [f"the text that {engine} reads has 1 words that did not survive." for engine in ("pdfium", "pdfminer.six")]


def test_r22_letters_that_repeat_surviving_words_are_counted() -> None:
    found = refusals(pdfs.text_file(pdfs.set_text(f"{TEXT} council")))
    assert "the text that pdfium reads has 7 letters or digits that did not survive." in found


def test_r22_a_surviving_word_that_is_lost_is_refused() -> None:
    """Redaction deletes what may not be disclosed, and nothing else (§19.36(6), Wis. Stats.)."""
    found = refusals(pdfs.text_file(pdfs.set_text(TEXT.replace("council", ""))))
    assert found == [
        f"the text that {engine} reads lacks 7 letters or digits of the surviving words." for engine in ("pdfium", "pdfminer.six")
    ]


# -- (c) forbidden strings -------------------------------------------------------------------------------------------------

WAYS = {
    "as it is": SECRET,
    "capitals": SECRET.upper(),
    "spaced": " ".join(SECRET),
    "cut at the end of a line": "Abend-\nroth",
    "soft hyphen": "Abend\u00adroth",
    "invisible characters": "Aben\u200bdr\u2060oth",
    "accents": "Äbéndröth",
    "in an address": "ada.abendroth@city.example",
    "in a longer word": "xabendrothx",
    "wide letters": "".join(chr(ord(letter) + 0xFEE0) for letter in SECRET),
    "percent-encoded": "%41bend%72oth",
    "as entities": "&#65;bend&#x72;oth",
    "number as it is": NUMBER,
    "number without hyphens": NUMBER.replace("-", ""),
    "number with dots": "078.05.1120",
    "number with letters between": "078x 05y 1120",
    "number in Arabic digits": NUMBER.translate({ord(d): chr(0x660 + int(d)) for d in "0123456789"}),
}


@pytest.mark.rule("promise 9", "No forbidden string is in anything that is released, however it is written.")
@pytest.mark.parametrize("way", WAYS)
def test_r22_a_forbidden_string_is_found_however_it_is_written(way: str) -> None:
    text = f"It was {WAYS[way]} who wrote."
    found = refusals(plain(text))
    assert found and all(sentence.startswith("the text shows a forbidden string of the shape") for sentence in found), found


@pytest.mark.parametrize("text", ["Abend wrote.", "The thrower throws.", "Call 414 286-2200 now, 078 times.", "On 05-11-2026."])
def test_r22_other_words_are_no_forbidden_strings(text: str) -> None:
    assert refusals(plain(text)) == []


def test_r22_an_exception_that_a_person_recorded_is_no_leak() -> None:
    assert refusals(plain(f"about {SECRET}"), allowed=["ABENDROTH"]) == []
    assert refusals(plain(f"about {SECRET} and {NUMBER}"), allowed=[SECRET]) == [
        "the text shows a forbidden string of the shape ###-##-####"
    ]


def in_title(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = f"About {SECRET}"


def in_outline(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem(f"About {SECRET}", 0))


def in_language(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Lang = String(SECRET)


def in_font_name(pdf: pikepdf.Pdf) -> None:
    for font in pdf.pages[0].obj.Resources.Font.values():
        font.BaseFont = Name(f"/{SECRET}")


def in_alternate_text(pdf: pikepdf.Pdf) -> None:
    drawn_over(f"/Span <</ActualText ({SECRET})>> BDC EMC".encode())(pdf)


def in_wide_alternate_text(pdf: pikepdf.Pdf) -> None:
    text = ("\ufeff" + SECRET).encode("utf-16-be").hex()
    drawn_over(f"/Span <</ActualText <{text}>>> BDC EMC".encode())(pdf)


def in_profile(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OutputIntents[0].Info = String(f"by {SECRET}")


def in_metadata_attribute(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Metadata.write(
        pdf.Root.Metadata.read_bytes().replace(b'rdf:about=""', b'rdf:about="" dc:source="%s"' % SECRET.encode())
    )


HIDING = (
    in_title,
    in_outline,
    in_language,
    in_font_name,
    in_alternate_text,
    in_wide_alternate_text,
    in_profile,
    in_metadata_attribute,
)


@pytest.mark.parametrize("change", HIDING)
def test_r22_a_forbidden_string_in_what_no_page_shows_is_found(change: pdfs.Change) -> None:
    found = refusals(pdfs.text_file(pdfs.changed(pdfs.set_text(TEXT), change)))
    assert "an object of the PDF shows a forbidden string of the shape xxxxxxxxx" in found


@pytest.mark.rule("promise 9", "File names of a production show no forbidden string.")
def test_r22_a_file_name_is_released_too_and_no_sentence_repeats_it() -> None:
    for name in ("Abendroth 2026.txt", "AbendrothLetter.txt", "letter_078051120.txt"):
        with pytest.raises(NotReleasable) as refused:
            gate.check([plain("Nothing.", name=name)], FORBIDDEN, ocr=BLIND, balance=Balance(0))
        assert refused.value.problems[0].startswith("File 1: its name shows a forbidden string of the shape ")
        assert "bendroth" not in str(refused.value) and "078051120" not in str(refused.value)


def test_r22_a_hash_of_what_is_not_released_is_refused() -> None:
    """A number of nine digits behind a published hash is guessed in seconds."""
    log = plain("Log.")
    assert (
        refusals(
            log,
            plain(
                f"file,sha256\nlog.txt,{gate.digest(log.content)}\n",
                name="index.csv",
                media_type="text/csv",
                words=["file", "sha256", "log.txt", gate.digest(log.content)],
            ),
        )
        == []
    )
    original = gate.digest(NUMBER.encode())
    assert refusals(plain(f"was {original}")) == ["the text has a hash of something that is not released."]


@pytest.mark.rule("promise 9", "A file of a type that cannot be checked is not released.")
def test_r22_nothing_but_known_types_leaves() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("word/document.xml", SECRET)
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    for name, media_type in (("a.docx", word), ("a.zip", "application/zip"), ("a.png", "image/png"), ("a.html", "text/html")):
        assert refusals(ReleasedFile(name, media_type, held.getvalue(), ())) == ["it is of a type that cannot be checked."]
    assert refusals(ReleasedFile("a.txt", "text/plain", held.getvalue(), ())) != []
    assert refusals(plain("Nothing.", name="letter.pdf")) == ["its name does not fit its type."]
    assert refusals(plain("Nothing.", name="../letter.txt")) == ["its name has characters that are not allowed."]
    assert refusals(plain("1"), plain("2", name="LOG.txt")) == ["1 names are those of several files."]
    assert refusals() == ["There is no file to release."]


def test_r22_a_table_computes_nothing() -> None:
    table = '"PR-1","=HYPERLINK(""http://x"")"\n'
    file = plain(table, name="index.csv", media_type="text/csv", words=["PR-1", "HYPERLINK", "http", "x"])
    assert refusals(file) == ["a spreadsheet would compute one of its cells."]
    assert refusals(plain("-5,+3.2,12 %\n", name="index.csv", media_type="text/csv")) == []
    assert refusals(plain("red \u202edetcader")) == ["it has control characters."]


# -- (d) boxes -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("promise 9", "Each burned box is of one color, and no text is under it.")
def test_r22_a_box_that_shows_a_trace_of_the_text_is_refused() -> None:
    """95 % of black over black text on white."""
    page = pdfs.draw((*PLACED, UNDER_BOX))
    left, top, right, bottom = (round(edge * pdfs.DPI / 72) for edge in BOX)
    area = page.crop((left, top, right, bottom)).point(lambda level: round(level * 0.05))
    page.paste(area, (left, top))
    trace = pdfs.set_picture(jpeg=pdfs.saved_as_jpeg(page))
    assert refusals(pdfs.picture_file(trace)) == ["a box is not of one color."]


def test_r22_a_box_that_misses_the_word_is_refused() -> None:
    assert "a box is not of one color." in refusals(pdfs.picture_file(pdfs.set_picture(boxes=((150.0, 300.0, 300.0, 325.0),))))
    assert "a box is not on its page." in refusals(pdfs.picture_file(boxes=(BOX, (500.0, 700.0, 700.0, 720.0))))


@pytest.mark.rule("promise 9", "Every redacted place of a page is below a box that was burned.")
def test_r22_a_redacted_place_that_has_no_box_over_it_is_refused() -> None:
    """The boxes of the file are what its maker says that it burned; its sources are what people redacted."""
    x0, y0, x1, y1 = BOX
    inside = x0 + 2, y0 + 2, x1 - 2, y1 - 2
    assert refusals(replace(pdfs.picture_file(), sources=((0, inside), (0, BOX)))) == []
    for page, source in ((0, (x0, y0, x1 + 1, y1)), (0, (x0, y1 + 50, x1, y1 + 60)), (1, inside)):
        file = replace(pdfs.picture_file(), sources=((0, inside), (page, source)))
        assert refusals(file) == ["a redacted place has no box over it."]


def test_r22_text_under_a_box_is_refused() -> None:
    x, y = BOX[:2]
    layer = (*PLACED[:-1], (PLACED[-1][0], x + 5, y + 5))
    assert refusals(pdfs.picture_file(pdfs.set_picture(layer=layer))) == ["there is text under a box."]


# -- (e) OCR ---------------------------------------------------------------------------------------------------------------


@pytest.mark.neighbour("tesseract")
@pytest.mark.rule("promise 9", "OCR of each released page reads no forbidden string.")
def test_r22_a_word_that_only_the_picture_shows_is_refused() -> None:
    shown = pdfs.set_picture(hidden=((SECRET, 72.0, 300.0),))
    assert refusals(pdfs.picture_file(shown), ocr=find_tesseract("eng")) == ["OCR shows a forbidden string of the shape xxxxxxxxx"]


@pytest.mark.neighbour("tesseract")
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_r22_ocr_reads_a_page_on_its_side(turn: int) -> None:
    lines = [
        (f"{word} is written on line {n}", 72.0, 100.0 + 30 * n) for n, word in enumerate(["one", SECRET, "three", "four"] * 5)
    ]
    picture = pdfs.draw(lines).rotate(turn, expand=False, fillcolor=255)
    shown = pdfs.set_picture(jpeg=pdfs.saved_as_jpeg(picture))
    assert "OCR shows a forbidden string of the shape xxxxxxxxx" in refusals(
        pdfs.picture_file(shown, boxes=()), ocr=find_tesseract("eng")
    )


def test_r22_without_ocr_no_page_leaves() -> None:
    assert refusals(pdfs.text_file(), ocr=None) == ["its pages cannot be checked, because OCR is not installed."]
    missing = "its pages cannot be checked, because the data of OCR about orientation (osd) is not installed."
    assert refusals(pdfs.text_file(), ocr=BlindOcr("", "")) == [missing]
    assert refusals(plain("No page."), ocr=None) == []


def test_r22_a_page_that_ocr_cannot_read_does_not_leave() -> None:
    @dataclass(frozen=True, slots=True)
    class Failing(Ocr):
        def words_any_way_up(self, picture: bytes) -> tuple[str, str]:
            return "", "takes too long"

    assert refusals(pdfs.text_file(), ocr=Failing("", "", finds_orientation=True)) == ["OCR could not read it: takes too long."]


# -- (f) archival and accessible -------------------------------------------------------------------------------------------


def untagged(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.MarkInfo, pdf.Root.StructTreeRoot
    for page in pdf.pages:
        del page.obj.StructParents


def without_language(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.Lang


def without_title(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        del metadata["dc:title"]


def title_not_shown(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.ViewerPreferences


def without_intent(pdf: pikepdf.Pdf) -> None:
    del pdf.Root.Metadata


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (untagged, "its text has no tags for screen readers."),
        (without_language, "it names no language."),
        (without_title, "it has no title."),
        (title_not_shown, "its title is not shown in place of its file name."),
        (without_intent, "it does not conform to PDF/A-2."),
    ],
)
@pytest.mark.rule("promise 9", "A released PDF is PDF/A-2 with a title, a language and, where it is text, tags.")
def test_r22_r33_a_pdf_that_is_not_archival_or_accessible_is_refused(change: pdfs.Change, sentence: str) -> None:
    assert sentence in refusals(pdfs.text_file(pdfs.changed(pdfs.set_text(TEXT), change)))


# -- (g) balance, and hostile files ----------------------------------------------------------------------------------------


@pytest.mark.rule("promise 9", "Nothing leaves while located items and dispositions do not balance.")
def test_r30_items_that_do_not_balance_keep_the_production_back() -> None:
    log = plain("Log.")
    assert refusals(log, balance=Balance(5, 1, 1, 1, 1, 1)) == []
    assert refusals(log, balance=Balance(5, 1, 1, 1, 1)) == ["5 were located, and 4 have a disposition."]
    assert refusals(log, balance=Balance(0, 1, -1)) == ["The balance of items has a number below zero."]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.rule("promise 9", "A file that cannot be read is not released.")
def test_r22_a_damaged_pdf_is_refused_and_the_gate_goes_on(seed: int) -> None:
    """A file that a reader cannot read is no proof of anything."""
    chance = random.Random(seed)
    content = bytearray(pdfs.set_text(TEXT))
    if seed % 2:
        del content[chance.randrange(200, len(content)) :]
    for _ in range(30):
        content[chance.randrange(len(content))] = chance.randrange(256)
    assert refusals(pdfs.text_file(bytes(content))) != []
    assert refusals(pdfs.text_file()) == []


@pytest.mark.rule("promise 9", "A certificate is good for the bytes that were checked, and only with every check.")
def test_r22_a_released_file_is_the_certified_one() -> None:
    log = plain("Log.")
    (certificate,) = gate.check([log], FORBIDDEN, ocr=None, balance=Balance(0))
    signed = gate.Certificate(certificate.name, certificate.sha256, (*certificate.checks, gate.SIGNED))
    assert gate.release(log, signed) == b"Log."
    for file, wrong in (
        (plain("Lox."), signed),
        (plain("Log.", name="other.txt"), signed),
        (log, certificate),
        (log, gate.Certificate(log.name, certificate.sha256, (gate.SIGNED,))),
    ):
        with pytest.raises(NotReleasable, match="certificate"):
            gate.release(file, wrong)
