"""What HTML, appointments and visiting cards carry in themselves is a part like any other attachment (P-19, P-22, P-25)."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.message import calendar_files, data_uris, defect_codes, limits, message_parser
from civicmail.core.message.model import ParsedMessage

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" * 10
B = b64encode(PDF).decode()
URI = f"data:application/pdf;base64,{B}"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x40\x08\x06\x00\x00\x00" + b"\0" * 90
SPACER = PNG.replace(b"\0\0\0\x40\0\0\0\x40", b"\0\0\0\x01\0\0\0\x01")


def page(html: str, charset: str = "utf-8") -> ParsedMessage:
    head = f"Subject: s\r\nContent-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    return message_parser.parse(head + b64encode(html.encode(charset)))


def data(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


@pytest.mark.rule(
    "P-19, P-22, P-25",
    "A file that HTML carries in itself is an attachment like any other, however its address is written, and so is one in "
    "a page in it.",
)
@pytest.mark.parametrize(
    "html",
    [
        f'<a href="{URI}">plan</a>',
        f"<object data={URI} width=3></object>",
        f"<iframe src='{URI}'></iframe>",
        f'<p style="background:url({URI})">',
        f'<p style="background:url(&quot;{URI}&quot;) no-repeat">',
        f"<style>p {{ background: url( '{URI}' ) }}</style>",
        f'<img srcset="{URI} 1x, cid:a 2x">',
        f"<iframe srcdoc='<embed src=\"{URI}\">'></iframe>",
        f'<script>a.href = "{URI}"; a.click()</script>',
        f'<a href="{URI[:2]}\n{URI[2:60]}\r\n\t{URI[60:]}">plan</a>',
        f'<a href="d&#97;ta&colon;{URI[5:]}">plan</a>',
        f'<a href="&#x44;ATA:{URI[5:]}">plan</a>',
        f'<a href="{URI.replace("+", "%2B").replace("=", "%3D")}">plan</a>',
        f'<meta http-equiv=refresh content="0;url={URI}">',
        f"<!-- {URI} -->",
    ],
)
def test_a_file_that_html_carries_is_an_attachment_however_it_is_written(html: str) -> None:
    one = page(html)
    assert [(a.path, a.content_type, a.content) for a in one.attachments] == [("1.1", "application/pdf", PDF)]
    assert [a.content for a in page(html, "utf-16").attachments] == [PDF], "two bytes a letter"


def test_a_file_in_html_has_the_name_by_which_it_is_saved() -> None:
    assert [a.filename for a in page(f'<a download="plan.pdf" href="{URI}">x</a>').attachments] == ["plan.pdf"]
    assert [a.filename for a in page(f"<a href='{URI}' download=b.pdf>x</a>").attachments] == ["b.pdf"]
    assert [a.filename for a in page(f"<a href='data:application/pdf;name=c%20d.pdf;base64,{B}'>x</a>").attachments] == ["c d.pdf"]


@pytest.mark.rule("P-22", "An icon that HTML carries is no attachment, and the same file twice is one.")
def test_the_same_address_twice_is_one_file_and_icons_are_none() -> None:
    """What a newsletter repeats is no list of files."""
    assert len(page(f'<a href="{URI}">a</a><a href="{URI}">b</a>').attachments) == 1
    spacers = "".join(f'<img src="{data(SPACER + bytes([n]), "image/png")}">' for n in range(50))
    assert page(spacers).attachments == ()
    assert [a.content for a in page(f'<img src="{data(PNG, "image/png")}">').attachments] == [PNG], "large enough for a code"
    assert page("Data: 12, data:, data: x, <a href='data:,'>y</a> metadata:text/plain,z").attachments == ()


def test_a_page_in_a_page_is_read_with_its_words_and_files() -> None:
    """Its words are found, and what lies in it."""
    inner = f'<p>marzipan</p><a href="{URI}">x</a>'
    raw = f"Content-Type: text/html\r\n\r\n<iframe src='{data(inner.encode(), 'text/html')}'>".encode()
    assert [(a.path, a.content_type) for a in message_parser.parse(raw).attachments] == [
        ("1.1", "text/html"),
        ("1.1.1", "application/pdf"),
    ]
    assert "marzipan" in message_parser.fields(raw).attached_text
    for _ in range(10):
        inner = f"<iframe src='{data(inner.encode(), 'text/html')}'>"
    assert len(page(inner).attachments) == 3


def test_a_message_in_html_is_a_message() -> None:
    inner = b"Subject: inner\r\n\r\nquicksilver"
    one = page(f'<a href="{data(inner, "message/rfc822")}">x</a>')
    assert [child.subject for child in one.children] == ["inner"]


@pytest.mark.rule("P-24", "Reading what HTML carries ends at a limit and takes time linear in its size.")
def test_many_addresses_end_at_a_limit_and_are_no_work() -> None:
    many = "".join(f"<a href='data:text/plain,{n:05}'>x</a>" for n in range(limits.DERIVED + 500))
    assert len(page(many).attachments) == limits.DERIVED
    for hostile in ("data:" * 200_000, "data:a/b" + ";" * 500_000, "&#100;" * 200_000, "data:a/b;base64," * 60_000):
        started = time.process_time()
        page(f"<a href='{hostile}'>")
        assert time.process_time() - started < 3, hostile[:20]
    large = b64encode(b"A" * (limits.CHILD_BYTES_FLOOR + 1)).decode()
    inside = f"<a href='data:application/zip;base64,{large}'>"
    assert len(page(inside).attachments) == 1, "what came as text fits"


@given(st.binary(max_size=300), st.sampled_from(["", ";base64", ";charset=utf-16;base64", ";;;"]))
def test_any_bytes_behind_an_address_are_read(payload: bytes, parameters: str) -> None:
    data_uris.read(b"<a href='data:text/html" + parameters.encode() + b"," + payload)
    calendar_files.read(b"NOTE" + parameters.encode() + b":" + payload)


CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Dana\r\n{}\r\nEND:VCARD\r\n"


def carrying(lines: str, kind: str = "text/vcard") -> ParsedMessage:
    return message_parser.parse(f"Content-Type: {kind}\r\nContent-Disposition: attachment\r\n\r\n{CARD.format(lines)}".encode())


@pytest.mark.rule(
    "P-19, P-22, P-25",
    "A file that a visiting card or an appointment carries in itself is an attachment like any other.",
)
@pytest.mark.parametrize(
    "line",
    [
        f"PHOTO;ENCODING=b;TYPE=JPEG:{B}",
        f"item1.KEY;ENCODING=BASE64:{B}",
        f"PHOTO;ENC\r\n ODING=b:{B[:70]}\r\n {B[70:]}",
        f"ATTACH;FMTTYPE=application/pdf;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=plan.pdf:{B}",
        f"LOGO:{URI}",
        f"X-ANY;VALUE=uri:{URI.replace(',', chr(92) + ',')}",
        f"NOTE:{B}",
        f"NOTE;CHARSET=UTF-8:{B[:100]}\\n{B[100:]}",
    ],
)
@pytest.mark.parametrize("kind", ["text/vcard", "text/calendar", "application/ics"])
def test_a_file_in_a_card_or_an_appointment_is_an_attachment(line: str, kind: str) -> None:
    found = [(one.path, one.filename, one.content) for one in carrying(line, kind).attachments]
    assert found[1:] == [("1.1", "plan.pdf" if "plan" in line else "", PDF)]


def test_words_and_keys_of_a_card_are_no_files() -> None:
    assert len(carrying("NOTE:" + "all in order " * 100).attachments) == 1
    assert len(carrying("UID:" + "A1b2" * 200).attachments) == 1, "long, and nothing that anybody could name"
    assert defect_codes.PARTS_LIMIT not in [d.code for d in carrying("NOTE:x").defects]
