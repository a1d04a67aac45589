"""Decode text whose charset label may be wrong, unknown or absent.

Labels are read as browsers read them (WHATWG Encoding): latin-1 and us-ascii mean windows-1252, gb2312 means gb18030 and so on,
because the senders that write them do. Order for bytes that are not ASCII: the declared charset, utf-8, windows-1252 when the bytes
look like a European text, then a statistical guess over a short prefix.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache

from civicmail.core.message import limits


class Reading(IntEnum):
    """The certainty of a decoding: as declared; guessed; with replacement characters."""

    DECLARED = 0
    UNKNOWN_LABEL = 1
    WRONG_LABEL = 2
    MISSING_LABEL = 3
    UNREADABLE = 4


# The text codecs that the standard library has an alias for, and some that it only has; looking each up would import them all.
_TEXT_NAMES = (
    "ascii big5 big5hkscs cp037 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865"
    " cp866 cp869 cp874 cp932 cp949 cp950 cp273 cp424 cp437 cp500 cp1006 cp1026 cp1125 cp1140 cp1250 cp1251 cp1252 cp1253"
    " cp1254 cp1255 cp1256 cp1257 cp1258 euc_jis_2004 euc_jisx0213 euc_jp euc_kr gb18030 gb2312 gbk hp_roman8 hz iso2022_jp"
    " iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3 iso2022_jp_ext iso2022_kr iso8859_1 iso8859_2 iso8859_3"
    " iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15"
    " iso8859_16 johab koi8_r koi8_t koi8_u kz1048 mac_cyrillic mac_greek mac_iceland mac_latin2 mac_roman mac_turkish"
    " ptcp154 shift_jis shift_jis_2004 shift_jisx0213 tis_620 utf_7 utf_8 utf_8_sig utf_16 utf_16_be utf_16_le utf_32"
    " utf_32_be utf_32_le"
)
_TEXT_CODECS = frozenset(_TEXT_NAMES.split())
_SUPERSETS = {
    "ascii": "cp1252", "latin_1": "cp1252", "iso8859_1": "cp1252", "iso8859_9": "cp1254", "iso8859_11": "cp874",
    "tis_620": "cp874", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949", "johab": "johab",
    "shift_jis": "cp932", "big5": "cp950",
}  # fmt: skip
_EXTRA_LABELS = {
    "ks_c_5601_1987": "cp949", "ks_c_5601": "cp949", "x_sjis": "cp932", "x_euc_jp": "euc_jp", "x_gbk": "gb18030",
    "cn_gb": "gb18030", "x_cp1250": "cp1250", "x_cp1251": "cp1251", "x_cp1252": "cp1252", "unicode_1_1_utf_7": "utf_7",
    "unicode_1_1_utf_8": "utf_8", "utf8mb4": "utf_8", "x_utf_8": "utf_8", "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8", "x_mac_roman": "mac_roman", "macintosh": "mac_roman", "cp_850": "cp850",
    "x_windows_949": "cp949", "windows_936": "gb18030", "windows_949": "cp949", "windows_31j": "cp932", "dos_874": "cp874",
    "windows_874": "cp874", "utf_8_sig": "utf_8_sig", "x_big5": "cp950", "ansi_x3_4_1968": "cp1252", "koi8_r": "koi8_r",
    "koi8_u": "koi8_u", "x_iso_2022_jp": "iso2022_jp", "iso_2022_cn": "gb18030",
    "gb2312_charset": "gb18030", "chinesebig5": "cp950", "uft_8": "utf_8",
}  # fmt: skip
_NO_LABEL = frozenset({"", "unknown", "unknown_8bit", "x_unknown", "x_user_defined", "default", "default_charset", "none", "8bit", "binary", "us_ascii", "ascii", "autodetect"})  # fmt: skip  # noqa: E501
_NOT_ASCII = frozenset({"utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "utf_7", "hz", "cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"})  # fmt: skip  # noqa: E501
_SEPARATORS = str.maketrans("- .", "___")
_GUESSES = ["gb18030", "big5", "cp932", "euc_jp", "cp949", "koi8_r", "cp1251", "cp1253", "cp1255", "cp1256", "cp874", "cp1250", "cp1254", "cp866"]  # fmt: skip  # noqa: E501


def codec(label: str) -> str | None:
    """The Python codec for a charset label, "" for a label without meaning, None for an unknown one."""
    return _codec(label) if len(label) <= 64 and label.isascii() else None


def keeps_ascii(codec: str) -> bool:
    """Whether bytes below 0x80 mean ASCII; not in UTF-16, UTF-7 and EBCDIC."""
    return codec not in _NOT_ASCII


@lru_cache(maxsize=512)
def _codec(label: str) -> str | None:
    name = label.strip(" \t\"'").lower().partition("*")[0].removeprefix("charset=").translate(_SEPARATORS)
    if name in _NO_LABEL:
        return ""
    if name in _EXTRA_LABELS:
        return _EXTRA_LABELS[name]
    try:
        codec = codecs.lookup(name).name.replace("-", "_")
    except (LookupError, ValueError):
        return None
    if codec not in _TEXT_CODECS:
        return None
    return _SUPERSETS.get(codec, codec)


def detect(data: bytes) -> str:
    """A charset by the statistics of the first bytes, "" when they fit none. It takes milliseconds: callers count questions."""
    from charset_normalizer import from_bytes  # few messages need it, and each process that reads starts 10 ms sooner

    best = from_bytes(data[: limits.GUESS_BYTES], cp_isolation=_GUESSES, steps=3, chunk_size=512).best()
    return best.encoding if best is not None else ""


def _nobody(_data: bytes) -> str:
    return ""


def decode(data: bytes, label: str = "", hint: str = "", ask: Callable[[bytes], str] = _nobody) -> tuple[str, Reading]:
    """Text of the bytes and how it was decoded. Never raises. hint: a label from elsewhere in the message, tried after utf-8. ask:
    detects a charset as the last resort."""
    name = codec(label)
    if name not in _NOT_ASCII and data.isascii() and b"\x1b" not in data:
        return data.decode("ascii"), Reading.UNKNOWN_LABEL if name is None else Reading.DECLARED
    if name:
        text = _strict(data, name)
        if text is not None:
            return text, Reading.DECLARED
    elif name == "" and data.isascii():
        return data.decode("iso2022_jp", "replace") if b"\x1b$" in data else data.decode("ascii"), Reading.DECLARED
    reason = Reading.WRONG_LABEL if name else Reading.UNKNOWN_LABEL if name is None else Reading.MISSING_LABEL
    text = _strict(data, "utf_16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf_8")
    if text is not None:
        return text, reason
    return _guess(data, name or "", codec(hint) or "", reason, ask)


def _guess(data: bytes, name: str, hint: str, reason: Reading, ask: Callable[[bytes], str]) -> tuple[str, Reading]:
    if hint and hint != name:
        text = _strict(data, hint)
        if text is not None:
            return text, reason
    if name and _mostly_valid(data, name):
        return data.decode(name, "replace"), Reading.UNREADABLE
    if _mostly_valid(data, "utf_8"):
        return data.decode("utf_8", "replace"), Reading.UNREADABLE
    if european(data):
        text = _strict(data, "cp1252")
        if text is not None:
            return text, reason
    if guessed := ask(data):
        text = data.decode(guessed, "replace")
        return text, reason if "\ufffd" not in text else Reading.UNREADABLE
    text = _strict(data, "cp1252")
    return (text, reason) if text is not None else (data.decode("cp1252", "replace"), Reading.UNREADABLE)


def _strict(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError):
        if name != "cp1252":
            return None
        # Five bytes have no character in windows-1252; browsers read them as the control characters of latin-1.
        if len(data.translate(None, b"\x81\x8d\x8f\x90\x9d")) < len(data) - len(data) // 50:
            return None
        return data.decode("cp1252", "replace") if b"\0" in data else _latin_controls(data)
    if name in ("utf_7", "utf_16", "utf_16_le", "utf_16_be"):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _latin_controls(data: bytes) -> str:
    table = {code: chr(code) for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
    return codecs.charmap_decode(data, "strict", _CP1252 | table)[0]


_CP1252 = {code: bytes([code]).decode("cp1252", "replace") for code in range(256)}


def _mostly_valid(data: bytes, name: str) -> bool:
    """Whether a text is in this charset except for a few damaged characters (truncated, or with a foreign signature)."""
    prefix = data[: limits.GUESS_BYTES]
    high = len(prefix) - len(prefix.translate(None, _HIGH))
    return 0 < prefix.decode(name, "replace").count("\ufffd") * 20 <= high if high else True


_HIGH = bytes(range(128, 256))


def european(data: bytes) -> bool:
    """Whether bytes above 127 are the exception, as in Latin scripts; in Cyrillic or Chinese text they are the rule."""
    prefix = data[: limits.GUESS_BYTES]
    high = len(prefix) - len(prefix.translate(None, _HIGH))
    letters = sum(map(prefix.lower().count, (b"e", b"a", b"i", b"o", b"n", b"r", b"s", b"t")))
    return high * 2 <= letters
