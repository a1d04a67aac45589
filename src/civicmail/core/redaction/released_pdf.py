"""Finish a PDF that was set for release: metadata of our own, nothing that PDF/A does not need, the same bytes each time. Only
sandboxed processes import it."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from xml.sax.saxutils import escape

import pikepdf
from pikepdf import Dictionary, Name

PRODUCER = "Civicmail"
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


def finish(pdf: bytes, *, title: str, lang: str, pictures: Sequence[pikepdf.Object] = ()) -> tuple[bytes, int]:
    """The bytes of the file, and how many pages it has."""
    with pikepdf.open(BytesIO(pdf)) as file:
        for found in file.objects:
            if isinstance(found, Dictionary) and found.get(Name.Type) == Name.FontDescriptor and Name.CIDSet in found:
                del found.CIDSet  # PDF/A-2 needs none, and the validator does not know it
        for key in (Name.Outlines, Name.Info):
            if key in file.Root:
                del file.Root[key]
        if Name.Info in file.trailer:
            del file.trailer[Name.Info]
        file.Root.Metadata = file.make_stream(metadata(title, lang), {"/Type": Name.Metadata, "/Subtype": Name.XML})
        out = BytesIO()
        pages = len(file.pages)
        file.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue(), pages
