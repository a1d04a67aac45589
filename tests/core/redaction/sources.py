"""Files to be redacted, with what the world hides in them."""

from __future__ import annotations

from io import BytesIO

import pikepdf
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

from civicmail.core.redaction.shapes import Document, Redaction, ReleasedFile
from civicmail.core.redaction.text_path import text_pdf
from core.redaction.reading import document
from core.sandbox import samples

SECRET = "Abendroth"


def pages(text: str) -> bytes:
    """A PDF of a text, with fonts of which it has only the glyphs that it uses."""
    return text_pdf(document(text), (), title="Minutes", lang="en", number="S-1").content


def numbers_of(text: Document, *words: str) -> list[int]:
    return [n for n, word in enumerate(text.words) if any(sought in word.text for sought in words)]


def redacted(text: Document, *words: str) -> list[Redaction]:
    """A redaction of each word that has one of these in it."""
    return [Redaction(number, "§19.36(10)(a)", n, n) for number, n in enumerate(numbers_of(text, *words), 1)]


def drawn(content: str, *, more: str = "") -> bytes:
    """A page that is drawn by these operators, with Helvetica as /F1."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    body = content.encode("latin-1")
    return samples.pdf_of([
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % more.encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body),
        font,
    ])  # fmt: skip


def said(text: str, *, at: tuple[int, int] = (72, 700), size: int = 12, mode: int = 0) -> str:
    """Operators that write a text."""
    return f"BT /F1 {size} Tf {mode} Tr {at[0]} {at[1]} Td ({text}) Tj ET\n"


def changed(pdf: bytes, **change: str) -> bytes:
    """A PDF with an attached file, a note, JavaScript, or an author."""
    with pikepdf.open(BytesIO(pdf)) as file:
        if "attached" in change:
            file.attachments["notes.txt"] = change["attached"].encode()
        if "note" in change:
            note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[10, 10, 30, 30], Contents=change["note"])
            file.pages[0].Annots = file.make_indirect([file.make_indirect(note)])
        if "author" in change:
            file.docinfo["/Author"] = change["author"]
        out = BytesIO()
        file.save(out)
    return out.getvalue()


def photograph(text: str, *, comment: str = "") -> bytes:
    """A JPEG of a text, with the place where it was taken."""
    picture = Image.new("RGB", (1200, 400), "white")
    draw = ImageDraw.Draw(picture)
    draw.text((60, 120), text, fill="black", font=ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 48))
    exif = Image.Exif()
    exif[0x010E] = comment
    exif.get_ifd(0x8825)[1] = "N"
    out = BytesIO()
    picture.save(out, "JPEG", quality=95, exif=exif, dpi=(150, 150))
    return out.getvalue()


def all_bytes(released: ReleasedFile) -> bytes:
    """Every stream of a PDF, and what is between them."""
    with pikepdf.open(BytesIO(released.content)) as file:
        streams = [found.read_bytes() for found in file.objects if isinstance(found, pikepdf.Stream) and "/Width" not in found]
    return b"\n".join([released.content, *streams])
