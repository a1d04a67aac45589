"""Five hundred invented words in files of every format, in every place that redaction has been known to miss.

In each file some words are seen and marked for redaction, some are seen and stay, and some are in places that nobody sees.
"""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageDraw, ImageFont

from core.redaction import pdfs
from core.sandbox import samples

SEED = 22
EACH = 24
"""Words in a place."""
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def invented() -> Iterator[str]:
    """Words of ten letters that occur once: "Bakilomure"."""
    chance = random.Random(SEED)
    known: set[str] = set()
    while True:
        word = "".join(chance.choices(_SYLLABLES, k=5)).capitalize()
        if word not in known:
            known.add(word)
            yield word


@dataclass(slots=True)
class Planted:
    """A file with planted words. marked: to be redacted; kept: seen, and released; unseen: in places that nobody sees."""

    name: str
    media_type: str
    content: bytes = b""
    marked: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return [*self.marked, *self.kept, *self.unseen]


class Garden:
    """Takes words for places, and notes where they are."""

    def __init__(self) -> None:
        self._words = invented()

    def seen(self, into: Planted, place: str, count: int = EACH) -> list[str]:
        """Words that everybody sees: every second one is marked."""
        words = [next(self._words) for _ in range(count)]
        into.marked += words[::2]
        into.kept += words[1::2]
        into.places.append(place)
        return words

    def unseen(self, into: Planted, place: str, count: int = EACH) -> list[str]:
        words = [next(self._words) for _ in range(count)]
        into.unseen += words
        into.places.append(place)
        return words


def planted() -> list[Planted]:
    """All files. The same words each time."""
    garden = Garden()
    makers: list[Callable[[Garden], Planted]] = [
        mail,
        html_mail,
        nested_mail,
        plain_text,
        table,
        docx,
        odt,
        pptx,
        xlsx,
        pdf,
        scan,
        photo,
    ]
    return [make(garden) for make in makers]


def mail(garden: Garden) -> Planted:
    """Text with an HTML alternative that says more."""
    file = Planted("message.eml", "message/rfc822")
    message = EmailMessage(SMTP)
    sender, other = garden.seen(file, "name of the sender", 2)
    message["From"] = f"{sender} {other} <desk@city.example>"
    message["To"] = f"{' '.join(garden.seen(file, 'name of a recipient', 2))} <office@city.example>"
    message["Subject"] = "About " + " ".join(garden.seen(file, "subject", 4))
    message["Date"] = "Tue, 01 Dec 2026 09:00:00 +0000"
    for name in ("DKIM-Signature", "ARC-Message-Signature", "X-Originating-Host", "Thread-Topic", "Comments", "Keywords"):
        message[name] = "v=1; b=" + " ".join(garden.unseen(file, f"header field {name}", 3))
    message["Received"] = (
        f"from {garden.unseen(file, 'transport', 1)[0]}.city.example by mx.city.example; Tue, 01 Dec 2026 09:00:00 +0000"
    )
    message["Message-ID"] = f"<{garden.unseen(file, 'Message-ID', 1)[0]}@city.example>"
    message["References"] = f"<{garden.unseen(file, 'References', 1)[0]}@city.example>"
    body = ["Dear all,", " ".join(garden.seen(file, "text")), "Reply:"]
    body += [f"> {word} said so" for word in garden.seen(file, "quoted reply")]
    body += ["-- ", " ".join(garden.seen(file, "signature", 4))]
    message.set_content("\n".join(body))
    alternative = "<p>Hello</p><p>" + " ".join(garden.unseen(file, "alternative that differs", 5)) + "</p>"
    message.add_alternative(alternative, subtype="html")
    message.make_mixed()
    message.preamble = " ".join(garden.seen(file, "preamble", 4))
    message.epilogue = " ".join(garden.seen(file, "epilogue", 4))
    file.content = message.as_bytes()
    return file


def html_mail(garden: Garden) -> Planted:
    file = Planted("newsletter.eml", "message/rfc822")
    message = EmailMessage(SMTP)
    message["From"] = "desk@city.example"
    message["To"] = "office@city.example"
    message["Subject"] = "News"
    shown = "".join(f"<p>Item {word} here</p>" for word in garden.seen(file, "HTML text"))
    hidden = "".join(f'<div style="display:none">{word}</div>' for word in garden.unseen(file, "hidden HTML"))
    comments = "".join(f"<!-- {word} -->" for word in garden.unseen(file, "comment in HTML", 5))
    tips = "".join(f'<img alt="{word}" src="cid:x">' for word in garden.unseen(file, "alternative text of a picture", 5))
    links = "".join(f'<a href="https://x.example/{word}">link</a>' for word in garden.unseen(file, "target of a link", 5))
    style = "<style>" + "".join(f".{word} {{}}" for word in garden.unseen(file, "style sheet", 3)) + "</style>"
    message.set_content(f"<html><head>{style}</head><body>{shown}{hidden}{comments}{tips}{links}</body></html>", subtype="html")
    file.content = message.as_bytes()
    return file


def nested_mail(garden: Garden) -> Planted:
    """A forwarded message, a zip file and a named file: each is an item of its own, and none of them leaves with this one."""
    file = Planted("forwarded.eml", "message/rfc822")
    inner = EmailMessage(SMTP)
    inner["Subject"] = " ".join(garden.unseen(file, "subject of a nested message", 3))
    inner.set_content(" ".join(garden.unseen(file, "nested message", 5)))
    message = EmailMessage(SMTP)
    message["From"] = "desk@city.example"
    message["Subject"] = "Fwd"
    message.set_content("See " + " ".join(garden.seen(file, "text beside files", 4)))
    message.add_attachment(inner)
    packed = samples.zipped({f"{word}.txt": word for word in garden.unseen(file, "member of a zip file", 5)})
    message.add_attachment(packed, "application", "zip", filename="files.zip")
    for word in garden.seen(file, "name of a file", 4):
        message.add_attachment(b"%PDF-", "application", "pdf", filename=f"{word} plan.pdf")
    file.content = message.as_bytes()
    return file


def plain_text(garden: Garden) -> Planted:
    file = Planted("notes.txt", "text/plain")
    file.content = "\n".join(f"Note about {word}, and more." for word in garden.seen(file, "text file")).encode()
    return file


def table(garden: Garden) -> Planted:
    file = Planted("list.csv", "text/csv")
    file.content = "\n".join(f"{n},{word},open" for n, word in enumerate(garden.seen(file, "table"))).encode()
    return file


def docx(garden: Garden) -> Planted:
    file = Planted("letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
    shown = "".join(samples.paragraph(f"Line {word} ends") for word in garden.seen(file, "paragraph of a document"))
    deleted = "".join(
        f"<w:p><w:del><w:r><w:delText>{word}</w:delText></w:r></w:del></w:p>" for word in garden.unseen(file, "tracked deletion")
    )
    hidden = "".join(
        f"<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>{word}</w:t></w:r></w:p>" for word in garden.unseen(file, "hidden text")
    )
    comments = "".join(f"<w:comment>{samples.paragraph(word)}</w:comment>" for word in garden.unseen(file, "comment"))
    author = garden.unseen(file, "author of a document", 2)
    file.content = samples.docx(
        shown + deleted + hidden,
        word__comments_dot_xml=f"<w:comments {_W}>{comments}</w:comments>",
        docProps__core_dot_xml=f'<c:core xmlns:c="c"><creator>{author[0]}</creator><by>{author[1]}</by></c:core>',
        customXml__item1_dot_xml=f"<x>{' '.join(garden.unseen(file, 'custom XML', 2))}</x>",
    )
    return file


def odt(garden: Garden) -> Planted:
    file = Planted("letter.odt", "application/vnd.oasis.opendocument.text")
    text = " ".join(garden.seen(file, "OpenDocument text"))
    file.content = samples.opendocument("text", text, " ".join(garden.unseen(file, "OpenDocument metadata", 3)))
    return file


def pptx(garden: Garden) -> Planted:
    file = Planted("talk.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation")
    file.content = samples.pptx(" ".join(garden.seen(file, "slide", 6)), " ".join(garden.unseen(file, "notes of a slide", 4)))
    return file


def xlsx(garden: Garden) -> Planted:
    file = Planted("book.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def sheet(words: list[str]) -> str:
        rows = "".join(
            f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>{word}</t></is></c><c r="B{n}"><v>{n}</v></c></row>'
            for n, word in enumerate(words, 1)
        )
        return f"<worksheet {_S}><sheetData>{rows}</sheetData></worksheet>"

    def relation(number: int, kind: str, target: str) -> str:
        return f'<Relationship Id="r{number}" Type="{relations}/{kind}" Target="{target}"/>'

    names = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    comments = "".join(f"<comment><text><t>{word}</t></text></comment>" for word in garden.unseen(file, "comment of a cell", 5))
    cache = "".join(f'<s v="{word}"/>' for word in garden.unseen(file, "pivot cache"))
    defined = "".join(f'<definedName name="{word}">S!$A$1</definedName>' for word in garden.unseen(file, "defined name", 3))
    file.content = samples.zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": f"<Relationships {names}>{relation(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>",
            "xl/workbook.xml": f'<workbook {_S} xmlns:r="{relations}"><sheets><sheet name="Open" sheetId="1" r:id="r1"/>'
            f'<sheet name="Kept" sheetId="2" state="hidden" r:id="r2"/></sheets><definedNames>{defined}</definedNames></workbook>',
            "xl/_rels/workbook.xml.rels": f"<Relationships {names}>{relation(1, 'worksheet', 'worksheets/sheet1.xml')}"
            f"{relation(2, 'worksheet', 'worksheets/sheet2.xml')}</Relationships>",
            "xl/worksheets/sheet1.xml": sheet(garden.seen(file, "cell")),
            "xl/worksheets/sheet2.xml": sheet(garden.unseen(file, "hidden sheet")),
            "xl/comments1.xml": f"<comments {_S}><commentList>{comments}</commentList></comments>",
            "xl/pivotCache/pivotCacheDefinition1.xml": f"<pivotCacheDefinition {_S}>{cache}</pivotCacheDefinition>",
            "docProps/app.xml": f"<Properties><Manager>{garden.unseen(file, 'manager of a workbook', 1)[0]}</Manager></Properties>",
        }
    )
    return file


def pdf(garden: Garden) -> Planted:
    """Text with all that a PDF can have beside it."""
    file = Planted("report.pdf", "application/pdf")
    shown = "\n".join(f"Line {word} ends" for word in garden.seen(file, "page of a PDF", 20))
    old = pdfs.set_text("\n".join(garden.unseen(file, "old revision", 5)))

    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        pdf.attachments["notes.txt"] = " ".join(garden.unseen(file, "file in a PDF", 5)).encode()
        pdf.docinfo.Author = String(" ".join(garden.unseen(file, "author of a PDF", 3)))
        with pdf.open_outline() as outline:
            outline.root += [pikepdf.OutlineItem(word, 0) for word in garden.unseen(file, "bookmark", 3)]
        notes = [
            Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([500, 700, 510, 710]), Contents=String(word))
            for word in garden.unseen(file, "annotation", 5)
        ]
        page.obj.Annots = Array([pdf.make_indirect(note) for note in notes])
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String(garden.unseen(file, "script", 1)[0]))
        page.obj.PieceInfo = Dictionary(Word=Dictionary(Private=String(" ".join(garden.unseen(file, "private data", 2)))))
        page.obj.Resources.Font.F9 = Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
        )
        layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(garden.unseen(file, "name of a layer", 1)[0])))
        pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer]), Order=Array([layer])))
        page.obj.Resources.Properties = Dictionary(L1=layer)
        content = page.obj.Contents.read_bytes()
        content += _said("/OC /L1 BDC", garden.unseen(file, "layer that is off", 3), 300) + b" EMC"
        content += _said("", garden.unseen(file, "text under a black box", 5), 200) + b" 0 g 60 180 500 40 re f"
        content += _said("1 g", garden.unseen(file, "white text", 5), 120) + b" 0 g"
        content += _said("", garden.unseen(file, "invisible text", 5), 90, mode=3)
        content += _said("", garden.unseen(file, "text beside the page", 5), -80)
        text = garden.unseen(file, "actual text", 2)
        content += f" /Span <</ActualText ({' '.join(text)})>> BDC EMC".encode()
        page.obj.Contents = pdf.make_stream(content)

    now = pdfs.changed(pdfs.set_text(shown), change)
    file.content = _above(old, now)
    return file


def _said(before: str, words: list[str], y: int, *, mode: int = 0) -> bytes:
    return f"\n{before} BT /F9 10 Tf {mode} Tr 70 {y} Td ({' '.join(words)}) Tj ET".encode()


def _above(old: bytes, now: bytes) -> bytes:
    """A PDF whose bytes before its own are those of an older one: readers look at the last table."""
    with pikepdf.open(io.BytesIO(now)) as pdf:
        pdf.Root.Old = pdf.make_stream(old)
        held = io.BytesIO()
        pdf.save(held)
    return held.getvalue()


def scan(garden: Garden) -> Planted:
    """A page that is a picture, in a PDF."""
    file = Planted("scan.pdf", "application/pdf")
    words = garden.seen(file, "scanned page", 6)
    picture = pdfs.draw([(word, 72.0, 80.0 + 60 * n) for n, word in enumerate(words)])
    held = io.BytesIO()
    picture.save(held, "PDF", resolution=pdfs.DPI, author=garden.unseen(file, "author of a scan", 1)[0])
    file.content = held.getvalue()
    return file


def photo(garden: Garden) -> Planted:
    file = Planted("photo.jpg", "image/jpeg")
    words = garden.seen(file, "photograph", 4)
    picture = Image.new("RGB", (1400, 800), "white")
    canvas, font = ImageDraw.Draw(picture), ImageFont.load_default(60)
    for n, word in enumerate(words):
        canvas.text((100, 100 + 150 * n), word, font=font, fill="black")
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = garden.unseen(file, "description and author of a photograph", 2)
    comment = base64.b64encode(garden.unseen(file, "comment of a photograph", 1)[0].encode()).decode()
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=90, exif=exif, comment=base64.b64decode(comment), dpi=(150, 150))
    file.content = held.getvalue()
    return file
