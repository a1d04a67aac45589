"""Words for kinds of files, marks, defects, and reasons why something could not be read."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from civicmail.core.message import defect_codes
from civicmail.core.sandbox import errors
from civicmail.desk.viewer.message_view import Shown
from civicmail.desk.viewer.runs import plain

KINDS: dict[str, Any] = {
    "pdf": "PDF",
    "word": gettext_lazy("Word document"),
    "excel": gettext_lazy("Excel workbook"),
    "powerpoint": gettext_lazy("PowerPoint slides"),
    "opendocument": gettext_lazy("OpenDocument file"),
    "oldword": gettext_lazy("Word document (97 to 2003)"),
    "oldexcel": gettext_lazy("Excel workbook (97 to 2003)"),
    "oldpowerpoint": gettext_lazy("PowerPoint slides (97 to 2003)"),
    "oldoffice": gettext_lazy("Office file (97 to 2003)"),
    "msg": gettext_lazy("Outlook message"),
    "rtf": gettext_lazy("Rich text"),
    "text": gettext_lazy("Text"),
    "html": "HTML",
    "xml": "XML",
    "svg": gettext_lazy("SVG drawing, which can hold a program"),
    "letter": gettext_lazy("E-mail message"),
    "calendar": gettext_lazy("Calendar entry"),
    "vcard": gettext_lazy("Contact"),
    "png": gettext_lazy("PNG picture"),
    "jpeg": gettext_lazy("JPEG picture"),
    "gif": gettext_lazy("GIF picture"),
    "webp": gettext_lazy("WebP picture"),
    "tiff": gettext_lazy("TIFF picture"),
    "bmp": gettext_lazy("BMP picture"),
    "heic": gettext_lazy("HEIC picture"),
    "icon": gettext_lazy("Icon"),
    "zip": gettext_lazy("ZIP archive"),
    "7z": gettext_lazy("7-Zip archive"),
    "tar": gettext_lazy("TAR archive"),
    "gzip": gettext_lazy("gzip archive"),
    "bzip2": gettext_lazy("bzip2 archive"),
    "xz": gettext_lazy("xz archive"),
    "zstd": gettext_lazy("Zstandard archive"),
    "archive": gettext_lazy("Archive file"),
    "winmail": gettext_lazy("Outlook’s winmail.dat"),
    "mailstore": gettext_lazy("Outlook data file"),
    "sound": gettext_lazy("Sound"),
    "film": gettext_lazy("Video"),
    "font": gettext_lazy("Font"),
    "program": gettext_lazy("Program"),
    "script": gettext_lazy("Script, which is a program"),
    "shortcut": gettext_lazy("Windows shortcut, which starts a program"),
    "help": gettext_lazy("Windows help file, which can hold a program"),
    "postscript": "PostScript",
    "database": gettext_lazy("Database"),
    "signature": gettext_lazy("Signature"),
    "certificate": gettext_lazy("Certificate or key"),
    "sealed": gettext_lazy("Encrypted file"),
    "empty": gettext_lazy("Empty file"),
    "unknown": gettext_lazy("File of an unknown kind"),
}
"""Word of core/filetype/types.py -> its name for people."""

MARKS: dict[str, Any] = {
    "poses": gettext_lazy("The sender’s name is written like an address, and it is not the address that this came from."),
    "lies": gettext_lazy("A link in it names one place and leads to another. The real destination is shown after it."),
    "sealed": gettext_lazy("A part of this message is encrypted, so it is not shown here. Its file can be downloaded."),
    "flattened": gettext_lazy("Its HTML is too large or too tangled to be checked, so only its words are shown."),
    "form": gettext_lazy("This message has a form. Forms are never shown here: nothing should be typed into a message."),
    "hidden": gettext_lazy("Words that the sender has hidden from readers are left out here."),
}

LOUD = frozenset(
    {
        defect_codes.CHARSET_UNKNOWN,
        defect_codes.CHARSET_WRONG,
        defect_codes.TEXT_UNREADABLE,
        defect_codes.ENCODING_UNKNOWN,
        defect_codes.BASE64_BROKEN,
        defect_codes.PARTS_LIMIT,
        defect_codes.NESTING_LIMIT,
        defect_codes.CHILD_LIMIT,
        defect_codes.DELIMITER_LIMIT,
        defect_codes.PARTIAL,
        defect_codes.SMIME_BROKEN,
        defect_codes.TNEF_BROKEN,
        defect_codes.BOUNDARY_UNCLOSED,
    }
)
"""Defects that may hide or change something; they are shown above the text."""

DEFECTS: dict[str, Any] = {
    defect_codes.HEADER_EMPTY: gettext_lazy("It has no header."),
    defect_codes.HEADER_MISSING: gettext_lazy("It does not begin with a header."),
    defect_codes.HEADER_LINE: gettext_lazy("A line of its header is not a field. It is shown at the end of the text."),
    defect_codes.HEADER_TOO_LARGE: gettext_lazy("Its header is too large to be read to the end."),
    defect_codes.HEADER_TOO_MANY: gettext_lazy("Its header has too many fields to be read to the end."),
    defect_codes.SEPARATOR_MISSING: gettext_lazy("There is no empty line between header and text."),
    defect_codes.MBOX_FROM_LINE: gettext_lazy("It begins with a line of a mail program’s storage."),
    defect_codes.LEADING_BLANK: gettext_lazy("There are empty lines before its header."),
    defect_codes.BYTE_ORDER_MARK: gettext_lazy("It begins with a mark of text files."),
    defect_codes.HEADER_8BIT: gettext_lazy("Its header has letters in a character set that it does not name."),
    defect_codes.HEADER_NUL: gettext_lazy("Its header has a zero byte."),
    defect_codes.DUPLICATE_HEADER: gettext_lazy("A field that may appear only once appears several times."),
    defect_codes.BARE_CR: gettext_lazy("Some of its lines end in a way that programs read differently."),
    defect_codes.LINE_ENDINGS_MIXED: gettext_lazy("Its lines end in different ways."),
    defect_codes.NUL: gettext_lazy("It has a zero byte."),
    defect_codes.LINE_TOO_LONG: gettext_lazy("A line is longer than mail allows."),
    defect_codes.BOUNDARY_MISSING: gettext_lazy("It says that it has parts, and they are not marked as it says."),
    defect_codes.BOUNDARY_UNCLOSED: gettext_lazy("Its last part has no end mark. The end of the message may be missing."),
    defect_codes.OUTSIDE_PARTS: gettext_lazy("It has words outside its parts. They are shown at the end of the text."),
    defect_codes.CONTENT_TYPE_BROKEN: gettext_lazy("It does not say properly what a part of it is."),
    defect_codes.ENCODING_UNKNOWN: gettext_lazy("A part has an unknown encoding and is shown unchanged."),
    defect_codes.BASE64_BROKEN: gettext_lazy("The coding of a part is damaged. Something of it may be missing."),
    defect_codes.UUENCODE_BROKEN: gettext_lazy("The coding of an old-fashioned file is damaged."),
    defect_codes.NESTING_LIMIT: gettext_lazy("Its parts lie inside each other too deeply to be opened to the last."),
    defect_codes.PARTS_LIMIT: gettext_lazy("It has more parts than are opened here."),
    defect_codes.DELIMITER_LIMIT: gettext_lazy("It has more boundaries between parts than can be checked here."),
    defect_codes.CHILD_LIMIT: gettext_lazy("The messages inside it are too large to be opened here."),
    defect_codes.TNEF_BROKEN: gettext_lazy("Its winmail.dat is damaged."),
    defect_codes.SMIME_ENCRYPTED: gettext_lazy("It is encrypted (S/MIME)."),
    defect_codes.SMIME_BROKEN: gettext_lazy("Its signature is damaged and cannot be opened."),
    defect_codes.OPENPGP_ENCRYPTED: gettext_lazy("It is encrypted (OpenPGP)."),
    defect_codes.RIGHTS_ENCRYPTED: gettext_lazy("It is encrypted by Microsoft’s rights management."),
    defect_codes.PARTIAL: gettext_lazy("It is only a piece of a message that was sent in pieces."),
    defect_codes.CHARSET_UNKNOWN: gettext_lazy("Its text names an unknown character set. Some letters may be wrong."),
    defect_codes.CHARSET_WRONG: gettext_lazy("Its text is not in the character set that it names. Some letters may be wrong."),
    defect_codes.CHARSET_MISSING: gettext_lazy("Its text does not say in which character set it is."),
    defect_codes.TEXT_UNREADABLE: gettext_lazy("Some of its text cannot be read; a mark replaces it."),
    defect_codes.HTML_FLATTENED: gettext_lazy("Its HTML is too large or too tangled to be checked."),
    defect_codes.ADDRESS_BROKEN: gettext_lazy("An address is not written as addresses are."),
    defect_codes.ADDRESS_LIMIT: gettext_lazy("It names more addresses than are read."),
    defect_codes.DATE_BROKEN: gettext_lazy("Its date cannot be read."),
    defect_codes.LINKS_LIMIT: gettext_lazy("It has more links than are counted."),
}

REASONS: dict[str, Any] = {
    errors.TOO_LONG: gettext_lazy("Reading it takes too long."),
    errors.TOO_MUCH_MEMORY: gettext_lazy("Reading it needs too much memory."),
    errors.CRASHED: gettext_lazy("It made the program that reads it stop."),
    errors.BUSY: gettext_lazy("Too much is being read at this moment; try again in a minute."),
}


def kind(word: str) -> str:
    return str(KINDS.get(word, KINDS["unknown"]))


def why(reason: str) -> str:
    """Why something could not be read."""
    return str(REASONS.get(reason, gettext("It is damaged.")))


def subject(shown: Shown) -> str:
    """The subject in one line of plain text."""
    return plain(shown.subject) or (gettext("A message that cannot be read here") if shown.failed else gettext("(no subject)"))


def loud(shown: Shown) -> list[str]:
    """Notes above the text."""
    warnings = [str(MARKS[mark]) for mark in shown.marks if mark in MARKS and mark != "hidden"]
    return warnings + [str(DEFECTS[code]) for code in shown.defects if code in LOUD]


def quiet(shown: Shown) -> list[str]:
    """Less important notes below it."""
    notes = [str(MARKS["hidden"])] if "hidden" in shown.marks else []
    return notes + [str(DEFECTS[code]) for code in shown.defects if code in DEFECTS and code not in LOUD]


def for_frame() -> dict[str, str]:
    """Words inserted into the sender's formatting (safe_html.py)."""
    return {
        "title": gettext("The message as it was sent"),
        "goes": gettext("goes to {host}"),
        "really": gettext("really goes to {host}"),
        "nowhere": gettext("this link cannot be opened"),
        "picture": gettext("picture, not loaded: {alt}"),
        "no_alt": gettext("picture, not loaded"),
    }
