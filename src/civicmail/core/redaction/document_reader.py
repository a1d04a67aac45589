"""Read a file as the one Document that is reviewed: its kind decides how. Only sandboxed processes import it.

What else the file holds is never released; the document names it in sentences, so that a reviewer knows.
"""

from __future__ import annotations

from civicmail.core.archives import compound_file
from civicmail.core.archives.budget import Budget
from civicmail.core.filetype import file_names
from civicmail.core.filetype.identify import identify
from civicmail.core.message import html_text, outlook_message, rtf
from civicmail.core.redaction import mail_reader, office_reader, page_reader, sheet_reader
from civicmail.core.redaction.service import ReadDocument, Reading
from civicmail.core.redaction.shapes import Document
from civicmail.core.redaction.words import text_document
from civicmail.core.sandbox import msg, ole, readers, word97
from civicmail.core.sandbox.errors import ENCRYPTED, TYPE_UNKNOWN, Unreadable
from civicmail.core.sandbox.extraction import Extraction
from civicmail.core.sandbox.text_files import decoded

TABLES = ("csv", "tsv")
MAIL = "message/rfc822"
ENDINGS = {MAIL: "eml", "text/html": "html", "text/csv": "csv", "text/tab-separated-values": "tsv"}
"""Media type of a part without a name -> the ending that its file would have."""
_MEDIA_TYPES = {ending: media_type for media_type, ending in ENDINGS.items()}


def read_document(content: bytes, request: ReadDocument) -> Reading:
    """Raises Unreadable."""
    end = file_names.read(request.filename).ending or ENDINGS.get(request.media_type, "")
    match _reading(content, end, request.media_type or _MEDIA_TYPES.get(end, "")):
        case "pdf" | "picture":
            return page_reader.read(content)
        case "letter":
            return Reading(mail_reader.read(content))
        case "html":
            return Reading(_page(decoded(content)))
        case "rtf":
            return Reading(text_document([rtf.text(content)]))
        case "zip":
            return Reading(office_reader.read(content))
        case "ole":
            return Reading(_old_office(content))
        case "text":
            text = decoded(content)
            return Reading(sheet_reader.read_csv(text, end) if end in TABLES else text_document([text]))
        case "empty":
            return Reading(text_document([]))
    raise Unreadable(TYPE_UNKNOWN)


def _reading(content: bytes, end: str, media_type: str) -> str:
    """How a file is read. A part that is sent as a message or a page is one, however it begins."""
    if media_type == MAIL:
        return "letter"
    reading = identify(content, end).reading
    return "html" if media_type == "text/html" and reading == "text" else reading


def _page(source: str) -> Document:
    page = html_text.read(source)
    hidden = ["text that the page hides, or that only some programs show"] if page.hidden or page.elsewhere else []
    return text_document([page.visible], hidden)


def _old_office(content: bytes) -> Document:
    with compound_file.opened(content) as file:
        if ole.is_sealed(file):
            raise Unreadable(ENCRYPTED)
        if file.exists("__properties_version1.0"):
            return mail_reader.read(outlook_message.message(msg.item(file)))
        if file.exists("WordDocument"):
            return text_document([word97.text(file)], ["properties of the file"])
        if file.exists("Workbook") or file.exists("Book"):
            return sheet_reader.read_old(content)
        if not file.exists("PowerPoint Document"):
            raise Unreadable(TYPE_UNKNOWN)
    out = _Texts()
    ole.read(content, Extraction(out, Budget(readers.limits(len(content)), readers.SECONDS), lambda _content, _case: None))
    return text_document(out.texts, ["properties of the file"])


class _Texts:
    """Output (core/sandbox/extraction.py) that keeps the text alone."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def text(self, text: str) -> None:
        self.texts.append(text)

    def picture(self, data: bytes) -> None:
        """Not text."""

    def unreadable(self, path: str, why: str) -> None:
        raise Unreadable(why)
