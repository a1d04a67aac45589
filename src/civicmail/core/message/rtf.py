"""RTF of Outlook bodies: decompress it (MS-OXRTFCP), and convert it to text or to the HTML inside it (MS-OXRTFEX).

Pure, never raises, and linear: each token of the source is read once.
"""

from __future__ import annotations

import re

from civicmail.core.message import limits, mapi

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArial"
    rb"Times New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_SKIPPED = frozenset({
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"themedata", b"datastore",
    b"colorschememapping", b"latentstyles", b"listtable", b"listoverridetable", b"rsidtbl", b"generator", b"xmlnstbl", b"fldinst",
    b"filetbl", b"revtbl", b"mmathPr", b"bkmkstart", b"bkmkend",
})  # fmt: skip
_SIGNS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t", b"emdash": "\u2014",
    b"endash": "\u2013", b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d",
    b"bullet": "\u2022", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_FROM_TEXT = re.compile(rb"\\fromtext\b")
_FROM_HTML = re.compile(rb"\\fromhtml1?\b")
_CHARSETS = {0: 1252, 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256,
             186: 1257, 204: 1251, 222: 874, 238: 1250}  # fmt: skip
_FONT = re.compile(rb"\\f(\d{1,5})\b[^{};]{0,200}?\\fcharset(\d{1,3})")


def decompress(data: bytes) -> bytes:
    """Decompress RTF (LZFu), or return uncompressed RTF (MELA). Of damaged data, the bytes before the damage."""
    if len(data) < 16:
        return b""
    size = min(int.from_bytes(data[4:8], "little"), limits.RTF_BYTES)
    if data[8:12] == b"MELA":
        return data[16 : 16 + size]
    if data[8:12] != b"LZFu":
        return b""
    window = bytearray(4096)
    window[: len(_DICTIONARY)] = _DICTIONARY
    out = bytearray()
    at, write, end = 16, len(_DICTIONARY), len(data)
    while at < end and len(out) < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if at >= end or len(out) >= size:
                break
            if not control >> bit & 1:
                window[write] = data[at]
                out.append(data[at])
                write = write + 1 & 4095
                at += 1
                continue
            token = int.from_bytes(data[at : at + 2], "big")
            at += 2
            offset = token >> 4
            if offset == write:
                return bytes(out)
            for _ in range((token & 15) + 2):
                byte = window[offset]
                window[write] = byte
                out.append(byte)
                offset, write = offset + 1 & 4095, write + 1 & 4095
    return bytes(out[:size])


def is_html(source: bytes) -> bool:
    """Whether the RTF was made from HTML, which html() extracts."""
    return _FROM_HTML.search(source, 0, 512) is not None


def is_text(source: bytes) -> bool:
    """Whether the RTF was made from plain text and contains nothing more."""
    return _FROM_TEXT.search(source, 0, 512) is not None


def text(source: bytes) -> str:
    """The words of an RTF document."""
    return _Reading(source, html=False).run()


def html(source: bytes) -> str:
    """The HTML that an RTF document was made from."""
    return _Reading(source, html=True).run()


class _Reading:
    """State of one pass. A group has: skipped, inside an HTML tag, hidden from HTML, codec."""

    def __init__(self, source: bytes, *, html: bool) -> None:
        self._source = source[: limits.RTF_BYTES]
        self._html = html
        page = re.search(rb"\\ansicpg(\d{1,5})", self._source[:1024])
        self._codec = mapi.codec_of(int(page[1])) if page else "cp1252"
        self._fonts = {int(f): mapi.codec_of(_CHARSETS[int(c)]) for f, c in _FONT.findall(self._source) if int(c) in _CHARSETS}
        self._out: list[str] = []
        self._bytes = bytearray()
        self._state = (False, False, False, self._codec)
        self._stack: list[tuple[bool, bool, bool, str]] = []
        self._skip_chars = 0
        self._unicode_skip = 1

    def run(self) -> str:
        star = False
        for match in _TOKEN.finditer(self._source):
            word, argument, hexadecimal, sign, brace, plain = match.groups()
            if brace == b"{":
                self._flush()
                if len(self._stack) < limits.RTF_DEPTH:
                    self._stack.append(self._state)
            elif brace == b"}":
                self._flush()
                if self._stack:
                    self._state = self._stack.pop()
            elif word:
                self._word(word, argument, star)
            elif hexadecimal:
                self._put(bytes.fromhex(hexadecimal.decode()))
            elif sign:
                self._sign(sign)
            elif plain:
                self._put(plain)
            star = sign == b"*"
        self._flush()
        return "".join(self._out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _word(self, word: bytes, argument: bytes | None, star: bool) -> None:
        skipped, tag, hidden, codec = self._state
        if word == b"htmltag" and self._html:
            self._set(False, True, False, codec)
        elif word in _SKIPPED or (star and word != b"shpinst"):
            self._set(True, tag, hidden, codec)
        elif word == b"htmlrtf":
            if self._html:
                self._set(skipped, tag, argument != b"0", codec)
        elif word == b"f" and argument and not skipped:
            self._set(skipped, tag, hidden, self._fonts.get(int(argument), self._codec))
        elif word == b"uc" and argument:
            self._unicode_skip = max(0, min(4, int(argument)))
        elif word == b"u" and argument:
            self._flush()
            if not skipped and not hidden:
                self._out.append(chr(int(argument) & 0xFFFF))
            self._skip_chars = self._unicode_skip
        elif word in _SIGNS and not (self._html and tag):
            self._text(_SIGNS[word])

    def _sign(self, sign: bytes) -> None:
        if sign in b"\\{}":
            self._put(sign)
        elif sign == b"~":
            self._text("\u00a0")
        elif sign == b"_":
            self._text("-")
        elif sign in (b"\n", b"\r"):
            self._text("\n")

    def _put(self, data: bytes) -> None:
        if self._skip_chars:
            dropped = min(self._skip_chars, len(data))
            self._skip_chars -= dropped
            data = data[dropped:]
        if not self._state[0] and not self._state[2]:
            self._bytes += data

    def _text(self, text: str) -> None:
        self._flush()
        if not self._state[0] and not self._state[2]:
            self._out.append(text)

    def _set(self, skipped: bool, tag: bool, hidden: bool, codec: str) -> None:
        if (skipped, tag, hidden, codec) != self._state:
            self._flush()
            self._state = (skipped, tag, hidden, codec)

    def _flush(self) -> None:
        if self._bytes:
            self._out.append(self._bytes.decode(self._state[3], "replace"))
            self._bytes.clear()
