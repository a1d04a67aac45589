"""The check of a whole message: parts, files, masks, what could not be read (P-19)."""

from __future__ import annotations

import io
import random
import re
import time
import zipfile
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import message_parser
from civicmail.mail.screening.confidential import attachments, canonical, check, texts
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult, ContentCase
from core.sandbox.samples import docx, paragraph, zipped
from mail.screening.identifiers import KINDS

SSN = "512-34-5678"


def found(content: bytes | EmailMessage, *, inbound: bool = False, public: tuple[str, ...] = ()) -> CheckResult:
    raw = bytes(content)
    return check.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=inbound, public=tuple(public))))


def mail(text: str = "see the file", *files: tuple[str, bytes], html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@city.example", "papers"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


def sheet(*rows: tuple[str | int | None, ...]) -> bytes:
    """A spreadsheet whose empty cells are not in the file, as Excel writes them."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

    def cell(place: str, value: str | int) -> str:
        if isinstance(value, int):
            return f'<c r="{place}"><v>{value}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    lines = "".join(
        f'<row r="{n}">{"".join(cell(f"{chr(65 + c)}{n}", v) for c, v in enumerate(row) if v is not None)}</row>'
        for n, row in enumerate(rows, 1)
    )

    def relations(name: str, target: str) -> str:
        return f'<Relationships {package}><Relationship Id="r1" Type="{kind}/{name}" Target="{target}"/></Relationships>'

    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{kind}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": relations("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>",
        }
    )


def test_a_finding_says_where_and_never_what() -> None:
    """P-19, promise 4."""
    said = found(mail(f"Hello,\nit is {SSN}, thanks"))
    (finding,) = said.findings
    assert (finding.check, finding.code, finding.part, finding.offset, finding.length) == ("confidential", "ssn", "1", 13, 11)
    assert (finding.mask, finding.sure) == ("…78", 95)
    assert said.facts == {"confidential.high": ("ssn",), "confidential.count": 1}


@pytest.mark.rule("P-19, promise 4", "At most the last two characters of a confidential value are stored anywhere.")
@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_no_finding_and_no_fact_carries_a_value(kind: str, seed: int) -> None:
    """Of what is found at most the last two characters are in anything that is kept."""
    text = KINDS[kind](random.Random(seed)).text
    said = found(mail(f"Hello,\n{text}\nThanks"))
    assert said.findings
    assert all(len(finding.mask.removeprefix("…")) <= 2 for finding in said.findings)
    values = [word for word in text.split() if sum(map(str.isdigit, word)) > 2]
    assert all(word not in repr((finding.code, finding.mask)) for finding in said.findings for word in values)
    assert set(said.facts) <= {"confidential.high", "confidential.medium", "confidential.count"}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (mail("x", ("a.docx", docx(paragraph("her number", f" is {SSN}")))), "1.2"),
        (mail("x", ("a.csv", b"name,ssn\nAnn,512345678\n")), "1.2"),
        (mail("x", ("a.xlsx", sheet(("Name", "Phone", "SSN"), ("Ann", None, 51234567)))), "1.2"),
        (mail("x", ("a.zip", zipped({"in/a.txt": f"it is {SSN}"}))), "1.2"),
        (mail("x", html=f"<p>it is <b>512</b>-34-<i>5678</i></p>"), "1.2"),  # noqa: F541
        (mail("x", html=f'<p>x</p><p style="display:none">{SSN}</p>'), "1.2"),
    ],
    ids=["docx", "csv", "xlsx", "zip", "html", "hidden"],
)  # fmt: skip
def test_files_and_html_are_looked_into(content: EmailMessage, part: str) -> None:
    """Spreadsheets by their cells, so that a number stands under its heading though the cells before it are empty."""
    said = found(content)
    assert said.facts["confidential.high"] == ("ssn",)
    assert {finding.part for finding in said.findings} == {part}


def test_subject_and_attached_messages_are_looked_into() -> None:
    inner, outer = mail(f"it is {SSN}"), mail("look")
    inner.replace_header("Subject", "512-34-5679")
    outer.add_attachment(inner)
    assert {f.part for f in found(outer).findings} == {"1.2/1", "1.2/subject"}


def test_names_of_files_are_looked_at() -> None:
    said = found(mail("x", (f"Doe {SSN}.txt", b"nothing")))
    assert [(f.code, f.part, f.offset) for f in said.findings] == [("ssn", "1.2/name", 4)]


def test_files_from_outside_are_not_read_and_their_text_is() -> None:
    content = mail(f"it is {SSN}", ("a.csv", b"name,card\nAnn,4539148803436467\n"))
    assert found(content, inbound=True).facts["confidential.high"] == ("ssn",)
    assert found(content).facts["confidential.high"] == ("card", "ssn")


@pytest.mark.rule(
    "P-19, promise 6",
    "Text that was too large or took too long for the check of confidential information is reported, never ignored.",
)
def test_what_is_too_large_to_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never silently passed over."""
    monkeypatch.setattr(attachments, "BYTES", 1000)
    said = found(mail("x", ("a.txt", b"y" * 2000), ("b.csv", b"name,ssn\nAnn,512345678\n")))
    assert said.facts == {"confidential.unread": True, "confidential.high": ("ssn",), "confidential.count": 1}
    assert [(f.code, f.part) for f in said.findings] == [("ssn", "1.3"), ("unread", "1.2")]
    monkeypatch.setattr(attachments, "CHARACTERS", 10)
    assert found(mail("x", ("a.txt", b"y" * 20), ("b.txt", SSN.encode()))).facts == {"confidential.unread": True}


@pytest.mark.rule(
    "P-19",
    "The first five megabytes of any text are checked for confidential information, and a longer one is reported.",
)
@pytest.mark.parametrize("declared", ["text/csv", "application/octet-stream"])
def test_of_what_is_too_large_the_first_five_megabytes_are_read(declared: str) -> None:
    """A number is found in a table of six, and what is behind them is said."""
    rows = b"".join(b"Person %d,Street %d,some words\n" % (n, n) for n in range(180_000))
    assert len(rows) > 6_000_000
    for place, kinds in ((0, ("ssn",)), (5_000_000, ("ssn",)), (5_400_000, None)):
        at = rows.rindex(b"\n", 0, place + 1) + 1 if place else 0
        message = mail("see the table")
        maintype, subtype = declared.split("/")
        table = rows[:at] + f"her number, it is {SSN},x\n".encode() + rows[at:]
        message.add_attachment(table, maintype=maintype, subtype=subtype, filename="all.csv")
        facts = found(message).facts
        assert facts["confidential.unread"] is True
        assert facts.get("confidential.high") == kinds


@pytest.mark.rule("P-19, promise 6", "An unreadable file is reported as such, whatever the reason, unless it is encrypted.")
@pytest.mark.parametrize(
    ("name", "content", "unread"),
    [
        ("a.zip", zipped({"a.txt": "x" * 5000})[:-60], True),
        ("a.bin", bytes(range(256)) * 20, True),
        ("a.pdf", b"%PDF-1.4 cut short", True),
        ("a.txt", b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n", False),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + bytes(100), False),
        ("a.csv", b"name,town\nAnn,Madison\n", False),
    ],
    ids=["cut", "unknown", "damaged", "sealed", "film", "read"],
)  # fmt: skip
def test_what_could_not_be_read_is_said_whatever_the_reason(name: str, content: bytes, unread: bool) -> None:
    """But of what is sealed nobody can read anything, and sound and film have no words."""
    assert found(mail("x", (name, content))).facts.get("confidential.unread", False) is unread


@pytest.mark.rule("P-19", "A file is read as what it is, whatever it is declared as, and a spreadsheet beside its cells.")
def test_a_file_is_read_as_what_it_is() -> None:
    """Whatever it is declared as."""
    message = mail("x")
    message.add_attachment(docx(paragraph("her number", f" is {SSN}")), maintype="text", subtype="plain", filename="a.txt")
    assert found(message).facts.get("confidential.high") == ("ssn",)


@pytest.mark.rule("P-19, P-24", "Comments of HTML and hidden values of forms are checked.")
@pytest.mark.parametrize(
    "html",
    [
        f"<p>x</p><!-- it is {SSN} -->",
        f"<p>x</p><!-- <td>it is {SSN}</td>",
        f"<!--[if gte mso 9]><xml>{SSN}</xml><![endif]--><p>x</p><!--it is {SSN}-->",
        f'<p>x</p><form><input type="hidden" name="n" value="{SSN}"></form>',
    ],
)
def test_comments_and_hidden_values_are_looked_at(html: str) -> None:
    assert found(mail("x", html=html)).facts.get("confidential.high") == ("ssn",)
    assert found(mail("x", ("page.html", f"<html><body>{html}</body></html>".encode()))).facts.get("confidential.high") == ("ssn",)


def test_what_a_spreadsheet_has_beside_its_cells_is_looked_at() -> None:
    """P-19."""
    with zipfile.ZipFile(io.BytesIO(sheet(("Name",), ("Ann",)))) as book:
        members: dict[str, bytes | str] = {name: book.read(name) for name in book.namelist()}
    note = f"<comments><comment><text><t>her number is {SSN}</t></text></comment></comments>"
    assert found(mail("x", ("a.xlsx", zipped({**members, "xl/comments1.xml": note})))).facts.get("confidential.high") == ("ssn",)


@pytest.mark.rule("P-19, P-01", "Each detector checks the time limit inside a long text; its hits until then count.")
def test_each_detector_asks_the_time_inside_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found until then stays, and the text is one that was not read."""
    numbers = " ".join(f"{n % 899 + 1:03}-{n % 98 + 1:02}-{n % 9998 + 1:04}" for n in range(200_000))
    monkeypatch.setattr(check, "SECONDS", 0.05)
    began = time.process_time()
    facts = found(mail("x", ("a.txt", numbers.encode()))).facts
    assert facts.get("confidential.unread") is True
    assert time.process_time() - began < 1.5


def test_a_text_longer_than_is_looked_at_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-19, promise 6."""
    monkeypatch.setattr(canonical, "LONGEST", 100)
    assert found(mail("x" * 60 + "\n" + "y" * 60)).facts.get("confidential.unread") is True
    assert found(mail("x" * 60)).facts == {}


def test_time_that_runs_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-19, promise 6."""
    monkeypatch.setattr(check, "SECONDS", -1.0)
    assert found(mail(f"it is {SSN}")).facts == {"confidential.unread": True}


def test_many_values_are_counted_and_few_are_told() -> None:
    numbers = "\n".join(f"SSN 512-34-{n:04}" for n in range(1, 101))
    said = found(mail(f"{numbers}\n{numbers}"))
    assert said.facts["confidential.count"] == 100
    assert len(said.findings) == check.MAX_FINDINGS


def test_a_list_counts_its_people() -> None:
    """A rule about many of them must not be passed by a list of what is harmless alone."""
    rows = "\n".join(f"Person {chr(65 + n)},{1000 + n}" for n in range(20))
    said = found(mail("x", ("a.csv", f"Name,Last four\n{rows}\n".encode())))
    assert said.facts == {"confidential.high": ("bundle",), "confidential.count": 20}
    lines = "\n".join(f"Person {chr(65 + n)}, DOB 1/2/19{50 + n}" for n in range(12))
    assert found(mail(lines)).facts == {"confidential.high": ("bundle",), "confidential.count": 12}


def test_numbers_of_the_citys_own_that_anybody_may_know_are_nothing() -> None:
    text = "Pay by ACH: routing number 101205681, account number 912803456. Or 101205681 and account number 555803456."
    assert found(mail(text)).facts["confidential.count"] == 2
    assert found(mail(text), public=("101-205-681", "912 803 456")).facts["confidential.count"] == 1
    assert found(mail(text), public=("912803456",)).facts["confidential.count"] == 2


def test_several_texts_of_one_kind_have_their_own_parts() -> None:
    message = EmailMessage()
    message.set_content("first")
    message.add_attachment(f"it is {SSN}".encode(), maintype="text", subtype="plain", disposition="inline")
    assert {t.part for t in texts.read(message_parser.parse(bytes(message))).texts} == {"1.1", "1.2"}
    assert [f.part for f in found(message).findings] == ["1.2"]


@given(st.binary(max_size=400))
@settings(max_examples=50, deadline=None)
def test_no_bytes_break_it(noise: bytes) -> None:
    found(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        + noise
        + b"\r\n--b\r\nContent-Disposition: attachment\r\n\r\n"
        + noise
    )


@pytest.mark.corpora
def test_ordinary_mail_has_nothing_that_is_surely_confidential(corpora: Path) -> None:
    """A sample; the whole is `python -m bench confidential`."""
    ham = sorted((corpora / "spamassassin" / "easy_ham").iterdir())
    assert [p.name for p in islice(ham, 0, None, 8) if "confidential.high" in found(p.read_bytes()).facts] == []


@given(
    st.lists(
        st.sampled_from(["http", "Https", "ftp", "://", "www", "WWW", "cid", "CID", ":", ".", "a", " ", "_", "<", "\u00e4", "x1"]),
        max_size=12,
    )
)
def test_addresses_are_blanked_where_a_plain_pattern_finds_them(pieces: list[str]) -> None:
    slow = re.compile(r"(?:https?|ftp)://[^\s<>\"]+|\bwww\.[^\s<>\"]+|\bcid:[^\s<>\"]+", re.IGNORECASE)
    text = "".join(pieces)
    assert [m.span() for m in canonical._URL.finditer(text)] == [m.span() for m in slow.finditer(text)]
