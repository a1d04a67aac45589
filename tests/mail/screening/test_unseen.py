"""Whatever a program may show somebody is looked into alike, wherever it stands in a message; what nobody can look into is said to
be so (P-19, P-22, P-25, promise 6)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from civicmail.core.config.settings import Screening, Settings
from civicmail.core.message import limits, message_parser
from civicmail.core.message.model import AROUND, Envelope, Recipient
from civicmail.mail.screening import files, message_reader, outbound_files
from civicmail.mail.screening.allowance import Allowance
from civicmail.mail.screening.confidential import check as confidential
from civicmail.mail.screening.reader_request import ReadMessage, request_of
from civicmail.mail.screening.shapes import ContentCase, ExtractedMessage
from civicmail.mail.screening.use import words
from core.message.test_codes import apple, binhexed, in_base64, yencoded
from core.message.test_embedded import uuencoded
from mail.screening import filesamples as made

HEAD = b"From: a@out.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
ENVELOPE = Envelope("a@out.example", (Recipient("bob@city.example"),), 0)
CODED = base64.encodebytes(made.PROGRAM).replace(b"\n", b"\r\n")
FILE = b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + CODED
LARGE = FILE[: -len(CODED)] + base64.encodebytes(made.PROGRAM + bytes(300)).replace(b"\n", b"\r\n")
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n"
PARTS = b"--b\r\n\r\nwords\r\n--b--\r\n"
INNER = b"Content-Type: message/rfc822\r\n\r\n"
PIECE = b'Content-Type: message/partial; id="x"; number=1; total=2\r\n\r\n'

PLACES = {
    "around the parts": MIXED + b"\r\n" + uuencoded("a.png", made.PROGRAM) + PARTS,
    "behind them": MIXED + b"\r\n" + PARTS + yencoded("a.png", made.PROGRAM),
    "in a text, without its end": b"\r\nsee\r\n" + uuencoded("a.png", made.PROGRAM)[:200],
    "in yEnc": b"\r\nsee\r\n" + yencoded("a.png", made.PROGRAM),
    "in BinHex": b"\r\nsee\r\n" + binhexed("a.png", made.PROGRAM),
    "in the other uuencode": b"\r\nsee\r\n" + in_base64("a.png", made.PROGRAM),
    "pasted": b"\r\nsee\r\n" + base64.encodebytes(made.PROGRAM + bytes(300)).replace(b"\n", b"\r\n"),
    "behind the last mark": MIXED + b"\r\n" + PARTS + b"--b\r\n" + LARGE,
    "in a first piece": PIECE + FILE[:-30],
    "in parts that are coded": MIXED
    + b"Content-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(b"--b\r\n" + FILE + b"--b--\r\n"),
    "wrapped by a Mac": b"Content-Type: application/applefile\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(apple((3, b"a.png"), (1, made.PROGRAM))),
    "in a message of no known kind": b"Content-Type: message/x-anything\r\nContent-Transfer-Encoding: base64\r\n\r\n" + CODED,
    "forty letters deep": INNER * 40 + FILE,
    "deeper than letters are opened": INNER * (limits.DEPTH + 2) + FILE,
}


def seen(raw: bytes) -> ExtractedMessage:
    settings = Settings(screening=Screening(checks=[]))
    return message_reader.read(raw, request_of(settings, ENVELOPE, "mx", inbound=True, size=len(raw)))


@pytest.mark.rule("P-25", "A program is detected wherever a mail program may show it, also in an unopened message.")
@pytest.mark.parametrize("place", PLACES)
def test_a_program_is_seen_wherever_it_stands(place: str) -> None:
    found = files.scan_files(message_parser.parse(HEAD + PLACES[place]), Allowance())
    assert found.facts.get("files.executable") is True


@pytest.mark.rule(
    "P-25, promise 6",
    "A piece of a message, and one with more in it than is opened, counts as what cannot be screened.",
)
@pytest.mark.parametrize("place", ["in a first piece", "deeper than letters are opened"])
def test_what_nobody_can_look_into_whole_is_said_to_be_so(place: str) -> None:
    """Then the fail matrix says what becomes of it."""
    assert seen(HEAD + PLACES[place]).facts.get("unavailable") == ("read",)


def test_of_what_was_looked_into_whole_nothing_is_said() -> None:
    assert "unavailable" not in seen(HEAD + PLACES["forty letters deep"]).facts
    assert "unavailable" not in seen(HEAD + PLACES["around the parts"]).facts


def leaves(raw: bytes) -> list[str]:
    found = outbound_files.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=False)))
    return [row[0] for row in found.more.get(outbound_files.FILES, [])]


@pytest.mark.rule("P-22", "A message that is not opened leaves as a file.")
def test_what_was_not_opened_leaves_as_a_file() -> None:
    """So nobody hands on files by putting them deep enough."""
    text = b"Content-Type: text/plain\r\n\r\nwords\r\n"
    assert leaves(HEAD + INNER * 3 + text) == []
    assert len(leaves(HEAD + INNER * (limits.DEPTH + 2) + text)) == 1


def secret(raw: bytes) -> tuple[Any, ...]:
    case = ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=False))
    return tuple((f.code, f.part) for f in confidential.find(case).findings)


@pytest.mark.rule("P-19", "Confidential numbers are detected around the parts of a message and in nested messages.")
def test_a_number_is_found_around_the_parts_and_however_deep() -> None:
    """With the part that has it."""
    text = b"Subject: x\r\nFrom: a@city.example\r\n\r\nHer SSN is 512-34-5678.\r\n"
    around = HEAD + MIXED + b"\r\nHer SSN is 512-34-5678.\r\n" + PARTS
    assert ("ssn", AROUND) in secret(around)
    assert ("ssn", "1/1/1") in secret(HEAD + INNER * 2 + text)
    assert [code for code, _ in secret(HEAD + INNER * 12 + text)] == ["ssn"]


@pytest.mark.parametrize(
    "raw",
    [
        b"Comments: her SSN is 512-34-5678\r\n\r\nwords\r\n",
        b"Subject: her SSN is 512-34-5678\r\n\r\nwords\r\n",
        b"Content-Type: text/html\r\n\r\n<p>words</p><!--[if mso]><p>her SSN is 512-34-5678</p><![endif]-->\r\n",
        b"Content-Type: text/html\r\n\r\n<img alt='her SSN is 512-34-5678'>\r\n",
    ],
)
def test_a_number_is_found_where_only_some_programs_show_it(raw: bytes) -> None:
    """P-24, promise 8, P-25."""
    assert ("ssn", "elsewhere") in secret(HEAD + raw)


@pytest.mark.rule("P-10, P-12", "Text around the parts does not replace the HTML that is shown.")
def test_words_around_the_parts_do_not_stand_for_the_html_that_is_shown() -> None:
    page = b"--b\r\nContent-Type: text/html\r\n\r\n<p>please vote for me</p>\r\n--b--\r\n"
    said = [
        sorted(text.text for text in words.own(message_parser.parse(HEAD + MIXED + b"\r\n" + before + page)))
        for before in (b"", b"nothing of note\r\n")
    ]
    assert all(any("vote for me" in text for text in texts) for texts in said)
    assert any("nothing of note" in text for text in said[1])


@pytest.mark.rule("P-25", "A file is judged by each name that a program may read of it.")
def test_a_file_is_judged_by_each_name_that_a_program_may_read() -> None:
    for shown in ("filename*0=run.js; filename*2=.txt", "filename=run.js; filename*=utf-8''bill.txt"):
        head = f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; {shown}\r\n\r\n".encode()
        found = files.scan_files(message_parser.parse(HEAD + head + b"var x = 1;\r\n"), Allowance())
        assert found.facts.get("files.executable") is True, shown
