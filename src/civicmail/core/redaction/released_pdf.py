"""Finish a PDF that was set for release: metadata of our own, nothing that PDF/A does not need, the same bytes each time. Only
sandboxed processes import it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Dictionary, Name

PRODUCER = "Civicmail"
INVISIBLE = 3
"""Text rendering mode."""
_OF_TEXT = frozenset({
    "q", "Q", "cm", "BT", "ET", "Tf", "Tm", "Td", "TD", "T*", "Tj", "TJ", "Tc", "Tw", "Tz", "TL", "Ts", "BDC", "BMC", "EMC",
})  # fmt: skip
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{lang}</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>{producer}</pdf:Producer>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def metadata(title: str, lang: str) -> bytes:
    """The XMP packet of a released PDF, which holds nothing else (ISO 19005-2, 6.6; ISO 14289-1, 5)."""
    return _XMP.format(title=escape(title), lang=escape(lang), producer=PRODUCER).encode()


@dataclass(frozen=True, slots=True)
class Picture:
    """A compressed picture of a page. encoding: "/FlateDecode" or "/DCTDecode"."""

    width: int
    height: int
    is_gray: bool
    encoding: str
    content: bytes


def finish(pdf: bytes, *, title: str, lang: str, pictures: Sequence[Picture] = ()) -> tuple[bytes, int]:
    """The bytes of the file, and how many pages it has. pictures: one for each page, whose text becomes invisible."""
    with pikepdf.open(BytesIO(pdf)) as file:
        for one in file.objects:
            if isinstance(one, Dictionary) and one.get(Name.Type) == Name.FontDescriptor and Name.CIDSet in one:
                del one.CIDSet  # PDF/A-2 needs none, and the validator does not know it
        if Name.Outlines in file.Root:
            del file.Root.Outlines
        if Name.Info in file.trailer:
            del file.trailer.Info
        file.Root.Metadata = file.make_stream(metadata(title, lang), {"/Type": Name.Metadata, "/Subtype": Name.XML})
        for page, picture in zip(file.pages, pictures, strict=False):
            _lay_under(file, page, picture)
        out = BytesIO()
        pages = len(file.pages)
        file.remove_unreferenced_resources()
        file.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue(), pages


def _lay_under(file: pikepdf.Pdf, page: pikepdf.Page, picture: Picture) -> None:
    """Make a picture the whole of what a page shows, below its text (ISO 32000-1, 9.3.6)."""
    image = pikepdf.Stream(file, b"")
    image.write(picture.content, filter=Name(picture.encoding))
    image.Type, image.Subtype = Name.XObject, Name.Image
    image.Width, image.Height, image.BitsPerComponent = picture.width, picture.height, 8
    image.ColorSpace = Name.DeviceGray if picture.is_gray else Name.DeviceRGB
    _, _, width, height = [float(edge) for edge in page.MediaBox.as_list()]
    shown = f"/Artifact BMC q {width:.4f} 0 0 {height:.4f} 0 0 cm /Im0 Do Q EMC\n".encode()
    page.Contents = file.make_stream(shown + pikepdf.unparse_content_stream(_invisible(page)))
    page.Resources = Dictionary(Font=page.Resources.get(Name.Font, Dictionary()), XObject=Dictionary(Im0=image))


def _invisible(page: pikepdf.Page) -> list[pikepdf.ContentStreamInstruction]:
    """The text of a page without its colors, to be read and not to be seen."""
    kept = []
    for instruction in pikepdf.parse_content_stream(page):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            continue
        operator = str(instruction.operator)
        if operator == "Tr":
            kept.append(pikepdf.ContentStreamInstruction([INVISIBLE], instruction.operator))
        elif operator in _OF_TEXT:
            kept.append(instruction)
    return kept
