"""Released PDFs as they should be, and ways to spoil them: what redaction has been known to leave behind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from functools import cache

import pikepdf
import typst
from pikepdf import Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

from civicmail.core.redaction.shapes import Box, ReleasedFile

Placed = tuple[str, float, float]
SECRET = "Abendroth"
NUMBER = "078-05-1120"
WORDS = ("The", "council", "meets", "at", "noon", "[1", "·", "REDACTED", "19.36(10)(a)]", "and", "ends", "early")
SIZE = (612.0, 792.0)
DPI = 200
BOX: Box = (150.0, 90.0, 300.0, 115.0)
PLACED: tuple[Placed, ...] = (("The", 72.0, 95.0), ("council", 72.0, 130.0), ("meets", 72.0, 165.0), ("early", 200.0, 165.0))
UNDER_BOX: Placed = (SECRET, 160.0, 95.0)
_HEAD = b"""#set document(title: "Letter", date: datetime(year: 2026, month: 12, day: 1))
#set page(width: 612pt, height: 792pt, margin: %dpt)
#set text(lang: "en", font: "DejaVu Sans Mono", size: 12pt)
"""

Change = Callable[[pikepdf.Pdf], None]


@cache
def set_text(text: str, more: bytes = b"", *, margin: int = 72) -> bytes:
    """A tagged PDF/A-2a of this text. more: further markup."""
    content: bytes = typst.compile(
        _HEAD % margin + b"#" + json.dumps(text, ensure_ascii=False).encode() + b"\n" + more,
        format="pdf",
        pdf_standards=["a-2a", "ua-1"],
    )
    return content


def text_file(content: bytes | None = None, *, words: Sequence[str] = WORDS, name: str = "letter.pdf") -> ReleasedFile:
    """A released letter; content: instead of one that is as it should be."""
    return ReleasedFile(name, "application/pdf", content or set_text(" ".join(WORDS)), tuple(words))


def draw(placed: Sequence[Placed], boxes: Sequence[Box] = (), *, fill: int = 0) -> Image.Image:
    """A page as a picture: words at places in points, then boxes."""
    scale = DPI / 72
    picture = Image.new("L", (round(SIZE[0] * scale), round(SIZE[1] * scale)), 255)
    canvas, font = ImageDraw.Draw(picture), ImageFont.load_default(16 * scale)
    for word, x, y in placed:
        canvas.text((x * scale, y * scale), word, font=font, fill=0)
    for x0, y0, x1, y1 in boxes:
        canvas.rectangle((x0 * scale, y0 * scale, x1 * scale, y1 * scale), fill=fill)
    return picture


@cache
def set_picture(
    *,
    hidden: tuple[Placed, ...] = (UNDER_BOX,),
    layer: tuple[Placed, ...] = PLACED,
    boxes: tuple[Box, ...] = (BOX,),
    fill: int = 0,
    more: bytes = b"",
    jpeg: bytes = b"",
) -> bytes:
    """A page as one picture below transparent text. hidden: words that are drawn under the boxes; layer: the transparent text.

    fill: color of the boxes; more: further content of the page; jpeg: another picture.
    """
    picture = draw((*PLACED, *hidden), boxes, fill=fill)
    words = "".join([f'#place(dx: {x}pt, dy: {y}pt, text(fill: rgb(0, 0, 0, 0), "{word}"))' for word, x, y in layer])
    set_words = set_text("", words.encode(), margin=0)

    def add_picture(pdf: pikepdf.Pdf) -> None:
        image = pikepdf.Stream(pdf, jpeg or picture.tobytes())
        image.stream_dict.update(
            {"/Type": Name.XObject, "/Subtype": Name.Image, "/Width": picture.width, "/Height": picture.height,
             "/ColorSpace": Name.DeviceGray, "/BitsPerComponent": 8} | ({"/Filter": Name.DCTDecode} if jpeg else {})
        )  # fmt: skip
        page = pdf.pages[0]
        page.obj.Resources.XObject = Dictionary(Im0=pdf.make_indirect(image))
        shown = b"/Artifact BMC q %.2f 0 0 %.2f 0 0 cm /Im0 Do Q EMC\n" % SIZE
        page.obj.Contents = pdf.make_stream(shown + page.obj.Contents.read_bytes() + b"\n" + more)

    return changed(set_words, add_picture)


def picture_file(content: bytes | None = None, *, boxes: Sequence[Box] = (BOX,)) -> ReleasedFile:
    """A released scan; content: instead of one that is as it should be."""
    words = tuple(word for word, _, _ in PLACED)
    return ReleasedFile("scan.pdf", "application/pdf", content or set_picture(), words, tuple((0, box) for box in boxes))


def changed(content: bytes, change: Change) -> bytes:
    """A PDF written anew with a change of its objects."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        change(pdf)
        held = io.BytesIO()
        pdf.save(held, deterministic_id=True)
    return held.getvalue()


def saved_as_jpeg(picture: Image.Image, **options: object) -> bytes:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=90, **options)
    return held.getvalue()
