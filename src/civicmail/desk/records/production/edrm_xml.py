"""EDRM XML 1.2 load file: documents, their fields, files and families. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from civicmail.desk.records.production.documents import ProducedDocument

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {"From": "#From", "To": "#To", "Cc": "#CC", "Subject": "#Subject", "Date": "#DateSent"}
_KINDS = (("eml", "Native"), ("csv", "Native"), ("pdf", "Image"), ("text", "Text"))


def edrm_xml(documents: Sequence[ProducedDocument], parents: Mapping[int, str], name: str) -> bytes:
    """The file. name: of the batch; parents: first page of each produced message, by its number."""
    root = Element("Root", MajorVersion="1", MinorVersion="2", DataInterchangeType="Update", Locale="US")
    batch = SubElement(root, "Batch", Name=name)
    listed = SubElement(batch, "Documents")
    relations = SubElement(batch, "Relationships")
    for document in documents:
        _document(listed, document)
        if document.parent in parents:
            SubElement(
                relations, "Relationship", Type="Attachment", ParentDocId=parents[document.parent], ChildDocId=document.first
            )
    indent(root, " ")
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _document(listed: Element, document: ProducedDocument) -> None:
    kind = "File" if document.parent else "Message"
    made = SubElement(listed, "Document", DocID=document.first, DocType=kind, MimeType=_plain(document.media_type))
    tags = SubElement(made, "Tags")
    values = {_TAGS[field]: value for field, value in document.header.items() if field in _TAGS}
    values |= {"EndDoc": document.last, "Item": f"{document.item:06}", "Redacted": "true" if document.is_redacted else "false"}
    values |= {"Codes": "; ".join(document.codes)} if document.codes else {}
    for name, value in values.items():
        SubElement(tags, "Tag", TagName=name, TagDataType="Text", TagValue=_plain(value))
    files = SubElement(made, "Files")
    for key, file_type in _KINDS:
        if file := document.files.get(key):
            of = SubElement(files, "File", FileType=file_type)
            SubElement(of, "ExternalFile", FilePath=file.place, FileName=file.name, FileSize=str(file.size), Hash=file.sha256)
    locations = SubElement(made, "Locations")
    for holder in document.holders:
        SubElement(SubElement(locations, "Location"), "Custodian").text = _plain(holder)


def _plain(text: str) -> str:
    """A text without characters that XML cannot have (XML 1.0, 2.2)."""
    return _NOT_XML.sub("", text)
