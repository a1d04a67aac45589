"""Scan PDF files for actions on opening and for embedded content (ISO 32000-2): scripts, launched programs, attached files.

Dictionaries are read outside of streams and in object streams; names may be spelled with #xx. Scripts of form fields (formatting,
sums) run while somebody fills in the form: they are reported, and not suspicious.
"""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from itertools import islice
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from civicmail.core.archives.errors import DAMAGED, ENCRYPTED, Unreadable
from civicmail.core.filetype import file_names
from civicmail.core.filetype.file_names import ACTIVE, PROGRAMS
from civicmail.mail.screening import filelinks, suspicious_files
from civicmail.mail.screening.file_scan import FileScan, Item

MAX_OBJECTS = 32 << 20
"""Bytes to which all object streams of a file may expand."""
_MAX_STREAM = 8 << 20
_MAX_STREAMS = 200_000
_MAX_FILES = 200
_OPENINGS, _ADDITIONS = 10, 5_000
_ESCAPES = 100_000
"""Escapes (#xx) in names; fonts have hundreds."""
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")
_COUNT, _FIRST = re.compile(rb"/N\s+(\d{1,9})"), re.compile(rb"/First\s+(\d{1,9})")
_OBJECTS_LISTED, _DIGITS = 100_000, 10
_FILTER = re.compile(rb"/Filter\s*((?:\[[^\]]{0,200}\])|/\w+)")
_FLATE = re.compile(rb"\[?\s*/(?:FlateDecode|Fl)\s*\]?")
_ENCRYPT = re.compile(rb"/Encrypt\s+(?:\d+\s+\d+\s+R|<<)")
_SCRIPT = re.compile(rb"/S\s*/JavaScript\b|/JS\s*[(<]|/JS\s+\d+\s+\d+\s+R")
_WINDOWS = re.compile(rb"/Win\s*<<")
_TARGET = re.compile(rb"/U?F\s*(?:\(((?:[^()\\]|\\.){1,400}+)\)|<([0-9A-Fa-f\s]{2,800}+)>)", re.DOTALL)
_OCTAL = re.compile(rb"\\([0-7]{1,3})")
_NAMED = re.compile(rb"/JavaScript\s*(?:<<|\d+\s+\d+\s+R|\[)")
_LAUNCH = re.compile(rb"/S\s*/Launch\b")
_OPENS = re.compile(rb"/OpenAction\s*(?:(<<)|(\d{1,10})\s+(\d{1,5})\s+R)")
_ADDITIONAL = re.compile(rb"/AA\s*<<")
_TOKEN = re.compile(rb"<<|>>|/(\w+)")
_AUTOMATIC_KEYS = frozenset({b"O", b"PO", b"PV", b"WC", b"WS", b"DS", b"WP", b"DP"})
"""Additional actions (12.6.3) that need no typing; C is also a field's calculation."""
_NEAR, _MAX_ACTION = 400, 2_000  # bytes of one dictionary that are looked at
_SENDS = re.compile(rb"/S\s*/(?:SubmitForm|ImportData|GoToE|Rendition)\b")
_RICH = re.compile(rb"/Subtype\s*/(?:RichMedia|Flash|3D)\b|/RichMedia\b")
_XFA = re.compile(rb"/XFA\s*[\[\d]")


def find(item: Item, scan: FileScan) -> str:
    """Scan the file. Raises Spent."""
    scan.guarded(item, lambda: _inside(item, scan), None)
    return "pdf"


def _inside(item: Item, scan: FileScan) -> None:
    content = item.content
    scan.allowance.member(item.depth)
    carries = b"Encrypt" in content or b"EmbeddedFile" in content or b"ObjStm" in content or b"Filespec" in content
    if carries and _ENCRYPT.search(content):
        content = _unlocked(content)
    dictionaries = b"\n".join(_dictionaries(content, item, scan))
    if dictionaries.count(b"#") > _ESCAPES:
        scan.note(item, "pdf-hidden", "active", sure=60, mask="names")
    elif b"#" in dictionaries:
        dictionaries = _plain(dictionaries)
    _actions(dictionaries, item, scan)
    filelinks.pdf(dictionaries, item, scan)
    if b"/EmbeddedFile" in dictionaries or b"/Filespec" in dictionaries:
        _files(content, item, scan)


def _dictionaries(content: bytes, item: Item, scan: FileScan) -> Iterator[bytes]:
    """Everything outside of streams, and the contents of object streams."""
    at, left = 0, MAX_OBJECTS
    for _ in range(_MAX_STREAMS):
        scan.allowance.tick()
        begins = _STREAM.search(content, at)
        if begins is None:
            break
        outside = content[at : begins.start()]
        yield outside
        ends = content.find(b"endstream", begins.end())
        ends = len(content) if ends < 0 else ends
        head = outside[-2048:]
        if b"ObjStm" in head or b"#" in head:
            about = _plain(head).rpartition(b" obj")[2]
            if _OBJECT_STREAM.search(about):
                inside = _expanded(content[begins.end() : ends], about) if left > 0 else None
                left -= len(inside or b"")
                if inside is None:
                    scan.note(item, "pdf-hidden", "active", sure=60, mask="objects")
                yield _marked(inside or b"", about)
        at = ends
    yield content[at:]


def _expanded(data: bytes, about: bytes) -> bytes | None:
    """An object stream; None for an unusual filter."""
    filters = _FILTER.search(about)
    if filters is None:
        return data
    if not _FLATE.fullmatch(filters[1]) or b"/Predictor" in about:
        return None
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(data, _MAX_STREAM)
    return b""


def _marked(inside: bytes, about: bytes) -> bytes:
    """The objects of an object stream as separate objects (7.5.7); unchanged if its index is invalid."""
    count, first = _COUNT.search(about), _FIRST.search(about)
    if count is None or first is None:
        return inside
    start = int(first[1])
    numbers = inside[:start].split()[: 2 * min(int(count[1]), _OBJECTS_LISTED)]
    if len(numbers) % 2 or not all(number.isdigit() and len(number) < _DIGITS for number in numbers):
        return inside
    places = [start + int(place) for place in numbers[1::2]]
    if places != sorted(places):  # or a list of a hundred thousand times the whole
        return inside
    ends = [*places[1:], len(inside)]
    pairs = zip(numbers[::2], places, ends, strict=True)
    return b"\n".join([b"%s 0 obj %s endobj" % (number, inside[place:end]) for number, place, end in pairs])


def _plain(text: bytes) -> bytes:
    """Decode the #xx escapes of names."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), text)


def _actions(dictionaries: bytes, item: Item, scan: FileScan) -> None:
    if _LAUNCH.search(dictionaries):
        program = _WINDOWS.search(dictionaries) is not None or _launches(dictionaries)
        scan.note(item, "pdf-launch", "active" if program else "", sure=95 if program else 40)
    if _RICH.search(dictionaries):
        scan.note(item, "pdf-media", "active", sure=60)
    script = _SCRIPT.search(dictionaries) is not None
    if script and (_NAMED.search(dictionaries) or _opens_script(dictionaries)):
        scan.note(item, "pdf-script", "active", sure=90)
    elif script and _page_scripts(dictionaries):
        scan.note(item, "pdf-script", "active", sure=70, mask="page")
    elif script:
        scan.note(item, "pdf-form-script", sure=20)
    if _SENDS.search(dictionaries):
        scan.note(item, "pdf-sends", sure=30)
    if _XFA.search(dictionaries):
        scan.note(item, "pdf-xfa", sure=20)


def _launches(dictionaries: bytes) -> bool:
    """Whether a launched file is a program, or no name can be read."""
    names = [match[1] or _unhexed(match[2]) for match in islice(_TARGET.finditer(dictionaries), _ADDITIONS)]
    return not names or any(_starts(name) for name in names)


def _unhexed(digits: bytes) -> bytes:
    plain = b"".join(digits.split())
    return bytes.fromhex(plain[: len(plain) & ~1].decode())


def _starts(name: bytes) -> bool:
    """Whether the named file is a program. name: a literal string (7.3.4.2)."""
    plain = _OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), name).replace(b"\0", b"").replace(b"\\", b"")
    ending = file_names.read(plain.decode("latin-1")).ending
    return ending in PROGRAMS or ending in ACTIVE


def _opens_script(dictionaries: bytes) -> bool:
    """Whether opening the document runs a script. Most documents only set a page to show."""
    for match in islice(_OPENS.finditer(dictionaries), _OPENINGS):
        if match[1]:
            actions = [dictionaries[match.end() : match.end() + _MAX_ACTION].partition(b">>")[0]]
        else:
            heads = re.finditer(rb"(?<!\d)%s\s+%s\s+obj" % (match[2], match[3]), dictionaries)
            actions = [dictionaries[h.end() : h.end() + _MAX_ACTION].partition(b"endobj")[0] for h in islice(heads, _OPENINGS)]
            if not actions:  # an object of an object stream has no mark of its own
                return True
        if any(_SCRIPT.search(action) or b"/JavaScript" in action for action in actions):
            return True
    return False


def _page_scripts(dictionaries: bytes) -> bool:
    """Whether showing, closing or printing a page runs an action."""
    return any(
        _AUTOMATIC_KEYS & _keys(dictionaries, match.end()) for match in islice(_ADDITIONAL.finditer(dictionaries), _ADDITIONS)
    )


def _keys(dictionaries: bytes, at: int) -> set[bytes]:
    """The names in the dictionary that begins there, without those of nested dictionaries."""
    depth, keys = 1, set()
    for token in _TOKEN.finditer(dictionaries, at, at + _NEAR):
        depth += {b"<<": 1, b">>": -1}.get(token[0], 0)
        if depth == 0:
            break
        if depth == 1 and token[1]:
            keys.add(token[1])
    return keys


def _unlocked(content: bytes) -> bytes:
    """The file without its encryption, if it opens without a password. Raises Unreadable."""
    document = _opened(content)
    with document:
        out = BytesIO()
        document.save(out, flags=pdfium.FPDF_REMOVE_SECURITY)
        return out.getvalue()


def _opened(content: bytes) -> Any:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", 0)
        raise Unreadable(ENCRYPTED if code in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY} else DAMAGED) from None


def _files(content: bytes, item: Item, scan: FileScan) -> None:
    """Scan embedded files like attachments; one that is no plain document is suspicious."""
    with _opened(content) as document:
        for n in range(min(document.count_attachments(), _MAX_FILES)):
            file = document.get_attachment(n)
            try:
                size = ctypes.c_ulong()
                pdfium.FPDFAttachment_GetFile(file.raw, None, 0, ctypes.byref(size))
                scan.allowance.expand(size.value)
                name, data = file.get_name(), bytes(file.get_data())
            except pypdfium2.PdfiumError:
                continue
            scan.allowance.member(item.depth + 1)
            scan.inside(item.member(name, data), scan)
            harmful = suspicious_files.is_harmful(name, data)
            scan.note(item, "pdf-file", "active" if harmful else "", sure=80 if harmful else 20)
