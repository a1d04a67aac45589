"""RFC 2047 words, RFC 2231 parameters and charsets, right and wrong."""

from __future__ import annotations

import codecs
import encodings.aliases
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import charsets, encoded_words, limits, message_parser, parameters
from civicmail.core.message.charsets import Reading


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b" folded\r\n\tvalue \r\n", "folded\tvalue"),
        # the examples of RFC 2047 8
        (b"(=?ISO-8859-1?Q?a?=)", "(a)"),
        (b"(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        (b"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
        (b"(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        # characters split between words, words glued, language tags, unpadded base64
        (b"=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "caf\xe9"),
        (b"=?UTF-8?B?w6k?=", "\xe9"),
        (b"=?utf-8*en?q?=C3=A9?=", "\xe9"),
        (b"a=?utf-8?q?=C3=A9?=b", "a\xe9b"),
        (b"=?utf-8?q?with space?=", "with space"),
        (b"=?utf-8?q?what??=", "what?"),
        (b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\u65e5\u672c"),
        (b"=?unknown-thing?q?=E9?=", "\xe9"),
        (b"=?utf-8?x?a?= =?utf-8?q", "=?utf-8?x?a?= =?utf-8?q"),
        (b"caf\xc3\xa9", "caf\xe9"),
        (b"caf\xe9", "caf\xe9"),
        (b"caf\xe9 =?utf-8?q?=C3=A9?=", "caf\xe9 \xe9"),
        (b"=?iso-8859-1?q?caf\xe9?=", "caf\xe9"),
        (b"=?utf-8?q?caf\xc3\xa9?=", "caf\xe9"),
    ],
)
def test_a_header_value_becomes_text(raw: bytes, text: str) -> None:
    assert encoded_words.decode(raw) == text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=80))
def test_what_the_standard_library_encodes_comes_back(text: str) -> None:
    raw = Header(text, "utf-8").encode().encode("ascii")
    assert encoded_words.decode(raw) == text


@given(st.text("=?utfq8BQ_-a \xe9", max_size=60))
def test_any_text_is_decoded_without_an_error(text: str) -> None:
    encoded_words.decode(text.encode("utf-8"))


@pytest.mark.parametrize(
    ("raw", "value", "found"),
    [
        (b"text/plain", "text/plain", {}),
        (b"TEXT/Plain ; CharSet=\"utf-8\"", "text/plain", {"charset": "utf-8"}),
        (b"text/plain (comment); charset=us-ascii (Plain text)", "text/plain", {"charset": "us-ascii (Plain text)"}),
        (b"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20;"
         b" title*2=\"isn't it!\"", "application/x-stuff", {"title": "This is even more ***fun*** isn't it!"}),
        (b"message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/x\"", "message/external-body",
         {"access-type": "URL", "url": "ftp://cs.utk.edu/x"}),
        (b"a/b; name*=utf-8''%e2%82%ac%20rates", "a/b", {"name": "\u20ac rates"}),
        (b"a/b; name*1*=%ac.pdf; name*0*=utf-8''%e2%82", "a/b", {"name": "\u20ac.pdf"}),
        (b"a/b; name=\"=?utf-8?q?=E2=82=AC?=\"", "a/b", {"name": "\u20ac"}),
        (b"a/b; name=\"a\\\"b;c\"", "a/b", {"name": "a\"b;c"}),
        (b"a/b; name=\"C:\\dir\\file.txt\"", "a/b", {"name": "C:\\dir\\file.txt"}),
        (b"a/b; name=my file.pdf; size=3", "a/b", {"name": "my file.pdf", "size": "3"}),
        (b"text/plain charset=utf-8", "text/plain", {"charset": "utf-8"}),
        (b"text/plain; charset=utf-8 format=flowed", "text/plain", {"charset": "utf-8", "format": "flowed"}),
        (b"a/b; name=\"open", "a/b", {"name": "open"}),
        (b"a/b; name=\"caf\xc3\xa9\"", "a/b", {"name": "caf\xe9"}),
        (b"a/b; name=first; name=second", "a/b", {"name": "first"}),
        (b"charset=utf-8", "", {"charset": "utf-8"}),
        (b";;;", "", {}),
    ],
)  # fmt: skip
def test_a_value_and_its_parameters_are_read(raw: bytes, value: str, found: dict[str, str]) -> None:
    assert parameters.parse(raw) == (value, found)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_value(raw: bytes) -> None:
    value, found = parameters.parse(raw)
    assert value == value.lower() and all(name == name.lower() for name in found)


_RUSSIAN = "Уважаемые коллеги, напоминаем вам про завтрашнее заседание городского совета по вопросам бюджета. " * 2
_WESTERN = "Die Straße über die Brücke wird für Fußgänger geöffnet; das Café bleibt zunächst geschlossen. "


@pytest.mark.parametrize(
    ("data", "label", "text", "reading"),
    [
        (b"plain", "", "plain", Reading.DECLARED),
        ("é".encode(), "utf-8", "é", Reading.DECLARED),
        (b"\x93quoted\x94", "iso-8859-1", "\u201cquoted\u201d", Reading.DECLARED),
        ("é".encode(), "us-ascii", "é", Reading.MISSING_LABEL),
        ("é".encode(), "", "é", Reading.MISSING_LABEL),
        (_WESTERN.encode("cp1252"), "", _WESTERN, Reading.MISSING_LABEL),
        (_WESTERN.encode("cp1252"), "utf-8", _WESTERN, Reading.WRONG_LABEL),
        (_WESTERN.encode("cp1252"), "x-nobody-knows", _WESTERN, Reading.UNKNOWN_LABEL),
        (_RUSSIAN.encode("koi8-r"), "koi8-r", _RUSSIAN, Reading.DECLARED),
        (_RUSSIAN.encode("koi8-r"), "", _RUSSIAN, Reading.MISSING_LABEL),
        (_RUSSIAN.encode("cp1251"), "unknown-8bit", _RUSSIAN, Reading.MISSING_LABEL),
        ("中文".encode("gb18030"), "gb2312", "中文", Reading.DECLARED),
        ("日本".encode("iso-2022-jp"), "iso-2022-jp", "日本", Reading.DECLARED),
        ("日本".encode("iso-2022-jp"), "", "日本", Reading.DECLARED),
        ("한국".encode("cp949"), "ks_c_5601-1987", "한국", Reading.DECLARED),
        ("äöü".encode("utf-16"), "utf-16", "äöü", Reading.DECLARED),
        ("äöü".encode("utf-16"), "", "äöü", Reading.MISSING_LABEL),
        ("é".encode("utf-7"), "utf-7", "é", Reading.DECLARED),
        (("é" * 40).encode() + b"\xff", "utf-8", "é" * 40 + "\ufffd", Reading.UNREADABLE),
    ],
)  # fmt: skip
def test_bytes_with_a_right_wrong_or_absent_label_become_text(data: bytes, label: str, text: str, reading: Reading) -> None:
    found, how = charsets.decode(data, label, ask=charsets.detect)
    assert (found.removeprefix("\ufeff"), how) == (text, reading)


def test_an_unlabeled_header_is_read_like_the_text_below_it() -> None:
    raw = b"Subject: " + "Завтра".encode("koi8-r") + b"\n\n" + _RUSSIAN.encode("koi8-r")
    assert message_parser.fields(raw).subject == message_parser.parse(raw).subject == "Завтра"
    assert message_parser.fields(raw).text == _RUSSIAN


def test_an_unlabeled_header_over_plain_text_is_guessed_once() -> None:
    raw = b"Subject: " + _RUSSIAN.encode("koi8-r") + b"\nFrom: " + "Иван".encode("koi8-r") + b" <a@b.c>\n\nplain"
    assert message_parser.parse(raw).subject == _RUSSIAN.strip()
    assert message_parser.parse(raw).from_[0].display == "Иван"


def test_a_message_has_only_so_many_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(charsets, "detect", lambda data: asked.append(data) or "")
    part = b"--b\n\n" + bytes(range(128, 256)) * 3 + b"\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + part * (limits.GUESSES + 20)
    assert message_parser.fields(raw).text == message_parser.parse(raw).text
    assert len(asked) == 2 * limits.GUESSES


@pytest.mark.parametrize("label", ["hex", "base64", "rot13", "idna", "punycode", "unicode_escape", "undefined", "x" * 500, "../x"])
def test_a_codec_that_is_no_charset_is_not_used(label: str) -> None:
    assert charsets.codec(label) is None


_LABELS = ["", "utf-8", "utf-7", "utf-16", "gb2312", "iso-2022-jp", "hz", "latin1", "big5", "?"]


@given(st.binary(max_size=200), st.sampled_from(_LABELS))
def test_any_bytes_under_any_label_become_encodable_text(data: bytes, label: str) -> None:
    charsets.decode(data, label)[0].encode("utf-8")


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\0", b"\xc3\xa9", b"=?"]), max_size=12))
def test_ascii_becomes_text_as_any_other_value(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    assert encoded_words.text(raw) == encoded_words.unfold(raw).replace(b"\0", b"").decode("utf-8")


_NO_TEXT = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs", "oem"}


@pytest.mark.parametrize("name", sorted(set(encodings.aliases.aliases.values()) - _NO_TEXT))
def test_every_charset_of_the_library_is_known(name: str) -> None:
    assert charsets.codec(name) is not None
    assert codecs.lookup(charsets.codec(name) or "ascii")


@pytest.mark.parametrize("name", sorted(_NO_TEXT - {"mbcs", "oem"}))
def test_what_is_no_charset_is_not_known(name: str) -> None:
    assert charsets.codec(name) is None
